// SPDX-License-Identifier: Apache-2.0
package import ChaosModel

/// The timeline as lines, each event once, for logs and pipes.
package struct PlainProgress: Sendable {
    private var seen: Set<String> = []
    private var latest: Timestamp?

    package init() {}

    /// Lines for the events that were not there before, in order of time. Much is known only later, outages and what
    /// was seen of the infrastructure above all: what is older than a line that was written comes indented, below a
    /// line that says so, so that whoever reads down the margin reads forward in time.
    package mutating func newLines(of run: Run) -> [StyledLine] {
        let fresh = newEvents(of: run).sorted { $0.at < $1.at }
        let known = latest
        let late = fresh.filter { event in known.map { event.at < $0 } ?? false }
        latest = [latest, fresh.last?.at].compactMap { $0 }.max()
        let heading = late.isEmpty ? [] : [StyledLine("known only now:")]
        return heading + late.map { StyledLine("  " + Self.text($0)) }
            + fresh.dropFirst(late.count).map(Self.line)
    }

    /// The events that were not there before, in the order of the run's timeline.
    mutating func newEvents(of run: Run) -> [TimelineEvent] {
        (run.status?.timeline ?? []).filter { event in
            let key = "\(event.at.nanosecondsSinceEpoch) \(event.type) \(event.subject ?? "") \(event.message)"
            return seen.insert(key).inserted
        }
    }

    /// `2026-11-24T05:36:04.123Z injected i-0abc: the instance is shutting down`
    static func line(_ event: TimelineEvent) -> StyledLine { StyledLine(text(event)) }

    private static func text(_ event: TimelineEvent) -> String {
        let subject = event.subject.map { " " + $0 } ?? ""
        return "\(Measures.moment(event.at)) \(event.type)\(subject): \(event.message)"
    }
}

// SPDX-License-Identifier: Apache-2.0
package import ChaosModel

/// The timeline as lines, each event once, for logs and pipes.
package struct PlainProgress: Sendable {
    private var seen: Set<String> = []

    package init() {}

    /// Lines for the events that were not there before, in the order of the run's timeline.
    package mutating func newLines(of run: Run) -> [StyledLine] { newEvents(of: run).map(Self.line) }

    /// The events that were not there before, in the order of the run's timeline.
    mutating func newEvents(of run: Run) -> [TimelineEvent] {
        (run.status?.timeline ?? []).filter { event in
            let key = "\(event.at.nanosecondsSinceEpoch) \(event.type) \(event.subject ?? "") \(event.message)"
            return seen.insert(key).inserted
        }
    }

    /// `2026-11-24T05:36:04.123Z injected i-0abc: the instance is shutting down`
    static func line(_ event: TimelineEvent) -> StyledLine {
        let subject = event.subject.map { " " + $0 } ?? ""
        return StyledLine("\(Measures.moment(event.at)) \(event.type)\(subject): \(event.message)")
    }
}

// SPDX-License-Identifier: Apache-2.0
package import ChaosModel

/// The timeline as lines, each event once, for logs and pipes.
package struct PlainProgress: Sendable {
    private var seen: Set<String> = []

    package init() {}

    /// Lines for the events that were not there before, in the order of the run's timeline.
    package mutating func newLines(of run: Run) -> [StyledLine] {
        (run.status?.timeline ?? []).compactMap { event in
            let key = "\(event.at.nanosecondsSinceEpoch) \(event.type) \(event.subject ?? "") \(event.message)"
            guard seen.insert(key).inserted else { return nil }
            let subject = event.subject.map { " " + $0 } ?? ""
            return StyledLine("\(Measures.moment(event.at)) \(event.type)\(subject): \(event.message)")
        }
    }
}

// SPDX-License-Identifier: Apache-2.0

/// How far a time zone's clocks are from UTC at any time: the transitions of a TZif file (RFC 9636), and after the last
/// of them the rule in its footer. Pure; the file is read by the caller, from `/usr/share/zoneinfo` and the zone's
/// name.
package struct ZoneRules: Sendable, Equatable {
    struct Transition: Sendable, Equatable {
        var at: Int64
        var offset: Int64
    }

    /// Which instants a local date and time stand for.
    package enum LocalTime: Sendable, Equatable {
        case once(Int64)
        /// The clocks were set back: it occurs twice.
        case twice(first: Int64, second: Int64)
        /// The clocks were set forward over it; the instant at which they were.
        case missing(resumesAt: Int64)
    }

    private let initialOffset: Int64
    private let transitions: [Transition]
    private let rule: DaylightRule?

    init(initialOffset: Int64, transitions: [Transition], rule: DaylightRule?) {
        self.initialOffset = initialOffset
        self.transitions = transitions
        self.rule = rule
    }

    /// Seconds east of UTC at this many seconds after 1970.
    package func offset(at second: Int64) -> Int64 {
        guard let last = transitions.last else { return rule?.offset(at: second) ?? initialOffset }
        if second >= last.at { return rule?.offset(at: second) ?? last.offset }
        var low = 0
        var high = transitions.count
        while low < high {
            let middle = (low + high) / 2
            if transitions[middle].at <= second { low = middle + 1 } else { high = middle }
        }
        return low == 0 ? initialOffset : transitions[low - 1].offset
    }

    /// The instants at which clocks here show `local`, in seconds as if local time were UTC.
    package func instants(ofLocal local: Int64) -> LocalTime {
        let day: Int64 = 86_400
        let before = offset(at: local - day - 43_200)
        let after = offset(at: local + day + 43_200)
        // Offsets lie within 26 hours; a transition near `local` has these two on its sides, or one amid them.
        let offsets = Set([before, after, offset(at: local - before), offset(at: local - after)])
        let instants = offsets.map { local - $0 }.filter { $0 + offset(at: $0) == local }.sorted()
        if let first = instants.first, let last = instants.last {
            return first == last ? .once(first) : .twice(first: first, second: last)
        }
        return .missing(resumesAt: firstInstant(showing: local))
    }

    /// The first instant at which clocks show `local` or later, where they jump over it.
    private func firstInstant(showing local: Int64) -> Int64 {
        var low = local - 2 * 86_400
        var high = local + 2 * 86_400
        while low < high {
            let middle = low + (high - low) / 2
            if middle + offset(at: middle) >= local { high = middle } else { low = middle + 1 }
        }
        return low
    }
}

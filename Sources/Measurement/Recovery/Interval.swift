// SPDX-License-Identifier: Apache-2.0
package import ChaosModel

extension Figure {
    /// The time from one bounded instant to another, by interval arithmetic: the true length lies in
    /// `to.low - from.high ... to.high - from.low`, and is not negative since `to` comes after `from`.
    package init(from: BoundedInstant, to: BoundedInstant) {
        let low = max(0, to.low.since(from.high).inSeconds)
        let high = max(low, to.high.since(from.low).inSeconds)
        self.init(seconds: min(max(to.at.since(from.at).inSeconds, low), high), low: low, high: high)
    }
}

extension BoundedInstant {
    /// An instant that is known exactly.
    package init(exactly instant: MonotonicInstant) { self.init(at: instant, low: instant, high: instant) }

    /// The first of several: each bound of the first is the first of the bounds. Nil for none.
    static func first(of instants: [Self]) -> Self? {
        guard let at = instants.map(\.at).min(), let low = instants.map(\.low).min(),
            let high = instants.map(\.high).min()
        else { return nil }
        return Self(at: at, low: low, high: high)
    }

    /// The last of several: each bound of the last is the last of the bounds. Nil for none.
    static func last(of instants: [Self]) -> Self? {
        guard let at = instants.map(\.at).max(), let low = instants.map(\.low).max(),
            let high = instants.map(\.high).max()
        else { return nil }
        return Self(at: at, low: low, high: high)
    }

    /// The same moment as a date.
    package func dated(by anchor: ClockAnchor) -> BoundedTimestamp {
        BoundedTimestamp(at: anchor.timestamp(of: at), low: anchor.timestamp(of: low), high: anchor.timestamp(of: high))
    }
}

/// The seconds covered by at least one of the stretches; those that end before they begin cover nothing.
func secondsCovered(by stretches: [(from: MonotonicInstant, to: MonotonicInstant)]) -> Double {
    var covered: Int64 = 0
    var reached: Int64?
    for (from, to) in stretches.sorted(by: { $0.from < $1.from }) where from < to {
        let begin = max(from.nanoseconds, reached ?? from.nanoseconds)
        guard to.nanoseconds > begin else { continue }
        covered += to.nanoseconds - begin
        reached = to.nanoseconds
    }
    return Duration.nanoseconds(covered).inSeconds
}

// SPDX-License-Identifier: Apache-2.0
package import ChaosModel

/// What is known of the controller's clock from the last exchanges. Of each, the bounds widen with its age, as the two
/// clocks may run at different speeds; the narrowest ones now are the answer: those of the exchange with the least
/// delay, while it is not too old.
package struct ClockComparison: Sendable, Equatable {
    /// How many exchanges are looked at.
    package static let window = 8
    /// How much the two clocks together may gain or lose, in parts of a million: the kernel steers neither by more than
    /// 500 (adjtimex(2)). A clock that is steered faster than that gives bounds that exclude each other, and then only
    /// the newest count.
    package static let driftPartsPerMillion: Int64 = 1_000

    private var exchanges: [ClockExchange] = []

    package init() {}

    /// Takes one more in. What was known before and excludes it is dropped: a clock was set meanwhile.
    package mutating func add(_ exchange: ClockExchange) {
        let now = exchange.sent
        exchanges.removeAll { old in
            let bounds = Self.bounds(old, at: now)
            return bounds.low > exchange.high || bounds.high < exchange.low
        }
        exchanges.append(exchange)
        if exchanges.count > Self.window { exchanges.removeFirst(exchanges.count - Self.window) }
    }

    /// The controller's date minus this host's boot clock, in nanoseconds, at an instant of that clock; nil before the
    /// first exchange.
    package func difference(at now: Int64) -> (low: Int64, high: Int64)? {
        exchanges.map { Self.bounds($0, at: now) }.min { $0.high - $0.low < $1.high - $1.low }
    }

    private static func bounds(_ exchange: ClockExchange, at now: Int64) -> (low: Int64, high: Int64) {
        let age = max(0, now - exchange.sent)
        // Rounded up, and no more than what an Int64 holds after three years of silence.
        let drift = age / 1_000_000 * driftPartsPerMillion + driftPartsPerMillion
        return (exchange.low - drift, exchange.high + drift)
    }
}

/// This host's two clocks, read together.
package struct HostClockReading: Sendable, Equatable {
    /// CLOCK_BOOTTIME in nanoseconds, before and after the date was read.
    package var before: Int64
    package var after: Int64
    /// CLOCK_REALTIME.
    package var date: Timestamp

    package init(before: Int64, after: Int64, date: Timestamp) {
        self.before = before
        self.after = after
        self.date = date
    }
}

extension ClockComparison {
    /// How far the controller's date is ahead of this host's; nil before the first exchange.
    package func hostClock(_ reading: HostClockReading) -> HostClock? {
        guard let difference = difference(at: reading.after) else { return nil }
        let date = reading.date.nanosecondsSinceEpoch
        let low = difference.low &+ reading.before &- date
        let high = difference.high &+ reading.after &- date
        let middle = low + (high - low) / 2
        let controller = Timestamp(nanosecondsSinceEpoch: date &+ middle)
        return HostClock(
            offsetSeconds: Self.seconds(middle), lowSeconds: Self.seconds(low).nextDown,
            highSeconds: Self.seconds(high).nextUp, measuredAt: controller)
    }

    /// The controller's date now, as far as it is known; else this host's.
    package func date(_ reading: HostClockReading) -> Timestamp { hostClock(reading)?.measuredAt ?? reading.date }

    private static func seconds(_ nanoseconds: Int64) -> Double { Double(nanoseconds) / 1e9 }
}

// SPDX-License-Identifier: Apache-2.0

/// A reading of CLOCK_MONOTONIC in nanoseconds (clock_gettime(2)). Comparable only within one boot of one machine.
package struct MonotonicInstant: Sendable, Hashable, Comparable, Codable {
    package var nanoseconds: Int64

    package init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

    package static func < (a: Self, b: Self) -> Bool { a.nanoseconds < b.nanoseconds }

    /// The time from `earlier` to this instant; negative when `earlier` is later.
    package func since(_ earlier: Self) -> Duration { .nanoseconds(nanoseconds - earlier.nanoseconds) }

    package func advanced(by duration: Duration) -> Self { Self(nanoseconds: nanoseconds + duration.wholeNanoseconds) }

    package init(from decoder: any Decoder) throws {
        nanoseconds = try decoder.singleValueContainer().decode(Int64.self)
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(nanoseconds)
    }
}

extension Duration {
    /// Nanoseconds, cut toward zero; saturates at about 292 years.
    package var wholeNanoseconds: Int64 {
        let (seconds, attoseconds) = components
        let (product, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        if overflow { return seconds < 0 ? .min : .max }
        let (sum, more) = product.addingReportingOverflow(attoseconds / 1_000_000_000)
        return more ? (seconds < 0 ? .min : .max) : sum
    }

    /// Seconds as a number, for figures and pages.
    package var inSeconds: Double { Double(components.seconds) + Double(components.attoseconds) / 1e18 }
}

/// Joins the monotonic clock of one boot to the wall clock, so that every instant of a run is dated by one clock.
package struct ClockAnchor: Sendable, Codable, Equatable {
    /// /proc/sys/kernel/random/boot_id: monotonic instants of another boot cannot be compared.
    package var bootID: String
    package var monotonic: MonotonicInstant
    package var wall: Timestamp

    package init(bootID: String, monotonic: MonotonicInstant, wall: Timestamp) {
        self.bootID = bootID
        self.monotonic = monotonic
        self.wall = wall
    }

    /// The date of a monotonic instant of the same boot.
    package func timestamp(of instant: MonotonicInstant) -> Timestamp {
        Timestamp(nanosecondsSinceEpoch: wall.nanosecondsSinceEpoch + instant.nanoseconds - monotonic.nanoseconds)
    }

    /// The monotonic instant at a date, as this anchor joins them.
    package func instant(of timestamp: Timestamp) -> MonotonicInstant {
        MonotonicInstant(
            nanoseconds: monotonic.nanoseconds + timestamp.nanosecondsSinceEpoch - wall.nanosecondsSinceEpoch)
    }
}

// SPDX-License-Identifier: Apache-2.0
internal import ChaosModel
import Glibc

/// Reads this host's clocks, so that tests can turn them by hand.
package struct HostClocks: Sendable {
    /// CLOCK_BOOTTIME in nanoseconds: goes on while the host sleeps, and nobody sets it (clock_gettime(2)).
    package var boot: @Sendable () -> Int64
    /// The same with the date in the middle.
    package var reading: @Sendable () -> HostClockReading

    package init(boot: @escaping @Sendable () -> Int64, reading: @escaping @Sendable () -> HostClockReading) {
        self.boot = boot
        self.reading = reading
    }

    /// The machine's own.
    package static let system = HostClocks(
        boot: { read(CLOCK_BOOTTIME) },
        reading: {
            let before = read(CLOCK_BOOTTIME)
            let date = read(CLOCK_REALTIME)
            let after = read(CLOCK_BOOTTIME)
            return HostClockReading(before: before, after: after, date: Timestamp(nanosecondsSinceEpoch: date))
        })

    private static func read(_ clock: clockid_t) -> Int64 {
        var time = timespec()
        clock_gettime(clock, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }
}

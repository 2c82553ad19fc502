// SPDX-License-Identifier: Apache-2.0
package import FaultModel
import Glibc

/// The kernel's clocks (clock_gettime(2)).
package enum HostClock {
    /// CLOCK_MONOTONIC.
    package static var monotonic: MonotonicInstant { MonotonicInstant(nanoseconds: nanoseconds(CLOCK_MONOTONIC)) }

    /// CLOCK_REALTIME.
    package static var wall: Timestamp { Timestamp(nanosecondsSinceEpoch: nanoseconds(CLOCK_REALTIME)) }

    /// The whole milliseconds until an instant, rounded up, at most a day: what poll(2) takes. Zero once it has passed.
    package static func milliseconds(until instant: MonotonicInstant) -> Int32 {
        let left = instant.nanoseconds - monotonic.nanoseconds
        return left <= 0 ? 0 : Int32(min((left + 999_999) / 1_000_000, 86_400_000))
    }

    private static func nanoseconds(_ clock: clockid_t) -> Int64 {
        var time = timespec()
        clock_gettime(clock, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }
}

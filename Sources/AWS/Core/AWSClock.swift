// SPDX-License-Identifier: Apache-2.0
import Glibc

/// Time as this module needs it; injected, so that tests turn the hands themselves.
package protocol AWSClock: Sendable {
    /// Nanoseconds that only go up, for durations (CLOCK_MONOTONIC in the product).
    func monotonicNanoseconds() -> Int64
    /// The civil time, for signatures and expiry.
    func now() -> AWSInstant
    /// Returns when that time has passed; throws `CancellationError` when the task is cancelled first.
    func sleep(for duration: Duration) async throws
}

/// The machine's clocks. Programs give it to `AWSClientConfiguration`; nothing here uses it unasked.
package struct SystemAWSClock: AWSClock {
    package init() {}

    package func monotonicNanoseconds() -> Int64 { Self.read(CLOCK_MONOTONIC) }

    package func now() -> AWSInstant { AWSInstant(nanoseconds: Self.read(CLOCK_REALTIME)) }

    package func sleep(for duration: Duration) async throws { try await Task.sleep(for: duration) }

    /// Cannot fail for these two clocks (clock_gettime(2)).
    private static func read(_ clock: clockid_t) -> Int64 {
        var time = timespec()
        clock_gettime(clock, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }
}

extension Duration {
    /// Whole nanoseconds; what is beyond Int64 (292 years) is the nearest that fits.
    var clampedNanoseconds: Int64 {
        let (seconds, attoseconds) = components
        let (product, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        guard !overflow else { return seconds < 0 ? .min : .max }
        let (sum, overflowed) = product.addingReportingOverflow(attoseconds / 1_000_000_000)
        return overflowed ? (seconds < 0 ? .min : .max) : sum
    }
}

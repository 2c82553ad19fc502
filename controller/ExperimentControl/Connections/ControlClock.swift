// SPDX-License-Identifier: Apache-2.0
package import ChaosModel
import Glibc

/// The clocks that a controller lives by, so that tests can turn them by hand.
package protocol ControlClock: Sendable {
    /// CLOCK_MONOTONIC.
    func now() -> MonotonicInstant
    /// CLOCK_REALTIME.
    func wall() -> Timestamp
    /// Names the boot that `now` belongs to.
    var bootID: String { get }
    func sleep(for duration: Duration) async throws
}

extension ControlClock {
    /// Joins the two clocks. The wall clock is read between two readings of the other, whose middle is taken.
    package func anchor() -> ClockAnchor {
        let before = now()
        let date = wall()
        let after = now()
        let middle = before.nanoseconds + (after.nanoseconds - before.nanoseconds) / 2
        return ClockAnchor(bootID: bootID, monotonic: MonotonicInstant(nanoseconds: middle), wall: date)
    }
}

/// The machine's own clocks.
package struct SystemControlClock: ControlClock {
    package let bootID: String

    package init() { bootID = Self.readBootID() }

    package func now() -> MonotonicInstant { MonotonicInstant(nanoseconds: Self.read(CLOCK_MONOTONIC)) }

    package func wall() -> Timestamp { Timestamp(nanosecondsSinceEpoch: Self.read(CLOCK_REALTIME)) }

    package func sleep(for duration: Duration) async throws { try await Task.sleep(for: duration) }

    private static func read(_ clock: clockid_t) -> Int64 {
        var time = timespec()
        clock_gettime(clock, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }

    /// /proc/sys/kernel/random/boot_id (random(4)); empty where it cannot be read, and then no two boots are told
    /// apart.
    private static func readBootID() -> String {
        guard let file = fopen("/proc/sys/kernel/random/boot_id", "r") else { return "" }
        defer { fclose(file) }
        var buffer = [UInt8](repeating: 0, count: 64)
        let count = fread(&buffer, 1, buffer.count, file)
        return String(decoding: buffer.prefix(count).prefix { $0 > 32 }, as: UTF8.self)
    }
}

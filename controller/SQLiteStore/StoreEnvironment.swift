// SPDX-License-Identifier: Apache-2.0
package import ChaosModel
import FoundationEssentials
import Glibc

/// The clocks and names that a store needs; tests give their own.
package struct StoreEnvironment: Sendable {
    /// For creation and deletion times.
    package var now: @Sendable () -> Timestamp
    /// A name that was never used before, as RFC 9562 draws it.
    package var makeUID: @Sendable () -> String
    /// How long this machine has been up, sleep included: it does not jump when the date is set.
    package var uptime: @Sendable () -> Uptime

    package init(
        now: @escaping @Sendable () -> Timestamp, makeUID: @escaping @Sendable () -> String,
        uptime: @escaping @Sendable () -> Uptime
    ) {
        self.now = now
        self.makeUID = makeUID
        self.uptime = uptime
    }

    /// This machine's clocks (clock_gettime(2): CLOCK_REALTIME, CLOCK_BOOTTIME) and random UUIDs.
    package static let system = StoreEnvironment(
        now: { Timestamp(nanosecondsSinceEpoch: nanoseconds(CLOCK_REALTIME)) },
        makeUID: { UUID().uuidString.lowercased() },
        uptime: { Uptime(bootID: bootID, nanoseconds: nanoseconds(CLOCK_BOOTTIME)) })

    /// Empty where /proc is not there; then uptimes of different boots are told apart by date only.
    private static let bootID: String = {
        guard let text = try? String(contentsOfFile: "/proc/sys/kernel/random/boot_id", encoding: .utf8) else {
            return ""
        }
        return String(text.prefix { $0 != "\n" })
    }()

    private static func nanoseconds(_ clock: clockid_t) -> Int64 {
        var time = timespec()
        clock_gettime(clock, &time)  // Both clocks exist on every Linux we run on; the call cannot fail then.
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }
}

/// A reading of the machine's running time, comparable within one boot.
package struct Uptime: Sendable, Equatable {
    package var bootID: String
    package var nanoseconds: Int64

    package init(bootID: String, nanoseconds: Int64) {
        self.bootID = bootID
        self.nanoseconds = nanoseconds
    }
}

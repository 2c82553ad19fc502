// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import ExperimentControl
import Glibc
import SQLiteStore

/// A calendar on which time passes so many times as fast, for all that is decided by dates: schedules, retention, the
/// change log and the caps of a day.
struct FastCalendar: ControlClock {
    let factor: Int64
    let bootID = "soak"
    private let begun = SystemControlClock().now()
    private static let start = Timestamp(nanosecondsSinceEpoch: 1_772_366_400_000_000_000)  // 2026-03-01T12:00:00Z

    init(factor: Int64) {
        precondition(factor > 0, "time that does not pass")
        self.factor = factor
    }

    /// Since the start, on this calendar.
    var passed: Duration { SystemControlClock().now().since(begun) * Int(factor) }

    func now() -> MonotonicInstant { MonotonicInstant(nanoseconds: 1).advanced(by: passed) }
    func wall() -> Timestamp { Self.start.advanced(by: passed) }
    func sleep(for duration: Duration) async throws { try await Task.sleep(for: duration / Int(factor)) }

    var storeEnvironment: StoreEnvironment {
        StoreEnvironment(
            now: { self.wall() }, makeUID: StoreEnvironment.system.makeUID,
            uptime: { Uptime(bootID: bootID, nanoseconds: self.now().nanoseconds) })
    }
}

/// What drives runs by: their probes and calls are real, and so are the waits and the running time; only the date is
/// the calendar's.
struct DriverClock: ControlClock {
    let calendar: FastCalendar
    private let system = SystemControlClock()

    init(calendar: FastCalendar) { self.calendar = calendar }

    var bootID: String { system.bootID }
    func now() -> MonotonicInstant { system.now() }
    func wall() -> Timestamp { calendar.wall() }
    func sleep(for duration: Duration) async throws { try await Task.sleep(for: duration) }
}

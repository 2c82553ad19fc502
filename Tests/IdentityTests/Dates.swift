// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import Glibc
import Identity
import Synchronization
import TestSupport

/// The machine's time, for tests in which a program that we did not write looks at the dates too.
func machineTime() -> Timestamp { Timestamp(nanosecondsSinceEpoch: Int64(time(nil)) * 1_000_000_000) }

/// A date that a test sets by hand.
let someDay = Timestamp("2026-11-24T09:00:00Z") ?? Timestamp(nanosecondsSinceEpoch: 0)

extension Duration {
    static func days(_ count: Int) -> Duration { .seconds(count * 86_400) }
    static func hours(_ count: Int) -> Duration { .seconds(count * 3_600) }
}

/// The code of what the body throws; nil when it does not.
func code(_ body: () throws(IdentityError) -> Void) -> IdentityError.Code? {
    do { try body() } catch { return error.code }
    return nil
}

/// A date that moves with a hand-run clock.
final class HandDates: Sendable {
    let clock = ManualClock()
    private let start: Timestamp
    private let shift = Mutex(Duration.zero)

    init(from start: Timestamp) { self.start = start }

    var now: Timestamp { start.advanced(by: clock.now.offset + shift.withLock { $0 }) }
    /// Sets the date without letting time go by, as an operator or NTP does.
    func set(by duration: Duration) { shift.withLock { $0 = $0 + duration } }
}

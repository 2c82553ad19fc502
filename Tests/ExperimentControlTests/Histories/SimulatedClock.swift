// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import ExperimentControl
import ResourceStore
import SQLiteStore
import Synchronization

/// The clocks of one machine that several simulated processes share: a running time that only grows, and a date that
/// anybody may set.
final class SimulatedClock: ControlClock {
    private let times = Mutex((date: Timestamp.noon.nanosecondsSinceEpoch, running: Int64(1_000_000_000_000)))
    let bootID = "boot-1"

    func now() -> MonotonicInstant { MonotonicInstant(nanoseconds: times.withLock(\.running)) }
    func wall() -> Timestamp { Timestamp(nanosecondsSinceEpoch: times.withLock(\.date)) }
    func sleep(for duration: Duration) async throws { pass(duration.wholeNanoseconds) }

    func pass(_ nanoseconds: Int64) {
        times.withLock { times in
            times.running += nanoseconds
            times.date += nanoseconds
        }
    }

    func setDate(by nanoseconds: Int64) { times.withLock { $0.date += nanoseconds } }

    var storeEnvironment: StoreEnvironment {
        var environment = StoreEnvironment.system
        environment.now = { self.wall() }
        environment.uptime = { Uptime(bootID: "boot-1", nanoseconds: self.now().nanoseconds) }
        return environment
    }
}

// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import ExperimentControl
import Logging
import ResourceStore

/// Keeps the service manager's watchdog quiet for as long as this process does its work: its tasks get their turns, and
/// the store answers. A store that answers with an error (a full disk) is alive; one that does not answer is not.
struct Watchdog: Sendable {
    var manager: ServiceManager
    var clock: any ControlClock
    /// Returns when the store has answered anything.
    var probe: @Sendable () async -> Void

    /// Says that we live at every half of the manager's interval, until cancelled. A probe that hangs says nothing, and
    /// the manager then ends this process and starts another.
    func run() async {
        guard let interval = manager.watchdogInterval else { return }
        while !Task.isCancelled {
            await probe()
            manager.tell(.watchdog)
            do { try await clock.sleep(for: interval / 2) } catch { return }
        }
    }
}

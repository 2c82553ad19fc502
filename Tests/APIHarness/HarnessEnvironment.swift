// SPDX-License-Identifier: Apache-2.0
import ControllerAPI
import ExperimentControl
import SQLiteStore

/// Time and chance of this machine.
enum HarnessEnvironment {
    static let api = APIEnvironment(
        now: StoreEnvironment.system.now, random: { Double.random(in: 0..<1) },
        sleep: { try await Task.sleep(for: $0) }, zones: ZoneFolder().names)
}

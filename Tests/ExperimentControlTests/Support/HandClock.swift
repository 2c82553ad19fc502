// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import ExperimentControl
import Synchronization
import TestSupport

/// The controller's clocks, turned by hand. Sleeping ones wake when the test advances it; with `skips`, sleeping is
/// what advances it.
final class HandClock: ControlClock {
    let bootID: String
    let manual = ManualClock()
    private let skips: Bool
    private let start: Timestamp
    private let shift = Mutex(Duration.zero)

    init(skips: Bool = false, bootID: String = "boot-1", start: Timestamp = .noon) {
        self.skips = skips
        self.bootID = bootID
        self.start = start
    }

    func now() -> MonotonicInstant {
        MonotonicInstant(nanoseconds: 1_000_000_000_000 + manual.now.offset.wholeNanoseconds)
    }

    func wall() -> Timestamp { start.advanced(by: manual.now.offset + shift.withLock { $0 }) }

    /// Sets the date, and not the running time, as an administrator or a time server does.
    func setDate(by duration: Duration) { shift.withLock { $0 += duration } }

    func sleep(for duration: Duration) async throws {
        if skips {
            try Task.checkCancellation()
            manual.advance(by: duration)
            await Task.yield()
        } else {
            try await manual.sleep(until: manual.now.advanced(by: duration), tolerance: nil)
        }
    }

    func advance(by duration: Duration) { manual.advance(by: duration) }
}

extension Timestamp {
    /// 2026-03-01T12:00:00Z
    static let noon = Timestamp(nanosecondsSinceEpoch: 1_772_366_400_000_000_000)
}

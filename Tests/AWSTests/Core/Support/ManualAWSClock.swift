// SPDX-License-Identifier: Apache-2.0
import AWS
import Synchronization

/// A clock whose hands the test turns. With `skipping`, a sleeper turns them itself: sleeping takes no time and is
/// written down.
final class ManualAWSClock: AWSClock {
    private struct Sleeper {
        var until: Int64
        var continuation: CheckedContinuation<Void, any Error>
    }

    private struct State {
        var elapsed: Int64 = 0
        var slept: [Duration] = []
        var sleepers: [UInt64: Sleeper] = [:]
        var lastID: UInt64 = 0
        var onlookers: [(count: Int, continuation: CheckedContinuation<Void, Never>)] = []
    }

    private let start: AWSInstant
    private let skipping: Bool
    private let state = Mutex(State())

    init(at start: String = "2026-03-01T12:00:00Z", skipping: Bool = false) {
        self.start = AWSInstant(iso8601: start) ?? AWSInstant(seconds: 0)
        self.skipping = skipping
    }

    /// Every sleep asked for so far.
    var slept: [Duration] { state.withLock { $0.slept } }

    func monotonicNanoseconds() -> Int64 { 1_000_000_000_000 + state.withLock { $0.elapsed } }

    func now() -> AWSInstant { AWSInstant(nanoseconds: start.nanoseconds + state.withLock { $0.elapsed }) }

    func advance(by duration: Duration) {
        let (seconds, attoseconds) = duration.components
        let woken = state.withLock { state in
            state.elapsed += seconds * 1_000_000_000 + attoseconds / 1_000_000_000
            let due = state.sleepers.filter { $0.value.until <= state.elapsed }
            for id in due.keys { state.sleepers[id] = nil }
            return due.values.map(\.continuation)
        }
        for continuation in woken { continuation.resume() }
    }

    func sleep(for duration: Duration) async throws {
        try Task.checkCancellation()
        state.withLock { $0.slept.append(duration) }
        if skipping { return advance(by: duration) }
        let id = state.withLock { state in
            state.lastID += 1
            return state.lastID
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { add(Sleeper(until: end(of: duration), continuation: $0), id) }
        } onCancel: {
            state.withLock { $0.sleepers.removeValue(forKey: id) }?.continuation.resume(throwing: CancellationError())
        }
    }

    /// Returns when so many sleep.
    func untilSleeping(_ count: Int) async {
        await withCheckedContinuation { continuation in
            let isThere = state.withLock { state in
                guard state.sleepers.count < count else { return true }
                state.onlookers.append((count, continuation))
                return false
            }
            if isThere { continuation.resume() }
        }
    }

    private func end(of duration: Duration) -> Int64 {
        let (seconds, attoseconds) = duration.components
        return state.withLock { $0.elapsed } + seconds * 1_000_000_000 + attoseconds / 1_000_000_000
    }

    private func add(_ sleeper: Sleeper, _ id: UInt64) {
        guard !Task.isCancelled else { return sleeper.continuation.resume(throwing: CancellationError()) }
        let told = state.withLock { state in
            state.sleepers[id] = sleeper
            let ready = state.onlookers.filter { $0.count <= state.sleepers.count }
            state.onlookers.removeAll { $0.count <= state.sleepers.count }
            return ready.map(\.continuation)
        }
        for continuation in told { continuation.resume() }
    }
}

// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import ResourceStore
import Synchronization

/// What access depends on, besides the date: when it differs, somebody may have lost something.
struct AccessMark: Sendable, Equatable {
    var revocations: Int64
    /// The uid and version of every binding.
    var bindings: Set<String>
}

/// Wakes those who wait for their access to end: at once when this process revokes a credential, and within `interval`
/// when another process does, when a binding changes or when a time is over. One look at the store serves all who wait.
final class RevocationWatch: Sendable {
    private struct Waiter {
        var until: Timestamp?
        var continuation: CheckedContinuation<Void, Never>
    }

    private struct State {
        var mark: AccessMark?
        /// Grows with every mark that differs from the one before.
        var turn = 0
        var nextWaiter = 0
        var waiters: [Int: Waiter] = [:]
        var looker: Task<Void, Never>?
    }

    private let state = Mutex(State())
    private let interval: Duration
    private let clock: any Clock<Duration>
    private let now: @Sendable () -> Timestamp
    private let read: @Sendable () async throws(StoreError) -> AccessMark

    init(
        interval: Duration, clock: any Clock<Duration>, now: @escaping @Sendable () -> Timestamp,
        read: @escaping @Sendable () async throws(StoreError) -> AccessMark
    ) {
        self.interval = interval
        self.clock = clock
        self.now = now
        self.read = read
    }

    /// Looks at the store, and wakes everybody if something changed. What is read from the store afterwards is not
    /// older than the turn that is returned.
    @discardableResult
    func look() async throws(StoreError) -> Int {
        let mark = try await read()
        wake { state in
            guard mark != state.mark else { return [] }
            state.mark = mark
            state.turn += 1
            return Array(state.waiters.keys)
        }
        return state.withLock { $0.turn }
    }

    /// Returns when there may have been a change after `turn`, when `until` has come, when the store cannot be read, or
    /// when the task is cancelled.
    func wait(after turn: Int, until: Timestamp?) async {
        let number = state.withLock { state in
            state.nextWaiter += 1
            return state.nextWaiter
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isOver = state.withLock { state in
                    if Task.isCancelled || state.turn > turn { return true }
                    if let until, until <= now() { return true }
                    state.waiters[number] = Waiter(until: until, continuation: continuation)
                    startLooking(&state)
                    return false
                }
                if isOver { continuation.resume() }
            }
        } onCancel: {
            wake { $0.waiters[number] == nil ? [] : [number] }
        }
    }

    private func wake(_ chosen: (inout State) -> [Int]) {
        let waiters = state.withLock { state in
            chosen(&state).compactMap { state.waiters.removeValue(forKey: $0)?.continuation }
        }
        for waiter in waiters { waiter.resume() }
    }

    /// The task is owned by this watch: it ends when nobody waits, or when the watch is gone.
    private func startLooking(_ state: inout State) {
        guard state.looker == nil else { return }
        state.looker = Task { [weak self, clock, interval] in
            while true {
                try? await clock.sleep(for: interval)  // Never cancelled; a clock that cannot sleep looks at once.
                guard let self, await self.lookForWaiters() else { return }
            }
        }
    }

    /// False when nobody waits any more; then the next to wait starts another task.
    private func lookForWaiters() async -> Bool {
        let isWanted = state.withLock { state in
            if state.waiters.isEmpty { state.looker = nil }
            return !state.waiters.isEmpty
        }
        guard isWanted else { return false }
        do {
            try await look()
        } catch {
            wake { Array($0.waiters.keys) }  // Their own look fails the same way, and then they end.
        }
        let time = now()
        wake { state in state.waiters.filter { waiter in waiter.value.until.map { $0 <= time } ?? false }.map(\.key) }
        return true
    }
}

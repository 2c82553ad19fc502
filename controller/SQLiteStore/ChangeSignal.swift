// SPDX-License-Identifier: Apache-2.0
import Synchronization

/// Wakes those who wait for the store to change. A change of this process wakes them at once; for those of other
/// processes one task asks the store for its version now and then, while anyone waits.
final class ChangeSignal: Sendable {
    private struct State {
        var version: Int64 = 0
        var isClosed = false
        var nextWaiter = 0
        var waiters: [Int: CheckedContinuation<Void, Never>] = [:]
        var poller: Task<Void, Never>?
    }

    private let state = Mutex(State())
    private let pollInterval: Duration
    private let readVersion: @Sendable () async throws -> Int64

    init(pollInterval: Duration, readVersion: @escaping @Sendable () async throws -> Int64) {
        self.pollInterval = pollInterval
        self.readVersion = readVersion
    }

    /// Says that the store is at this version.
    func publish(_ version: Int64) { wakeAll { $0.version = max($0.version, version) } }

    /// Wakes everyone for good. Who waits afterwards does not wait.
    func close() {
        wakeAll { $0.isClosed = true }
        state.withLock { $0.poller }?.cancel()
    }

    /// Returns when the store may be beyond `version`, when it cannot be read, or when the task is cancelled.
    func wait(beyond version: Int64) async {
        let number = state.withLock { state in
            state.nextWaiter += 1
            return state.nextWaiter
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isOver = state.withLock { state in
                    if Task.isCancelled || state.isClosed || state.version > version { return true }
                    state.waiters[number] = continuation
                    startPolling(&state)
                    return false
                }
                if isOver { continuation.resume() }
            }
        } onCancel: {
            state.withLock { $0.waiters.removeValue(forKey: number) }?.resume()
        }
    }

    private func wakeAll(_ change: (inout sending State) -> Void) {
        let waiters = state.withLock { state in
            change(&state)
            defer { state.waiters = [:] }
            return Array(state.waiters.values)
        }
        for waiter in waiters { waiter.resume() }
    }

    /// The task is owned by this signal: it ends when nobody waits, and `close` cancels it.
    private func startPolling(_ state: inout State) {
        guard state.poller == nil else { return }
        state.poller = Task { [weak self, pollInterval] in
            while !Task.isCancelled {
                try? await Task.sleep(for: pollInterval)  // Cancelled: the loop ends.
                guard let self, await self.look() else { return }
            }
        }
    }

    /// False when nobody waits any more; then the next to wait starts another task.
    private func look() async -> Bool {
        let isWanted = state.withLock { state in
            if state.waiters.isEmpty { state.poller = nil }
            return !state.waiters.isEmpty
        }
        guard isWanted else { return false }
        do {
            let version = try await readVersion()
            if state.withLock({ $0.version < version }) { publish(version) }
        } catch {
            wakeAll { _ in }  // Their own read fails the same way and tells them.
        }
        return true
    }
}

// SPDX-License-Identifier: Apache-2.0

/// Reconciles keys, one worker on a key at a time, several keys at once.
///
/// The loop knows no kind: a key says *which*, and `reconcile` looks at the world for *what*. So a key that is enqueued
/// twice before its turn has one turn, and one that is enqueued during its turn has exactly one more right after it,
/// because what was read may be old by then. The queue holds each key at most once, which is its bound.
package actor ReconcileLoop<Key: Hashable & Sendable, Failure: Error> {
    /// Told the outcome of each turn, and the wait until the next if there is one.
    package typealias Observer = @Sendable (Key, ReconcileOutcome<Failure>, _ nextTurn: Duration?) -> Void

    private enum State {
        case queued
        case running(enqueuedAgain: Bool)
        /// Owned here: cancelled when the key is enqueued, and when the loop ends.
        case waiting(Task<Void, Never>)
    }

    private let workers: Int
    private let backoff: Backoff
    private let clock: any Clock<Duration>
    private var chance: any RandomNumberGenerator & Sendable
    private let observe: Observer
    private let reconcile: @Sendable (Key) async -> ReconcileOutcome<Failure>

    private var states: [Key: State] = [:]
    private var failures: [Key: Int] = [:]
    private var queue = KeyQueue<Key>()
    private var running = 0
    private var isShutDown = false
    private let wakeups: AsyncStream<Void>
    private let wake: AsyncStream<Void>.Continuation

    /// `workers` keys at most are reconciled at once.
    package init(
        workers: Int, backoff: Backoff, clock: any Clock<Duration>, chance: any RandomNumberGenerator & Sendable,
        observe: @escaping Observer, reconcile: @escaping @Sendable (Key) async -> ReconcileOutcome<Failure>
    ) {
        precondition(workers > 0, "a loop without workers would never reconcile")
        self.workers = workers
        self.backoff = backoff
        self.clock = clock
        self.chance = chance
        self.observe = observe
        self.reconcile = reconcile
        (wakeups, wake) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// Asks for a turn of this key: at once when a worker is free, and also when it was waiting for its next look or
    /// its next try. False when the loop is shut down and the key was not taken.
    @discardableResult
    package func enqueue(_ key: Key) -> Bool {
        if isShutDown { return false }
        switch states[key] {
        case .queued: return true
        case .running: states[key] = .running(enqueuedAgain: true)
        case .waiting(let timer):
            timer.cancel()
            append(key)
        case nil: append(key)
        }
        return true
    }

    /// Works until `shutdown` was called and what was enqueued before it has had its turn. Run it once.
    ///
    /// Cancelling is harder: turns under way see the cancellation, queued keys are left, and it returns when the turns
    /// under way have.
    package func run() async {
        await withDiscardingTaskGroup { group in
            wake.yield()
            for await _ in wakeups {
                if Task.isCancelled { break }
                while let key = takeNext() { group.addTask { await self.work(on: key) } }
                if isShutDown, running == 0, queue.isEmpty { break }
            }
            shutdown()
        }
    }

    /// Takes no more keys, and lets go of those that wait for a later turn. Queued and running keys are finished; none
    /// gets another turn.
    package func shutdown() {
        isShutDown = true
        for (key, state) in states {
            guard case .waiting(let timer) = state else { continue }
            timer.cancel()
            states[key] = nil
        }
        wake.yield()
    }

    private func append(_ key: Key) {
        states[key] = .queued
        queue.append(key)
        wake.yield()
    }

    private func takeNext() -> Key? {
        guard running < workers, let key = queue.popFirst() else { return nil }
        running += 1
        states[key] = .running(enqueuedAgain: false)
        return key
    }

    private func work(on key: Key) async {
        let outcome = await reconcile(key)
        running -= 1
        finish(key, outcome)
        wake.yield()
    }

    /// Decides on the next turn after one has ended.
    private func finish(_ key: Key, _ outcome: ReconcileOutcome<Failure>) {
        var delay = delay(after: outcome, of: key)
        if case .running(enqueuedAgain: true) = states[key] { delay = .zero }
        if isShutDown { delay = nil }
        states[key] = nil
        observe(key, outcome, delay)
        guard let delay else { return }
        if delay <= .zero { append(key) } else { wait(delay, key) }
    }

    private func delay(after outcome: ReconcileOutcome<Failure>, of key: Key) -> Duration? {
        guard case .retry = outcome else {
            failures[key] = nil
            if case .lookAgain(let delay) = outcome { return delay }
            return nil
        }
        let count = failures[key, default: 0] + 1
        failures[key] = isShutDown ? nil : count
        return backoff.delay(failures: count, chance: &chance)
    }

    private func wait(_ delay: Duration, _ key: Key) {
        let timer = Task { [clock] in
            do {
                try await clock.sleep(for: delay)
            } catch {
                return  // Cancelled: the key has its turn already, or the loop ends.
            }
            due(key)
        }
        states[key] = .waiting(timer)
    }

    /// A timer that was cancelled too late to notice finds its key queued or running, and gives it no second turn.
    private func due(_ key: Key) {
        guard !Task.isCancelled, case .waiting = states[key] else { return }
        append(key)
    }
}

/// Keys in the order they came, taken from the front in constant time.
private struct KeyQueue<Key> {
    private var keys: [Key?] = []
    private var head = 0

    var isEmpty: Bool { head == keys.count }

    mutating func append(_ key: Key) { keys.append(key) }

    mutating func popFirst() -> Key? {
        guard head < keys.count else { return nil }
        defer {
            keys[head] = nil
            head += 1
            if head > 32, head * 2 > keys.count {
                keys.removeFirst(head)
                head = 0
            }
        }
        return keys[head]
    }
}

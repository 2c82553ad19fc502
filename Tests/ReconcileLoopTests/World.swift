// SPDX-License-Identifier: Apache-2.0
import ReconcileLoop
import Synchronization
import TestSupport

struct Refusal: Error {}

/// A generator that always gives the same.
struct Fixed: RandomNumberGenerator, Sendable {
    var value: UInt64

    mutating func next() -> UInt64 { value }
}

/// What the loop works on: writes down each turn and answers as it is told.
final class World: Sendable {
    private struct State {
        var turns: [String] = []
        var outcomes: [String] = []
        var turnsOfKey: [String: Int] = [:]
        var running: [String: Int] = [:]
        var mostOfOneKey = 0
        var mostAtOnce = 0
        var waiting: [(count: Int, continuation: CheckedContinuation<Void, Never>)] = []
    }

    let clock = ManualClock()
    private let state = Mutex(State())
    private let answer: @Sendable (String, _ turn: Int) async -> ReconcileOutcome<Refusal>

    init(answer: @escaping @Sendable (String, _ turn: Int) async -> ReconcileOutcome<Refusal>) { self.answer = answer }

    var turns: [String] { state.withLock { $0.turns } }
    var outcomes: [String] { state.withLock { $0.outcomes } }
    var mostOfOneKey: Int { state.withLock { $0.mostOfOneKey } }
    var mostAtOnce: Int { state.withLock { $0.mostAtOnce } }

    func loop(
        workers: Int, chance: any RandomNumberGenerator & Sendable = Fixed(value: .max)
    ) -> ReconcileLoop<String, Refusal> {
        ReconcileLoop(
            workers: workers, backoff: Backoff(first: .seconds(1), most: .seconds(10)), clock: clock, chance: chance,
            observe: { key, outcome, _ in self.ended(key, outcome) }, reconcile: { await self.turn(of: $0) })
    }

    /// Returns when this many turns have ended.
    func untilEnded(_ count: Int) async {
        await withCheckedContinuation { continuation in
            let isThere = state.withLock { state in
                if state.outcomes.count >= count { return true }
                state.waiting.append((count, continuation))
                return false
            }
            if isThere { continuation.resume() }
        }
    }

    private func turn(of key: String) async -> ReconcileOutcome<Refusal> {
        let turn = state.withLock { state in
            state.turns.append(key)
            state.turnsOfKey[key, default: 0] += 1
            state.running[key, default: 0] += 1
            state.mostOfOneKey = max(state.mostOfOneKey, state.running[key, default: 0])
            state.mostAtOnce = max(state.mostAtOnce, state.running.values.reduce(0, +))
            return state.turnsOfKey[key, default: 0]
        }
        let outcome = await answer(key, turn)
        state.withLock { $0.running[key, default: 0] -= 1 }
        return outcome
    }

    private func ended(_ key: String, _ outcome: ReconcileOutcome<Refusal>) {
        let word =
            switch outcome {
            case .settled: "settled"
            case .lookAgain: "looks again"
            case .retry: "retries"
            case .gaveUp: "gave up"
            }
        let ready = state.withLock { state in
            state.outcomes.append("\(key) \(word)")
            let count = state.outcomes.count
            defer { state.waiting.removeAll { $0.count <= count } }
            return state.waiting.filter { $0.count <= count }
        }
        for waiter in ready { waiter.continuation.resume() }
    }
}

/// Holds a turn up until the test lets it go on.
final class Gate: Sendable {
    private struct State {
        var isOpen = false
        var held: [CheckedContinuation<Void, Never>] = []
        var watcher: CheckedContinuation<Void, Never>?
    }

    private let state = Mutex(State())

    func wait() async {
        await withCheckedContinuation { continuation in
            let (isOpen, watcher) = state.withLock { state in
                if !state.isOpen { state.held.append(continuation) }
                defer { state.watcher = nil }
                return (state.isOpen, state.watcher)
            }
            if isOpen { continuation.resume() }
            watcher?.resume()
        }
    }

    /// Returns when a turn is held up here.
    func untilWaiting() async {
        await withCheckedContinuation { continuation in
            let isThere = state.withLock { state in
                if state.held.isEmpty { state.watcher = continuation }
                return !state.held.isEmpty
            }
            if isThere { continuation.resume() }
        }
    }

    func open() {
        let held = state.withLock { state in
            state.isOpen = true
            defer { state.held = [] }
            return state.held
        }
        for continuation in held { continuation.resume() }
    }
}

// SPDX-License-Identifier: Apache-2.0
import Synchronization

/// What this process itself has ordered to halt. An order stands here before it is in the store, and until it is there:
/// a store that takes no writes must not keep faults alive. And whom to wake when there is something new.
package final class HaltBoard: Sendable {
    private struct State {
        var order: String?
        var nextListener = 0
        var listeners: [Int: @Sendable () async -> Void] = [:]
    }

    private let state = Mutex(State())

    package init() {}

    /// The order that the store may not know of yet, in words; nil when there is none.
    package var order: String? { state.withLock(\.order) }

    func give(_ order: String) { state.withLock { $0.order = $0.order ?? order } }

    /// The store has it, and rules from now on.
    func handedOver() { state.withLock { $0.order = nil } }

    /// Has `wake` called at each `wakeAll`, until the number is given back.
    func listen(_ wake: @escaping @Sendable () async -> Void) -> Int {
        state.withLock { state in
            state.nextListener += 1
            state.listeners[state.nextListener] = wake
            return state.nextListener
        }
    }

    func forget(_ number: Int) { state.withLock { $0.listeners[number] = nil } }

    func wakeAll() async {
        for wake in state.withLock({ Array($0.listeners.values) }) { await wake() }
    }
}

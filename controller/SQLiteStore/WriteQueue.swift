// SPDX-License-Identifier: Apache-2.0
import GRDB
import ResourceStore
import Synchronization

/// One call that wants to change the store.
struct PendingWrite: Sendable {
    var operation: StoreWrite.Operation
    /// May lead to a fault, or is bulk: refused while there is no room set aside.
    var isNewWork: Bool
    /// Makes the changes, within a transaction, and gives what tells the caller so once they are durable. May be called
    /// again after its changes were taken back.
    var perform: @Sendable (Database) throws -> @Sendable () -> Void
    var fail: @Sendable (StoreError) -> Void
}

/// Calls that wait for the writing connection.
///
/// A flush to the disk takes as long as dozens of changes, so the calls that came while the one before was flushed are
/// written together: one transaction, in it a savepoint for each, one flush, and only then are they answered. The first
/// waits for the others a few milliseconds at most (`longestGroup`); a call that is alone waits for nobody.
final class WriteQueue: Sendable {
    /// More make those who wait for the flush wait for each other's changes.
    private static let most = 128

    private struct State {
        var waiting: [PendingWrite] = []
        /// Somebody will take what waits.
        var isComing = false
    }

    private let state = Mutex(State())

    /// How many wait to be taken.
    var count: Int { state.withLock { $0.waiting.count } }

    /// True when the caller must see to it that `take` is called on the writing connection.
    func add(_ write: PendingWrite) -> Bool {
        state.withLock { state in
            state.waiting.append(write)
            defer { state.isComing = true }
            return !state.isComing
        }
    }

    /// Those that came first. When more are left, the caller must see to it that `take` is called once more.
    func take() -> (writes: [PendingWrite], isMoreLeft: Bool) {
        state.withLock { state in
            let taken = Array(state.waiting.prefix(Self.most))
            state.waiting.removeFirst(taken.count)
            state.isComing = !state.waiting.isEmpty
            return (taken, state.isComing)
        }
    }
}

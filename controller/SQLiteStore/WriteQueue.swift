// SPDX-License-Identifier: Apache-2.0
import GRDB
import ResourceStore
import Synchronization

/// One call that wants to change the store.
struct PendingWrite: Sendable {
    var operation: StoreWrite.Operation
    /// May lead to a fault, or is bulk: refused while there is no room set aside.
    var isNewWork: Bool
    /// Something that must be put back waits for it: it goes before all that merely came earlier.
    var isUrgent = false
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
///
/// What is urgent is taken first, and alone: of hundreds of writes that a halt brings, those that a call to put back
/// waits for are small, and the others nobody waits for. A group under way is all that an urgent write waits for.
final class WriteQueue: Sendable {
    /// More make those who wait for the flush wait for each other's changes.
    private static let most = 128

    private struct State {
        var urgent: [PendingWrite] = []
        var waiting: [PendingWrite] = []
        /// Somebody will take what waits, or has taken some and will say what is left.
        var isComing = false

        var isEmpty: Bool { urgent.isEmpty && waiting.isEmpty }
    }

    private let state = Mutex(State())

    /// How many wait to be taken.
    var count: Int { state.withLock { $0.urgent.count + $0.waiting.count } }

    /// Whether something waits that goes before what was taken without it.
    var hasUrgent: Bool { state.withLock { !$0.urgent.isEmpty } }

    /// True when the caller must see to it that `take` is called on the writing connection.
    func add(_ write: PendingWrite) -> Bool {
        state.withLock { state in
            if write.isUrgent { state.urgent.append(write) } else { state.waiting.append(write) }
            defer { state.isComing = true }
            return !state.isComing
        }
    }

    /// The urgent ones that came first; without any, the others that did. Followed by `putBack`.
    func take() -> [PendingWrite] {
        state.withLock { state in
            state.urgent.isEmpty ? Self.first(of: &state.waiting) : Self.first(of: &state.urgent)
        }
    }

    /// Gives back what was taken and not written, in its order. True when the caller must see to it that `take` is
    /// called once more.
    func putBack(_ left: ArraySlice<PendingWrite>) -> Bool {
        state.withLock { state in
            if left.first?.isUrgent ?? false {
                state.urgent.insert(contentsOf: left, at: 0)
            } else {
                state.waiting.insert(contentsOf: left, at: 0)
            }
            state.isComing = !state.isEmpty
            return state.isComing
        }
    }

    private static func first(of waiting: inout [PendingWrite]) -> [PendingWrite] {
        let taken = Array(waiting.prefix(most))
        waiting.removeFirst(taken.count)
        return taken
    }
}

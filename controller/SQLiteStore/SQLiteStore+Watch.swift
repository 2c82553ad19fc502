// SPDX-License-Identifier: Apache-2.0
package import ChaosModel
package import ResourceStore
import Synchronization

extension SQLiteStore {
    package func watch(_ kind: ResourceKind, after version: String) -> AsyncThrowingStream<ResourceChange, any Error> {
        let feed = ChangeFeed(
            store: self, scope: WatchScope(kind: kind, namespace: nil), after: version, bookmarks: nil)
        return AsyncThrowingStream {
            while let event = try await feed.next() {
                guard case .change(let logged) = event else { continue }
                return ResourceChange(
                    change: logged.change, key: logged.key, resourceVersion: String(logged.version))
            }
            return nil
        }
    }
}

/// One watch: where it is in the change log. It takes a few changes at a time and only when it is asked, so a slow
/// watcher costs no memory.
final class ChangeFeed: Sendable {
    enum Event: Sendable {
        case change(LoggedChange)
        case bookmark(Int64)
    }

    fileprivate struct State {
        var position: Int64?
        var ready: ArraySlice<LoggedChange> = []
        var lastEvent = ContinuousClock.now
        /// The store has said once that it knows the position; one beyond the hub's end is then only ahead of it.
        var isKnown = false
    }

    private static let mostAtOnce = 64
    private let store: SQLiteStore
    private let scope: WatchScope
    private let start: String
    private let bookmarks: Duration?
    private let state = Mutex(State())

    init(store: SQLiteStore, scope: WatchScope, after version: String, bookmarks: Duration?) {
        self.store = store
        self.scope = scope
        start = version
        self.bookmarks = bookmarks
        store.hub.join()
    }

    deinit { store.hub.leave() }

    /// Nil when the task is cancelled. One caller at a time.
    func next() async throws(StoreError) -> Event? {
        let known = state.withLock { $0.position }
        var position: Int64
        if let known { position = known } else { position = try parsedStart() }
        while true {
            if let change = state.withLock({ $0.pop() }) { return .change(change) }
            if Task.isCancelled { return nil }
            switch store.hub.take(scope, after: position, most: Self.mostAtOnce) {
            case .changes(let page): position = keep(page)
            case .isBehind where !state.withLock({ $0.isKnown }): position = try await readLog(after: position)
            case .none, .isBehind:
                guard let reached = try await wait(after: position) else { return nil }
                position = reached.position
                if reached.isBookmark { return bookmark(position) }
            }
        }
    }

    /// Looks into the log itself. When there is nothing, the hub tells of what comes.
    private func readLog(after position: Int64) async throws(StoreError) -> Int64 {
        let page = try await store.read { [scope] in
            try $0.changes(in: scope, after: position, most: Self.mostAtOnce)
        }
        if page.end == position { state.withLock { $0.isKnown = true } }
        return keep(page)
    }

    private func wait(after position: Int64) async throws(StoreError) -> (position: Int64, isBookmark: Bool)? {
        let due = bookmarks.map { interval in state.withLock { $0.lastEvent } + interval }
        let wake = await store.hub.wait(scope, after: position, until: due)
        state.withLock { $0.isKnown = false }
        switch wake {
        case .news(let version): return (max(position, version), false)
        case .nothing(let version): return (max(position, version), true)
        case .failed(let error): throw error
        case .cancelled: return nil
        }
    }

    private func bookmark(_ position: Int64) -> Event {
        state.withLock { state in
            state.position = position
            state.lastEvent = .now
        }
        return .bookmark(position)
    }

    private func keep(_ page: ChangePage) -> Int64 {
        state.withLock { state in
            state.ready = page.changes[...]
            state.position = page.end
            if !page.changes.isEmpty { state.lastEvent = .now }
        }
        return page.end
    }

    private func parsedStart() throws(StoreError) -> Int64 {
        if let number = Int64(start), number >= 0 { return number }
        throw StoreError(
            .invalid, "\"\(start)\" is no version of this store.", hint: "Watch from the version that a list gave.")
    }
}

extension ChangeFeed.State {
    fileprivate mutating func pop() -> LoggedChange? { ready.popFirst() }
}

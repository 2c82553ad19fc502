// SPDX-License-Identifier: Apache-2.0
package import ChaosModel
import GRDB
package import ResourceStore

extension SQLiteStore {
    package func watch(_ kind: ResourceKind, after version: String) -> AsyncThrowingStream<ResourceChange, any Error> {
        let feed = ChangeFeed(store: self, kind: kind, after: version)
        return AsyncThrowingStream { try await feed.next() }
    }
}

/// One watch: where it is in the change log. It reads when it is asked, so a slow watcher costs no memory.
private actor ChangeFeed {
    private static let mostAtOnce = 500
    private let store: SQLiteStore
    private let kind: ResourceKind
    private let start: String
    private var position: Int64?
    private var ready: ArraySlice<ResourceChange> = []

    init(store: SQLiteStore, kind: ResourceKind, after version: String) {
        self.store = store
        self.kind = kind
        start = version
    }

    /// Nil when the task is cancelled.
    func next() async throws -> ResourceChange? {
        var position = try self.position ?? parsedStart()
        while ready.isEmpty {
            if Task.isCancelled { return nil }
            let page = try await store.read { [kind, position] in
                try $0.changes(of: kind, after: position, Self.mostAtOnce)
            }
            ready = page.changes[...]
            let isNew = page.end > position
            position = page.end
            self.position = position
            if ready.isEmpty, !isNew { await store.changes.wait(beyond: position) }
        }
        return ready.popFirst()
    }

    private func parsedStart() throws(StoreError) -> Int64 {
        if let number = Int64(start), number >= 0 { return number }
        throw StoreError(
            .invalid, "\"\(start)\" is no version of this store.", hint: "Watch from the version that a list gave.")
    }
}

extension Database {
    /// The changes of one kind after a version, and the version up to which these are all.
    fileprivate func changes(
        of kind: ResourceKind, after position: Int64, _ most: Int
    ) throws -> (changes: [ResourceChange], end: Int64) {
        let newest = try storeVersion()
        let oldest = try Int64.fetchOne(self, sql: "SELECT min(version) FROM changes") ?? newest + 1
        guard position + 1 >= oldest, position <= newest else {
            throw StoreError(
                .expired, "The changes after version \(position) are not known; known are \(oldest) to \(newest).",
                hint: "List again and watch from the version of that list.")
        }
        let sql = "SELECT * FROM changes WHERE kind = ? AND version > ? ORDER BY version LIMIT ?"
        let rows = try Row.fetchAll(self, sql: sql, arguments: [kind.rawValue, position, most])
        let changes = try rows.map { row in
            let version: Int64 = row["version"]
            guard let change = ResourceChange.Kind(rawValue: row["change"]) else {
                throw StoreError.unreadable("change \(version)", cause: nil)
            }
            let key = ResourceKey(kind: kind, namespace: row["namespace"], name: row["name"])
            return ResourceChange(change: change, key: key, resourceVersion: String(version))
        }
        let isWhole = rows.count < most
        return (changes, isWhole ? newest : rows.last?["version"] ?? newest)
    }
}

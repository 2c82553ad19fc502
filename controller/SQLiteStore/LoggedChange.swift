// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import GRDB
import ResourceStore

/// One line of the change log.
struct LoggedChange: Sendable {
    var version: Int64
    var change: ResourceChange.Kind
    var key: ResourceKey
    var uid: String?
    /// Nil for a change that an older program wrote down without contents.
    var json: [UInt8]?

    func document() throws(StoreError) -> StoredDocument {
        guard let uid, let json else {
            throw StoreError(
                .expired, "Change \(version) was written by an older rebound, without its contents.",
                hint: "List again and watch from the version of that list.")
        }
        return StoredDocument(key: key, uid: uid, resourceVersion: String(version), json: json)
    }
}

/// What a watcher wants to hear of. A nil namespace is all of them.
struct WatchScope: Sendable, Hashable {
    var kind: ResourceKind
    var namespace: String?

    func includes(_ key: ResourceKey) -> Bool {
        key.kind == kind && (namespace == nil || namespace == key.namespace)
    }
}

/// Consecutive changes, and the version up to which these are all that are wanted.
struct ChangePage: Sendable {
    var changes: [LoggedChange]
    var end: Int64
}

extension Database {
    func oldestChange() throws -> Int64? { try Int64.fetchOne(self, sql: "SELECT min(version) FROM changes") }

    /// The changes after a version, at most `most`. Throws `.expired` when the log does not know what came after it.
    func changes(in scope: WatchScope?, after position: Int64, most: Int) throws -> ChangePage {
        let newest = try storeVersion()
        let oldest = try oldestChange() ?? newest + 1
        guard position >= oldest - 1, position <= newest else {
            throw StoreError(
                .expired, "The changes after version \(position) are not known; known are \(oldest) to \(newest).",
                hint: "List again and watch from the version of that list.")
        }
        let sql = """
            SELECT version, change, kind, namespace, name, uid, document FROM changes
            WHERE version > :position AND (:kind IS NULL OR kind = :kind)
                AND (:namespace IS NULL OR namespace = :namespace)
            ORDER BY version LIMIT :most
            """
        let rows = try Row.fetchAll(
            cachedStatement(sql: sql),
            arguments: [
                "position": position, "kind": scope?.kind.rawValue, "namespace": scope?.namespace, "most": most,
            ])
        let changes = try rows.map(LoggedChange.init(row:))
        return ChangePage(changes: changes, end: rows.count < most ? newest : changes.last?.version ?? newest)
    }
}

extension LoggedChange {
    fileprivate init(row: Row) throws {
        version = row["version"]
        let kind = ResourceKind(rawValue: row["kind"])
        guard let change = ResourceChange.Kind(rawValue: row["change"]), let kind else {
            throw StoreError.unreadable("change \(version)", cause: nil)
        }
        self.change = change
        key = ResourceKey(kind: kind, namespace: row["namespace"], name: row["name"])
        uid = row["uid"]
        let text: String? = row["document"]
        json = text.map { Array($0.utf8) }
    }
}

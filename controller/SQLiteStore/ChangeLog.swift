import ChaosModel
// SPDX-License-Identifier: Apache-2.0
import Digests
import GRDB
import ResourceStore

/// What the change log keeps at most. Both hold to within a few hundred changes.
struct ChangeLimits: Sendable {
    var count: Int64
    var bytes: Int64
}

/// Writes down each change of a resource, with what it became, in the transaction that changes it; and its record in
/// the audit.
struct ChangeLog {
    let database: Database
    let audit: AuditWriting
    let origin: WriteOrigin
    let at: Timestamp
    let limits: ChangeLimits

    /// Gives the resource the next version. `before` is what was stored; it is kept along when the log no longer holds
    /// it, so that a list that was begun before this change can still be gone on with.
    func write(
        _ change: ResourceChange.Kind, _ stored: inout StoredResource, before: StoredResource?,
        call: StoreWrite.Operation
    ) throws {
        stored.version = try database.nextVersion()
        let document = try stored.document()
        let isLogged = try before.map { try holds(version: $0.version) } ?? true
        let earlier = isLogged ? nil : try before?.document()
        let sql = """
            INSERT INTO changes
            (version, change, kind, namespace, name, at_nanoseconds, size_bytes, uid, document, before)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """
        try database.cachedStatement(sql: sql).execute(
            arguments: [
                stored.version, change.rawValue, stored.key.kind.rawValue, stored.key.namespace, stored.key.name,
                at.nanosecondsSinceEpoch, document.utf8.count + (earlier?.utf8.count ?? 0), stored.uid, document,
                earlier,
            ])
        try forgetOldest(newest: stored.version)
        // What an agent reports every few seconds is nobody's order, and would bury what is.
        if call == .updateStatus, stored.key.kind == .host { return }
        try audit.append(entry(call, change, stored, before))
    }

    private func holds(version: Int64) throws -> Bool {
        let statement = try database.cachedStatement(
            sql: "SELECT 1 FROM changes WHERE version = ? AND document IS NOT NULL")
        return try Int.fetchOne(statement, arguments: [version]) != nil
    }

    /// A few hundred at a time.
    private func forgetOldest(newest: Int64) throws {
        guard newest % min(256, limits.count) == 0 else { return }
        try database.execute(sql: "DELETE FROM changes WHERE version <= ?", arguments: [newest - limits.count])
        let sql = """
            DELETE FROM changes WHERE version <= (
                SELECT max(version) FROM (
                    SELECT version, sum(size_bytes) OVER (ORDER BY version DESC) AS total FROM changes)
                WHERE total > ?)
            """
        try database.execute(sql: sql, arguments: [limits.bytes])
    }

    private func entry(
        _ call: StoreWrite.Operation, _ change: ResourceChange.Kind, _ stored: StoredResource, _ before: StoredResource?
    ) throws -> AuditEntry {
        var origin = origin
        origin.reason = origin.reason ?? stored.metadata.annotations?[WriteOrigin.reasonAnnotation]
        var detail: String?
        if call == .create || call == .update {
            // What was ordered can be shown later to be what was stored then.
            detail = "spec sha256:\(Hex.text(audit.digest(Array(stored.spec.utf8))))"
        } else if call == .delete, change == .modified {
            detail = stored.metadata.deletionTimestamp == nil ? "an owner is gone" : "waits for its finalizers"
        }
        return AuditEntry(
            at: at, origin: origin, action: call.rawValue, object: stored.key.description,
            result: "resourceVersion \(stored.version)", detail: detail)
    }
}

extension SQLiteStoreOptions {
    var changeLimits: ChangeLimits { ChangeLimits(count: changesKept, bytes: changeBytesKept) }
}

extension StoredResource {
    /// The whole object as JSON, from the texts of its row.
    func document() throws -> String {
        StoredJSON.document(
            key: key, version: version, generation: generation, metadata: try StoredJSON.encode(metadata), spec: spec,
            status: status)
    }
}

extension StoredJSON {
    /// The whole object. `metadata` is a JSON object with a name, and without the two members that are columns.
    static func document(
        key: ResourceKey, version: Int64, generation: Int64, metadata: String, spec: String, status: String?
    ) -> String {
        """
        {"apiVersion":"\(key.kind.apiVersion)","kind":"\(key.kind.rawValue)",\
        "metadata":{"generation":\(generation),"resourceVersion":"\(version)",\(metadata.dropFirst()),\
        "spec":\(spec)\(status.map { ",\"status\":" + $0 } ?? "")}
        """
    }
}

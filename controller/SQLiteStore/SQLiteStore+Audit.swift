// SPDX-License-Identifier: Apache-2.0
package import ChaosModel
import GRDB
package import ResourceStore

extension SQLiteStore {
    /// What chains this store's records: to verify them with.
    package var auditDigest: AuditDigest { options.digest }

    package func record(_ entry: AuditEntry) async throws(StoreError) { try await record(entry, isUrgent: false) }

    package func recordUndoIntent(_ entry: AuditEntry) async throws(StoreError) {
        try await record(entry, isUrgent: true)
    }

    private func record(_ entry: AuditEntry, isUrgent: Bool) async throws(StoreError) {
        let digest = options.digest
        try await write(.record, isUrgent: isUrgent) { database in
            _ = try AuditWriting(database: database, digest: digest).append(entry)
        }
    }

    package func auditEntries(
        after sequence: Int64, limit: Int
    ) async throws(StoreError) -> [ChainedAuditEntry] {
        try await read { database in
            let sql = "SELECT sequence, record, hash FROM audit WHERE sequence > ? ORDER BY sequence LIMIT ?"
            return try Row.fetchAll(database, sql: sql, arguments: [sequence, limit]).map { row in
                let record: String = row["record"]
                return ChainedAuditEntry(
                    sequence: row["sequence"], record: Array(record.utf8), hash: row.bytes("hash"))
            }
        }
    }

    package func auditHead() async throws(StoreError) -> AuditHead {
        let digest = options.digest
        return try await read { try AuditWriting(database: $0, digest: digest).head() }
    }

    package func checkpoint(
        key: String, at: Timestamp, sign: @escaping @Sendable ([UInt8]) throws -> [UInt8]
    ) async throws(StoreError) -> AuditCheckpoint? {
        let digest = options.digest
        return try await write(.record) { database in
            let audit = AuditWriting(database: database, digest: digest)
            let head = try audit.head()
            guard try audit.hasNews() else { return nil }
            let signature = try sign(AuditCheckpoint.message(for: head))
            let checkpoint = AuditCheckpoint(head: head, key: key, signature: signature)
            try audit.append(
                AuditEntry(
                    at: at, origin: .controller, action: AuditCheckpoint.action, object: "audit", result: "signed",
                    detail: try checkpoint.detail()))
            return checkpoint
        }
    }
}

extension AuditWriting {
    /// Whether the last record is there and is no checkpoint.
    fileprivate func hasNews() throws -> Bool {
        let sql = "SELECT json_extract(record, '$.action') FROM audit ORDER BY sequence DESC LIMIT 1"
        guard let action = try String.fetchOne(database, sql: sql) else { return false }
        return action != AuditCheckpoint.action
    }
}

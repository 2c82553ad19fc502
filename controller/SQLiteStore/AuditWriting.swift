// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials
import GRDB
import ResourceStore

/// Appends to the audit within one transaction, so that a change and its record are there together or not at all. The
/// last record is read under the lock of that transaction: of two processes that write, one chains after the other.
struct AuditWriting {
    let database: Database
    let digest: AuditDigest

    @discardableResult
    func append(_ entry: AuditEntry) throws -> AuditHead {
        let last = try head()
        var numbered = entry
        numbered.sequence = last.sequence + 1
        let record = try AuditChain.record(numbered)
        let hash = AuditChain.hash(of: record, after: last.hash, digest)
        try database.cachedStatement(sql: "INSERT INTO audit (sequence, record, hash) VALUES (?, ?, ?)").execute(
            arguments: [numbered.sequence, String(decoding: record, as: UTF8.self), Data(hash)])
        return AuditHead(sequence: numbered.sequence, hash: hash)
    }

    func head() throws -> AuditHead {
        let statement = try database.cachedStatement(
            sql: "SELECT sequence, hash FROM audit ORDER BY sequence DESC LIMIT 1")
        return try Row.fetchOne(statement).map(AuditHead.init(row:)) ?? .empty
    }
}

extension AuditHead {
    fileprivate init(row: Row) { self.init(sequence: row["sequence"], hash: row.bytes("hash")) }
}

extension Row {
    /// The bytes of a BLOB column.
    func bytes(_ column: String) -> [UInt8] {
        let data: Data = self[column]
        return [UInt8](data)
    }
}

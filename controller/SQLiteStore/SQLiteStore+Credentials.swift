// SPDX-License-Identifier: Apache-2.0
package import ChaosModel
import FoundationEssentials
import GRDB
package import ResourceStore

extension Schema {
    static let credentialTables = """
        CREATE TABLE credentials (
            id TEXT PRIMARY KEY, kind TEXT NOT NULL, name TEXT NOT NULL, groups TEXT NOT NULL, secret_hash BLOB,
            issued_nanoseconds INTEGER NOT NULL, expires_nanoseconds INTEGER, session_nanoseconds INTEGER NOT NULL,
            issued_by TEXT, purpose TEXT, last_used_nanoseconds INTEGER, redeemed_nanoseconds INTEGER
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX credentials_by_name ON credentials (name);
        CREATE INDEX credentials_by_issuer ON credentials (issued_by);
        CREATE INDEX credentials_by_end ON credentials (expires_nanoseconds);
        CREATE TABLE revocations (
            credential TEXT PRIMARY KEY, at_nanoseconds INTEGER NOT NULL, by TEXT NOT NULL, reason TEXT NOT NULL
        ) STRICT, WITHOUT ROWID;
        INSERT INTO counters VALUES ('revocation', 0);
        """
}

extension SQLiteStore: CredentialStore {
    /// How long an expired credential is still listed.
    private static let remembered = Duration.seconds(30 * 86_400)

    package func issue(_ credential: IssuedCredential) async throws(StoreError) {
        let audit = audit()
        try await write(.issueCredential) { database in
            if let issuer = credential.issuedBy { try database.useIssuer(issuer, at: credential.issuedAt) }
            try database.forgetCredentials(expiredBefore: credential.issuedAt.advanced(by: .zero - Self.remembered))
            try database.insert(credential)
            try audit.issued(credential, database)
        }
    }

    package func issueFirst(
        _ credential: IssuedCredential, ofGroup group: String
    ) async throws(StoreError) -> Bool {
        let audit = audit()
        return try await write(.issueCredential) { database in
            let sql = """
                SELECT count(*) FROM credentials, json_each(credentials.groups) AS member
                WHERE member.value = ? AND (redeemed_nanoseconds IS NOT NULL
                    OR (credentials.id NOT IN (SELECT credential FROM revocations)
                        AND (expires_nanoseconds IS NULL OR expires_nanoseconds > ?)))
                """
            let arguments: StatementArguments = [group, credential.issuedAt.nanosecondsSinceEpoch]
            guard try Int.fetchOne(database, sql: sql, arguments: arguments) == 0 else { return false }
            try database.insert(credential)
            try audit.issued(credential, database)
            return true
        }
    }

    package func credential(_ id: String) async throws(StoreError) -> CredentialRecord {
        try await read { database in
            let issued = try Row.fetchOne(
                database.cachedStatement(sql: "SELECT * FROM credentials WHERE id = ?"), arguments: [id])
            let revoked = try Row.fetchOne(
                database.cachedStatement(sql: "SELECT * FROM revocations WHERE credential = ?"), arguments: [id])
            return CredentialRecord(
                issued: try issued.map(IssuedCredential.init(row:)), revocation: revoked.map(Revocation.init(row:)))
        }
    }

    package func credentials() async throws(StoreError) -> [CredentialRecord] {
        try await read { database in
            let rows = try Row.fetchAll(database, sql: "SELECT * FROM revocations")
            var revocations = Dictionary(
                rows.map { (Revocation(row: $0).credential, Revocation(row: $0)) }, uniquingKeysWith: { a, _ in a })
            let issued = try Row.fetchAll(
                database, sql: "SELECT * FROM credentials ORDER BY issued_nanoseconds DESC, id")
            let known = try issued.map { row in
                let credential = try IssuedCredential(row: row)
                return CredentialRecord(
                    issued: credential, revocation: revocations.removeValue(forKey: credential.id))
            }
            let others = revocations.values.sorted { ($1.at, $0.credential) < ($0.at, $1.credential) }
            return known + others.map { CredentialRecord(issued: nil, revocation: $0) }
        }
    }

    package func noteUse(of id: String, at: Timestamp) async throws(StoreError) {
        try await write(.noteCredentialUse) { database in
            try database.execute(
                sql: "UPDATE credentials SET last_used_nanoseconds = ? WHERE id = ? AND last_used_nanoseconds IS NOT ?",
                arguments: [at.nanosecondsSinceEpoch, id, at.nanosecondsSinceEpoch])
        }
    }

    package func revoke(_ revocation: Revocation) async throws(StoreError) -> [String] {
        let audit = audit()
        return try await write(.revokeCredential) { database in
            let taken = try database.revoke([revocation.credential], revocation)
            try audit.revoked(taken, revocation, database)
            return taken
        }
    }

    package func revokeAll(ofName name: String, _ revocation: Revocation) async throws(StoreError) -> [String] {
        let audit = audit()
        return try await write(.revokeCredential) { database in
            let sql = "SELECT id FROM credentials WHERE name = ? ORDER BY id"
            let taken = try database.revoke(String.fetchAll(database, sql: sql, arguments: [name]), revocation)
            try audit.revoked(taken, revocation, database)
            return taken
        }
    }

    package func revocationCount() async throws(StoreError) -> Int64 {
        try await read { database in
            let statement = try database.cachedStatement(sql: "SELECT value FROM counters WHERE name = 'revocation'")
            return try Int64.fetchOne(statement) ?? 0
        }
    }
}

/// The audit's records of credentials, in the transaction that writes them.
private struct CredentialAudit: Sendable {
    let origin: WriteOrigin
    let digest: AuditDigest

    func issued(_ credential: IssuedCredential, _ database: Database) throws {
        let issuer = credential.issuedBy.map { ", for \($0)" } ?? ""
        let groups = credential.groups.joined(separator: ", ")
        let entry = AuditEntry(
            at: credential.issuedAt, origin: origin, action: "issueCredential", object: credential.id, result: "issued",
            detail: "\(credential.kind.rawValue) of \(credential.name), groups [\(groups)]\(issuer)")
        try AuditWriting(database: database, digest: digest).append(entry)
    }

    func revoked(_ taken: [String], _ revocation: Revocation, _ database: Database) throws {
        var origin = origin
        origin.reason = revocation.reason
        for credential in taken {
            let entry = AuditEntry(
                at: revocation.at, origin: origin, action: "revokeCredential", object: credential, result: "revoked",
                detail: "by \(revocation.by)")
            try AuditWriting(database: database, digest: digest).append(entry)
        }
    }
}

extension SQLiteStore {
    /// The origin is of the task that asks.
    private func audit() -> CredentialAudit { CredentialAudit(origin: .current, digest: options.digest) }
}

extension Database {
    /// Refuses an issuer that was taken back meanwhile, and a one-time token that was exchanged before.
    fileprivate func useIssuer(_ id: String, at: Timestamp) throws {
        let revoked = "SELECT count(*) FROM revocations WHERE credential = ?"
        guard try Int.fetchOne(self, sql: revoked, arguments: [id]) == 0 else {
            throw StoreError(
                .conflict, "The credential \(id) was revoked.", hint: "Ask an admin for a new one.")
        }
        let kind = try String.fetchOne(self, sql: "SELECT kind FROM credentials WHERE id = ?", arguments: [id])
        guard kind == IssuedCredential.Kind.oneTimeToken.rawValue else { return }
        let redeem = "UPDATE credentials SET redeemed_nanoseconds = ? WHERE id = ? AND redeemed_nanoseconds IS NULL"
        try execute(sql: redeem, arguments: [at.nanosecondsSinceEpoch, id])
        guard changesCount == 1 else {
            throw StoreError(
                .conflict, "The one-time token \(id) was used before.", hint: "Ask an admin for a new one.")
        }
    }

    /// Exchanged tokens stay: they say that the first start is over.
    fileprivate func forgetCredentials(expiredBefore end: Timestamp) throws {
        let old = """
            SELECT id FROM credentials
            WHERE expires_nanoseconds < ? AND redeemed_nanoseconds IS NULL
            """
        let arguments: StatementArguments = [end.nanosecondsSinceEpoch]
        try execute(sql: "DELETE FROM revocations WHERE credential IN (\(old))", arguments: arguments)
        try execute(sql: "DELETE FROM credentials WHERE id IN (\(old))", arguments: arguments)
    }

    fileprivate func insert(_ credential: IssuedCredential) throws {
        let columns: [(any DatabaseValueConvertible)?] = [
            credential.id, credential.kind.rawValue, credential.name, try StoredJSON.encode(credential.groups),
            credential.secretHash.map { Data($0) }, credential.issuedAt.nanosecondsSinceEpoch,
            credential.expiresAt?.nanosecondsSinceEpoch, credential.sessionBegan.nanosecondsSinceEpoch,
            credential.issuedBy, credential.purpose, credential.lastUsedAt?.nanosecondsSinceEpoch,
            credential.redeemedAt?.nanosecondsSinceEpoch,
        ]
        let marks = columns.map { _ in "?" }.joined(separator: ", ")
        do {
            try execute(sql: "INSERT INTO credentials VALUES (\(marks))", arguments: StatementArguments(columns))
        } catch let error as DatabaseError where error.extendedResultCode == .SQLITE_CONSTRAINT_PRIMARYKEY {
            throw StoreError(
                .alreadyExists, "There is a credential \(credential.id) already.", hint: "Make another.", cause: error)
        }
    }

    /// Each with all that descend from it. A circle of issuers ends, as UNION keeps each once.
    fileprivate func revoke(_ roots: [String], _ revocation: Revocation) throws -> [String] {
        let sql = """
            WITH RECURSIVE taken (id) AS (
                SELECT value FROM json_each(?)
                UNION SELECT credentials.id FROM credentials JOIN taken ON credentials.issued_by = taken.id
            )
            SELECT id FROM taken WHERE id NOT IN (SELECT credential FROM revocations) ORDER BY id
            """
        let taken = try String.fetchAll(self, sql: sql, arguments: [StoredJSON.encode(roots)])
        for id in taken {
            try execute(
                sql: "INSERT INTO revocations VALUES (?, ?, ?, ?)",
                arguments: [id, revocation.at.nanosecondsSinceEpoch, revocation.by, revocation.reason])
        }
        if !taken.isEmpty { try execute(sql: "UPDATE counters SET value = value + 1 WHERE name = 'revocation'") }
        return taken
    }
}

extension IssuedCredential {
    fileprivate init(row: Row) throws {
        let kind: String = row["kind"]
        let hash: Data? = row["secret_hash"]
        guard let kind = Kind(rawValue: kind) else {
            throw StoreError.unreadable("credential \(row["id"] as String)", cause: nil)
        }
        let id: String = row["id"]
        self.init(
            id: id, kind: kind, name: row["name"],
            groups: try StoredJSON.decode([String].self, row["groups"], what: "the groups of \(id)"),
            secretHash: hash.map { [UInt8]($0) },
            issuedAt: Timestamp(nanosecondsSinceEpoch: row["issued_nanoseconds"]),
            expiresAt: Self.timestamp(row["expires_nanoseconds"]))
        sessionBegan = Timestamp(nanosecondsSinceEpoch: row["session_nanoseconds"])
        issuedBy = row["issued_by"]
        purpose = row["purpose"]
        lastUsedAt = Self.timestamp(row["last_used_nanoseconds"])
        redeemedAt = Self.timestamp(row["redeemed_nanoseconds"])
    }

    private static func timestamp(_ nanoseconds: Int64?) -> Timestamp? {
        nanoseconds.map { Timestamp(nanosecondsSinceEpoch: $0) }
    }
}

extension Revocation {
    fileprivate init(row: Row) {
        self.init(
            credential: row["credential"], at: Timestamp(nanosecondsSinceEpoch: row["at_nanoseconds"]),
            by: row["by"], reason: row["reason"])
    }
}

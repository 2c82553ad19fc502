// SPDX-License-Identifier: Apache-2.0
import GRDB
package import ResourceStore

/// The outbox: reports that are on their way. An entry stays until its run is removed.
extension SQLiteStore {
    package func enqueue(_ entry: OutboxEntry) async throws(StoreError) {
        try await write(.enqueue) { database in
            try database.execute(
                sql: """
                    INSERT INTO outbox (id, run, destination, sequence, is_pending, entry) VALUES (?, ?, ?, ?, ?, ?)
                    ON CONFLICT (id) DO NOTHING
                    """,
                arguments: [
                    entry.id, entry.run, try StoredJSON.encode(entry.report), entry.sequence, entry.isPending,
                    try StoredJSON.encode(entry),
                ])
        }
    }

    package func pendingReports(run: String?) async throws(StoreError) -> [OutboxEntry] {
        try await look { database in
            let sql = """
                SELECT entry FROM outbox WHERE is_pending AND (:run IS NULL OR run = :run)
                ORDER BY run, destination, sequence, number
                """
            return try entries(String.fetchAll(database.cachedStatement(sql: sql), arguments: ["run": run]))
        }
    }

    package func reportSlips(run: String) async throws(StoreError) -> [ReportSlip] {
        try await look { database in
            let sql = "SELECT id, sequence, is_pending FROM outbox WHERE run = ? ORDER BY sequence, number"
            return try Row.fetchAll(database.cachedStatement(sql: sql), arguments: [run]).map {
                ReportSlip(id: $0["id"], sequence: $0["sequence"], isPending: $0["is_pending"])
            }
        }
    }

    package func deliveries(run: String) async throws(StoreError) -> [OutboxEntry] {
        try await look { database in
            let sql = "SELECT entry FROM outbox WHERE run = ? ORDER BY sequence, number"
            return try entries(String.fetchAll(database.cachedStatement(sql: sql), arguments: [run]))
        }
    }

    package func updateOutbox(_ entry: OutboxEntry) async throws(StoreError) {
        try await write(.updateOutbox) { database in
            try database.execute(
                sql: "UPDATE outbox SET is_pending = ?, entry = ? WHERE id = ?",
                arguments: [entry.isPending, try StoredJSON.encode(entry), entry.id])
            guard database.changesCount == 1 else {
                throw StoreError(
                    .notFound, "Report \(entry.id) is not in the outbox.", hint: "Its run was removed; let it go.")
            }
        }
    }
}

private func entries(_ stored: [String]) throws -> [OutboxEntry] {
    try stored.map { try StoredJSON.decode(OutboxEntry.self, $0, what: "a report in the outbox") }
}

extension OutboxEntry {
    fileprivate var isPending: Bool { deliveredAt == nil && gaveUpAt == nil }
}

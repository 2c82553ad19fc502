package import ChaosModel
// SPDX-License-Identifier: Apache-2.0
import GRDB
package import ResourceStore
import Synchronization

/// The outbox: reports that are on their way. An entry stays until its run is removed.
extension SQLiteStore {
    package func enqueue(_ entry: OutboxEntry) async throws(StoreError) {
        try await write(.enqueue) { database in
            try database.execute(
                sql: """
                    INSERT INTO outbox (id, run, destination, sequence, is_pending, entry, queue, due_nanoseconds)
                    VALUES (?, ?, ?, ?, ?, ?, ?, ?)
                    ON CONFLICT (id) DO NOTHING
                    """,
                arguments: [
                    entry.id, entry.run, try StoredJSON.encode(entry.report), entry.sequence, entry.isPending,
                    try StoredJSON.encode(entry), entry.queue.destination, entry.dueNanoseconds,
                ])
        }
    }

    package func pendingReports(run: String?) async throws(StoreError) -> [OutboxEntry] {
        try await look { [reports] database in
            let sql = """
                SELECT entry FROM outbox WHERE is_pending AND (:run IS NULL OR run = :run)
                ORDER BY run, destination, sequence, number
                """
            return try reports.entries(String.fetchAll(database.cachedStatement(sql: sql), arguments: ["run": run]))
        }
    }

    package func dueReports(run: String?, now: Timestamp, most: Int) async throws(StoreError) -> [ReportQueue] {
        try await look { database in
            // From the index of what is pending alone.
            let sql = """
                SELECT run, queue FROM outbox AS first
                WHERE is_pending AND due_nanoseconds <= :now AND (:run IS NULL OR run = :run)
                    AND NOT EXISTS (
                        SELECT 1 FROM outbox AS earlier
                        WHERE earlier.is_pending AND earlier.run = first.run AND earlier.queue = first.queue
                            AND (earlier.sequence, earlier.number) < (first.sequence, first.number))
                ORDER BY due_nanoseconds, number LIMIT :most
                """
            let arguments: StatementArguments = ["now": now.nanosecondsSinceEpoch, "run": run, "most": most]
            return try Row.fetchAll(database.cachedStatement(sql: sql), arguments: arguments).map {
                ReportQueue(run: $0["run"], destination: $0["queue"])
            }
        }
    }

    package func pendingReports(in queue: ReportQueue, most: Int) async throws(StoreError) -> [OutboxEntry] {
        try await look { [reports] database in
            let sql = """
                SELECT entry FROM outbox WHERE is_pending AND run = ? AND queue = ? ORDER BY sequence, number LIMIT ?
                """
            return try reports.entries(
                String.fetchAll(
                    database.cachedStatement(sql: sql), arguments: [queue.run, queue.destination, most]))
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
        try await look { [reports] database in
            let sql = "SELECT entry FROM outbox WHERE run = ? ORDER BY sequence, number"
            return try reports.entries(String.fetchAll(database.cachedStatement(sql: sql), arguments: [run]))
        }
    }

    package func updateOutbox(_ entry: OutboxEntry) async throws(StoreError) {
        try await write(.updateOutbox) { database in
            try database.execute(
                sql: "UPDATE outbox SET is_pending = ?, entry = ?, due_nanoseconds = ? WHERE id = ?",
                arguments: [entry.isPending, try StoredJSON.encode(entry), entry.dueNanoseconds, entry.id])
            guard database.changesCount == 1 else {
                throw StoreError(
                    .notFound, "Report \(entry.id) is not in the outbox.", hint: "Its run was removed; let it go.")
            }
        }
    }
}

/// Reports as this process last decoded them: those that wait are looked at ten times a second, and the payload makes
/// each a long text.
final class DecodedReports: Sendable {
    /// Beyond this everything is forgotten: what still waits is decoded anew.
    private static let most = 256
    private let known = Mutex<[String: OutboxEntry]>([:])

    func entries(_ stored: [String]) throws -> [OutboxEntry] { try stored.map(entry) }

    private func entry(_ text: String) throws -> OutboxEntry {
        if let entry = known.withLock({ $0[text] }) { return entry }
        let entry = try StoredJSON.decode(OutboxEntry.self, text, what: "a report in the outbox")
        known.withLock { known in
            if known.count >= Self.most { known = [:] }
            known[text] = entry
        }
        return entry
    }
}

extension OutboxEntry {
    fileprivate var isPending: Bool { deliveredAt == nil && gaveUpAt == nil }

    /// 0 before the first attempt.
    fileprivate var dueNanoseconds: Int64 { nextAttempt?.nanosecondsSinceEpoch ?? 0 }
}

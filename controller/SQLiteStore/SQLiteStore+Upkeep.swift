// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import GRDB
package import ResourceStore

/// What one round of upkeep did.
package struct UpkeepReport: Sendable, Codable, Equatable {
    package var runsRemoved: [String]
    package var changesRemoved: Int
    /// The size of the file before and after.
    package var bytesBefore: Int64
    package var bytesAfter: Int64
    /// Whether there is room for new work; true as well when no room is set aside.
    package var hasRoom: Bool
}

/// Keeps the store small: removes runs whose time is over and old changes, and gives the room back to the disk.
extension SQLiteStore {
    private static let lease = "store/upkeep"
    private static let leaseLength = Duration.seconds(600)
    private static let pagesAtOnce = 2_000

    /// One round. Each removal is a transaction of its own, so that nobody waits long for the store; stopping it leaves
    /// a sound store. Nil when another process is at it.
    package func upkeep(_ policy: RetentionPolicy, holder: String) async throws(StoreError) -> UpkeepReport? {
        let now = options.environment.now()
        let outcome = try await acquireLease(Self.lease, holder: holder, for: Self.leaseLength, now: now)
        guard case .held = outcome else { return nil }
        do throws(StoreError) {
            let report = try await keepUp(policy, now)
            try await releaseLease(Self.lease, holder: holder)
            return report
        } catch {
            // The first error is the one to tell; a lease that is not given back runs out.
            try? await releaseLease(Self.lease, holder: holder)
            throw error
        }
    }

    /// The runs that a round would remove now.
    package func runsDue(_ policy: RetentionPolicy) async throws(StoreError) -> [KeptRun] {
        policy.due(try await read { try $0.keptRuns() }, now: options.environment.now())
    }

    private func keepUp(_ policy: RetentionPolicy, _ now: Timestamp) async throws(StoreError) -> UpkeepReport {
        let before = try await read { try $0.fileBytes() }
        var removed: [String] = []
        for run in try await runsDue(policy) where try await remove(run) { removed.append(run.key.description) }
        let oldest = now.advanced(by: .zero - policy.changesFor)
        let changes = try await write(.upkeep) { database in
            try database.forgetRuns()
            try database.forgetLeases(endedBefore: now.advanced(by: .seconds(-86_400)))
            return try database.forgetChanges(before: oldest)
        }
        try await shrink()
        return UpkeepReport(
            runsRemoved: removed, changesRemoved: changes, bytesBefore: before,
            bytesAfter: try await read { try $0.fileBytes() }, hasRoom: reserve?.hasRoom() ?? true)
    }

    /// False when it went, or changed, since it was looked at.
    private func remove(_ run: KeptRun) async throws(StoreError) -> Bool {
        let options = options
        let origin = WriteOrigin(actor: "system:retention", reason: "its time is over")
        return try await write(.upkeep) { database in
            guard try database.keptRuns(uid: run.uid).first == run else { return false }
            try options.writing(database, by: origin).delete(run.key, ifVersion: nil, dependents: .goAlong)
            return true
        }
    }

    /// Gives free pages back, a few thousand at a time, and then empties the write-ahead log, as far as readers let it.
    private func shrink() async throws(StoreError) {
        var left = Int.max
        while true {
            let free = try await outsideTransaction { database in
                _ = try Row.fetchAll(database, sql: "PRAGMA incremental_vacuum(\(Self.pagesAtOnce))")
                return try Int.fetchOne(database, sql: "PRAGMA freelist_count") ?? 0
            }
            if free == 0 || free >= left { break }
            left = free
        }
        if writer.path == SQLiteFile.memory { return }
        try await outsideTransaction { database in
            _ = try Row.fetchAll(database, sql: "PRAGMA wal_checkpoint(TRUNCATE)")
        }
    }

    /// On the writing connection, for what SQLite does in transactions of its own.
    func outsideTransaction<T: Sendable>(
        _ body: @escaping @Sendable (Database) throws -> T
    ) async throws(StoreError) -> T {
        let path = writer.path
        let result: Result<T, StoreError> = await withCheckedContinuation { continuation in
            writer.asyncWriteWithoutTransaction { database in
                do {
                    continuation.resume(returning: .success(try body(database)))
                } catch {
                    continuation.resume(returning: .failure(StoreError(wrapping: error, path: path)))
                }
            }
        }
        return try result.get()
    }
}

extension Database {
    fileprivate func fileBytes() throws -> Int64 {
        let pages = try Int64.fetchOne(self, sql: "PRAGMA page_count") ?? 0
        return pages * (try Int64.fetchOne(self, sql: "PRAGMA page_size") ?? 0)
    }

    /// What retention needs to know of all runs, or of one.
    fileprivate func keptRuns(uid: String? = nil) throws -> [KeptRun] {
        let sql = """
            SELECT namespace, name, uid, json_extract(spec, '$.experiment') AS experiment,
                json_extract(status, '$.phase') AS phase, json_extract(status, '$.endedAt') AS ended_at,
                json_extract(status, '$.undo') AS undo,
                EXISTS (SELECT 1 FROM json_each(metadata, '$.annotations') a WHERE a.key = :acknowledged) AS is_known,
                EXISTS (SELECT 1 FROM outbox o WHERE o.run = resources.uid AND o.is_pending) AS is_reporting
            FROM resources WHERE kind = 'Run' AND (:uid IS NULL OR uid = :uid)
            """
        let arguments: StatementArguments = ["uid": uid, "acknowledged": RetentionPolicy.acknowledgement]
        return try Row.fetchAll(self, sql: sql, arguments: arguments).map(KeptRun.init(row:))
    }

    fileprivate func forgetChanges(before oldest: Timestamp) throws -> Int {
        // Only from the front, whatever the clock did meanwhile: a log with a hole would lie to its watchers.
        let sql = """
            DELETE FROM changes WHERE version < coalesce(
                (SELECT min(version) FROM changes WHERE at_nanoseconds >= ?),
                (SELECT max(version) + 1 FROM changes))
            """
        try execute(sql: sql, arguments: [oldest.nanosecondsSinceEpoch])
        return changesCount
    }

    /// A day is longer than any clock here is wrong by.
    fileprivate func forgetLeases(endedBefore end: Timestamp) throws {
        try execute(
            sql: "DELETE FROM leases WHERE until_nanoseconds < ?", arguments: [end.nanosecondsSinceEpoch])
    }

    /// A run that is gone, and of which nothing counts any more, needs no note that it is over: its uid never comes
    /// back.
    fileprivate func forgetRuns() throws {
        try execute(
            sql: """
                DELETE FROM finished_runs WHERE run NOT IN (SELECT run FROM reservations)
                    AND run NOT IN (SELECT uid FROM resources)
                """)
    }
}

extension KeptRun {
    fileprivate init(row: Row) throws {
        let key = ResourceKey(kind: .run, namespace: row["namespace"], name: row["name"])
        let phase: String? = row["phase"]
        let ended: String? = row["ended_at"]
        let undo: String? = row["undo"]
        self.init(
            key: key, uid: row["uid"], experiment: row["experiment"], isDone: phase == RunPhase.done.rawValue,
            endedAt: ended.flatMap(Timestamp.init), isDirty: undo == UndoState.dirty.rawValue,
            isAcknowledged: row["is_known"], hasPendingReports: row["is_reporting"])
    }
}

// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import GRDB
package import ResourceStore

/// Caps are counted and the reservation is written in one IMMEDIATE transaction: no other writer, in this process or
/// another, can come between. A process that dies before the commit has reserved nothing; one that dies after it
/// finds its reservation again under the same id.
extension SQLiteStore {
    package func reserve(
        _ reservation: Reservation, caps: ReservationCaps
    ) async throws(StoreError) -> ReservationOutcome {
        let uptime = options.environment.uptime
        return try await write(.reserve) { database in
            let book = ReservationBook(database: database, uptime: uptime())
            let facts = try book.facts(reservation)
            if let held = try book.reservation(reservation.id) {
                return try caps.repeated(held, reservation, facts)
            }
            if let reason = caps.objection(to: reservation, facts) {
                return .refused(reason: reason)
            }
            return .held(fencingToken: try book.insert(reservation))
        }
    }

    package func release(reservation id: String) async throws(StoreError) {
        try await write(.release) { database in
            try database.execute(sql: "DELETE FROM reservations WHERE id = ?", arguments: [id])
        }
    }

    package func finish(run: String) async throws(StoreError) {
        let uptime = options.environment.uptime
        let now = options.environment.now
        try await write(.finish) { database in
            let book = ReservationBook(database: database, uptime: uptime())
            try book.finish(run, now: now())
            try book.forgetFinished(now: now())
        }
    }

    package func reservations(run: String) async throws(StoreError) -> [HeldReservation] {
        try await read { database in
            let sql = ReservationBook.columns + " WHERE run = ? ORDER BY token"
            return try Row.fetchAll(database, sql: sql, arguments: [run]).map(HeldReservation.init(row:))
        }
    }
}

/// The table of reservations within one transaction.
private struct ReservationBook {
    static let columns = """
        SELECT id, run, target, target_group, at_nanoseconds, token,
            EXISTS (SELECT 1 FROM finished_runs f WHERE f.run = r.run) AS is_finished
        FROM reservations r
        """
    /// True for what did nothing in the last 24 hours: its run is over, and that was 24 hours ago by this boot's
    /// running time or, if it was in another boot, by the date.
    private static let isOverADayOld = """
        run IN (SELECT run FROM finished_runs) AND CASE WHEN boot_id = :boot AND boot_id <> ''
        THEN uptime_nanoseconds <= :uptime - 86400000000000 ELSE last_nanoseconds <= :at - 86400000000000 END
        """

    let database: Database
    let uptime: Uptime

    func reservation(_ id: String) throws -> HeldReservation? {
        try Row.fetchOne(database, sql: Self.columns + " WHERE id = ?", arguments: [id]).map(HeldReservation.init(row:))
    }

    func facts(_ asked: Reservation) throws -> ReservationFacts {
        let held = "FROM reservations r WHERE NOT EXISTS (SELECT 1 FROM finished_runs f WHERE f.run = r.run)"
        return ReservationFacts(
            isRunFinished: try count("SELECT count(*) FROM finished_runs WHERE run = ?", [asked.run]) > 0,
            holder: try String.fetchOne(
                database, sql: "SELECT run \(held) AND target = ? AND run <> ? ORDER BY token",
                arguments: [asked.target, asked.run]),
            ofRun: try count(
                "SELECT count(*) FROM reservations WHERE run = ? AND id <> ?", [asked.run, asked.id]),
            ofDay: try countOfLastDay(asked),
            ofGroup: try count("SELECT count(*) \(held) AND target_group = ? AND id <> ?", [asked.group, asked.id]),
            ofGroupAndDay: try countOfLastDay(asked, inGroup: true))
    }

    func insert(_ asked: Reservation) throws -> Int64 {
        let token = try database.nextToken()
        try database.execute(
            sql: "INSERT INTO reservations VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            arguments: [
                asked.id, asked.run, asked.target, asked.group, asked.at.nanosecondsSinceEpoch, token,
                asked.at.nanosecondsSinceEpoch, uptime.bootID, uptime.nanoseconds,
            ])
        return token
    }

    /// The run may have acted until now, so its reservations count for 24 hours from now.
    func finish(_ run: String, now: Timestamp) throws {
        try database.execute(sql: "INSERT OR IGNORE INTO finished_runs VALUES (?)", arguments: [run])
        guard database.changesCount > 0 else { return }
        let sql = """
            UPDATE reservations SET last_nanoseconds = max(last_nanoseconds, ?), boot_id = ?, uptime_nanoseconds = ?
            WHERE run = ?
            """
        try database.execute(
            sql: sql, arguments: [now.nanosecondsSinceEpoch, uptime.bootID, uptime.nanoseconds, run])
    }

    /// Reservations of finished runs are kept only as long as they count for the day.
    func forgetFinished(now: Timestamp) throws {
        try database.execute(
            sql: "DELETE FROM reservations WHERE \(Self.isOverADayOld)",
            arguments: ["at": now.nanosecondsSinceEpoch, "boot": uptime.bootID, "uptime": uptime.nanoseconds])
    }

    private func countOfLastDay(_ asked: Reservation, inGroup: Bool = false) throws -> Int {
        var sql = "SELECT count(*) FROM reservations WHERE NOT (\(Self.isOverADayOld)) AND id <> :id"
        var arguments: StatementArguments = [
            "at": asked.at.nanosecondsSinceEpoch, "boot": uptime.bootID, "uptime": uptime.nanoseconds, "id": asked.id,
        ]
        if inGroup {
            sql += " AND target_group = :group"
            arguments += ["group": asked.group]
        }
        return try count(sql, arguments)
    }

    private func count(_ sql: String, _ arguments: StatementArguments) throws -> Int {
        try Int.fetchOne(database.cachedStatement(sql: sql), arguments: arguments) ?? 0
    }
}

extension HeldReservation {
    fileprivate init(row: Row) {
        let reservation = Reservation(
            id: row["id"], run: row["run"], target: row["target"], group: row["target_group"],
            at: Timestamp(nanosecondsSinceEpoch: row["at_nanoseconds"]))
        self.init(reservation: reservation, fencingToken: row["token"], isFinished: row["is_finished"])
    }
}

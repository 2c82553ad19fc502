// SPDX-License-Identifier: Apache-2.0
import GRDB
import ResourceStore

/// The tables, and the steps from each version of them to the next. `user_version` counts the steps that were taken.
enum Schema {
    /// Says "this SQLite file is a Rebound store" (sqlite.org/pragma.html#pragma_application_id): "RbSt".
    private static let applicationID: Int64 = 0x5262_5374
    private static let steps: [String] = [version1, version2, credentialTables, version4]

    /// Checks the file and brings its schema up to date, in one transaction, so that of several processes one does it.
    static func prepare(_ writer: any DatabaseWriter, checkingIntegrity: Bool) throws {
        let path = writer.path
        try writer.writeWithoutTransaction { database in
            if checkingIntegrity, let finding = try database.integrityFinding(isQuick: true) {
                throw StoreError.damaged(path, finding: finding)
            }
            if try isUpToDate(database, path) { return }
            try database.inTransaction(.immediate) {
                try migrate(database, path)
                return .commit
            }
            try makeShrinkable(database)
        }
    }

    /// A file that was made before version 2 has to be written anew once, to be able to give room back later. Without
    /// the room or the time for that the store is as good as before.
    private static func makeShrinkable(_ database: Database) throws {
        guard try Int.fetchOne(database, sql: "PRAGMA auto_vacuum") == 0 else { return }
        do { try database.execute(sql: "VACUUM") } catch let error as DatabaseError {
            guard [.SQLITE_FULL, .SQLITE_BUSY, .SQLITE_LOCKED].contains(error.resultCode) else { throw error }
        }
    }

    /// Throws `.invalid` for anything but a store of this version or an earlier one.
    static func checkIsStore(_ database: Database, _ path: String) throws {
        let isMarked = try Int64.fetchOne(database, sql: "PRAGMA application_id") == applicationID
        guard try isUpToDate(database, path) || isMarked else {
            throw StoreError(
                .invalid, "\(path) is empty, and no backup of a store.",
                hint: "Name a file that `rebound store backup` made.")
        }
    }

    /// Brings a copy up to date, within the caller's transaction.
    static func migrateInTransaction(_ database: Database, _ path: String) throws { try migrate(database, path) }

    private static func isUpToDate(_ database: Database, _ path: String) throws -> Bool {
        let identity = try Int64.fetchOne(database, sql: "PRAGMA application_id") ?? 0
        let version = try Int.fetchOne(database, sql: "PRAGMA user_version") ?? 0
        if identity == applicationID {
            guard version <= steps.count else {
                throw StoreError(
                    .invalid, "The store \(path) has schema version \(version); this program knows \(steps.count).",
                    hint: "Use the newer rebound that wrote it, or name another file with --store.")
            }
            return version == steps.count
        }
        let tables = try Int.fetchOne(database, sql: "SELECT count(*) FROM sqlite_schema") ?? 0
        guard identity == 0, version == 0, tables == 0 else {
            throw StoreError(
                .invalid, "\(path) is a SQLite database of another program.",
                hint: "Name a file that does not exist yet with --store.")
        }
        return false
    }

    private static func migrate(_ database: Database, _ path: String) throws {
        if try isUpToDate(database, path) { return }  // Another process did it while we waited for the lock.
        let version = try Int.fetchOne(database, sql: "PRAGMA user_version") ?? 0
        for step in steps.dropFirst(version) { try database.execute(sql: step) }
        try database.execute(sql: "PRAGMA application_id = \(applicationID)")
        try database.execute(sql: "PRAGMA user_version = \(steps.count)")
    }

    /// Resources as JSON beside the columns they are found by; the change log; what runs reserve, report and measure.
    private static let version1 = """
        CREATE TABLE counters (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;
        INSERT INTO counters VALUES ('version', 0), ('token', 0);

        CREATE TABLE resources (
            kind TEXT NOT NULL, namespace TEXT NOT NULL, name TEXT NOT NULL, uid TEXT NOT NULL UNIQUE,
            version INTEGER NOT NULL, generation INTEGER NOT NULL,
            metadata TEXT NOT NULL, spec TEXT NOT NULL, status TEXT,
            PRIMARY KEY (kind, namespace, name)
        ) STRICT;
        CREATE TABLE owners (
            owned TEXT NOT NULL REFERENCES resources (uid) ON DELETE CASCADE, owner TEXT NOT NULL,
            PRIMARY KEY (owned, owner)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX owners_by_owner ON owners (owner);
        CREATE TABLE changes (
            version INTEGER PRIMARY KEY, change TEXT NOT NULL,
            kind TEXT NOT NULL, namespace TEXT NOT NULL, name TEXT NOT NULL
        ) STRICT;

        CREATE TABLE reservations (
            id TEXT PRIMARY KEY, run TEXT NOT NULL, target TEXT NOT NULL, target_group TEXT NOT NULL,
            at_nanoseconds INTEGER NOT NULL, token INTEGER NOT NULL UNIQUE,
            last_nanoseconds INTEGER NOT NULL, boot_id TEXT NOT NULL, uptime_nanoseconds INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX reservations_by_run ON reservations (run);
        CREATE INDEX reservations_by_target ON reservations (target);
        CREATE INDEX reservations_by_group ON reservations (target_group);
        CREATE TABLE finished_runs (run TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;

        CREATE TABLE outbox (
            number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, run TEXT NOT NULL,
            destination TEXT NOT NULL, sequence INTEGER NOT NULL, is_pending INTEGER NOT NULL, entry TEXT NOT NULL
        ) STRICT;
        CREATE INDEX outbox_by_run ON outbox (run, sequence);
        CREATE INDEX outbox_pending ON outbox (run) WHERE is_pending;

        CREATE TABLE measurements (
            number INTEGER PRIMARY KEY AUTOINCREMENT, run TEXT NOT NULL, content TEXT NOT NULL, data BLOB NOT NULL
        ) STRICT;
        CREATE INDEX measurements_by_run ON measurements (run);

        CREATE TABLE leases (
            name TEXT PRIMARY KEY, holder TEXT NOT NULL, token INTEGER NOT NULL, until_nanoseconds INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;
        """

    /// The change log with contents, so that it can be watched and listed from; the audit.
    private static let version2 = """
        ALTER TABLE changes ADD COLUMN at_nanoseconds INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE changes ADD COLUMN size_bytes INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE changes ADD COLUMN uid TEXT;
        ALTER TABLE changes ADD COLUMN document TEXT;
        ALTER TABLE changes ADD COLUMN before TEXT;
        CREATE INDEX changes_by_key ON changes (kind, namespace, name, version);

        CREATE TABLE audit (sequence INTEGER PRIMARY KEY, record TEXT NOT NULL, hash BLOB NOT NULL) STRICT;
        """

    /// When a report is due, and in which queue it stands, so that looking for what is due reads no payload; a queue is
    /// what follows the last stroke of the id. And the way to the injections of a run, which its every turn looks at.
    private static let version4 = """
        ALTER TABLE outbox ADD COLUMN queue TEXT NOT NULL DEFAULT '';
        ALTER TABLE outbox ADD COLUMN due_nanoseconds INTEGER NOT NULL DEFAULT 0;
        UPDATE outbox SET queue = replace(id, rtrim(id, replace(id, '/', '')), '') WHERE is_pending;
        CREATE INDEX outbox_due ON outbox (run, queue, sequence, number, due_nanoseconds) WHERE is_pending;
        CREATE INDEX resources_by_run ON resources
            (kind, json_extract(metadata, '$.labels."rebound/run"'), namespace, name);
        """
}

import GRDB
// SPDX-License-Identifier: Apache-2.0
import Glibc
import ResourceStore

/// The store's place on the disk, and how it is connected to.
enum SQLiteFile {
    static let memory = ":memory:"
    /// With waits of at most 5 ms, a writer waits about 30 s for the others before it says the store is unavailable.
    private static let mostWaits = 6_000
    private static let mostOpenings = 20

    /// Makes the folder (0700) and the file (0600). SQLite gives its -wal and -shm files the mode of the file.
    static func prepare(_ path: String) throws(StoreError) {
        if let slash = path.lastIndex(of: "/"), slash != path.startIndex { try makeFolder(String(path[..<slash])) }
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw StoreError(errno: errno, opening: path) }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw StoreError(errno: errno, opening: path) }
        if status.st_mode & 0o077 != 0, fchmod(descriptor, 0o600) != 0 {
            throw StoreError(errno: errno, opening: path)
        }
    }

    /// Makes the folder and those above it; one that is there keeps its mode.
    private static func makeFolder(_ path: String) throws(StoreError) {
        if mkdir(path, 0o700) == 0 || errno == EEXIST { return }
        guard errno == ENOENT, let slash = path.lastIndex(of: "/"), slash != path.startIndex else {
            throw StoreError(errno: errno, opening: path)
        }
        try makeFolder(String(path[..<slash]))
        if mkdir(path, 0o700) != 0, errno != EEXIST { throw StoreError(errno: errno, opening: path) }
    }

    /// Opens connections: one that writes, and for a file up to five that read.
    static func connect(_ path: String) throws -> any DatabaseWriter {
        var configuration = Configuration()
        configuration.label = "rebound.store"
        configuration.foreignKeysEnabled = true
        configuration.busyMode = .callback { waits in
            guard waits < mostWaits else { return false }
            usleep(waits < 20 ? 1_000 : 5_000)  // On the connection's own queue.
            return true
        }
        // Takes effect when the file is made, and for an older file when it is rewritten by VACUUM: compacting then
        // gives the room back (sqlite.org/pragma.html#pragma_auto_vacuum).
        configuration.prepareDatabase { database in
            guard !database.configuration.readonly, try Int.fetchOne(database, sql: "PRAGMA auto_vacuum") == 0 else {
                return
            }
            try database.execute(sql: "PRAGMA auto_vacuum = INCREMENTAL")
        }
        if path == memory { return try DatabaseQueue(named: nil, configuration: configuration) }
        let pool = try openPool(path, configuration)
        // GRDB sets NORMAL for WAL, with which a commit may be lost when the power goes; ours must not be.
        try pool.writeWithoutTransaction { try $0.execute(sql: "PRAGMA synchronous = FULL") }
        return pool
    }

    /// Two processes that turn one new file to WAL at once can find it locked without the busy handler being asked
    /// (sqlite.org/wal.html, "Sometimes Queries Return SQLITE_BUSY In WAL Mode"), so opening is tried again.
    private static func openPool(_ path: String, _ configuration: Configuration) throws -> DatabasePool {
        for opening in 1... {
            do {
                return try DatabasePool(path: path, configuration: configuration)
            } catch let error as DatabaseError {
                let isBusy = error.resultCode == .SQLITE_BUSY || error.resultCode == .SQLITE_LOCKED
                guard isBusy, opening < mostOpenings else { throw error }
                usleep(UInt32(opening) * 5_000)  // On the queue that opens.
            }
        }
        throw StoreError.closed  // Not reached: the loop returns or throws.
    }
}

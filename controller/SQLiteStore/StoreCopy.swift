import GRDB
// SPDX-License-Identifier: Apache-2.0
import Glibc
import ResourceStore

/// Copies a whole store page by page (sqlite.org/backup.html), and puts the copy in its place only when it is sound.
enum StoreCopy {
    /// Copies what `source` holds now into a new file. Others may write meanwhile: the copy is of one moment.
    static func copy(_ source: any DatabaseReader, to path: String, change: ((Database) throws -> Void)? = nil) throws {
        guard !exists(path), !exists(path + "-wal") else { throw StoreError.isThere(path) }
        let partial = "\(path).partial-\(getpid())"
        defer { for suffix in ["", "-wal", "-shm", "-journal"] { unlink(partial + suffix) } }
        try SQLiteFile.prepare(partial)
        var configuration = Configuration()
        configuration.label = "rebound.copy"
        let copy = try DatabaseQueue(path: partial, configuration: configuration)
        try source.backup(to: copy)
        try copy.writeWithoutTransaction { database in
            // One file without a log beside it, that a plain copy carries whole.
            _ = try Row.fetchAll(database, sql: "PRAGMA journal_mode = DELETE")
            if let finding = try database.integrityFinding(isQuick: false) {
                throw StoreError.damaged(source.path, finding: finding)
            }
            if let change {
                try database.inTransaction {
                    try change(database)
                    return .commit
                }
            }
        }
        try copy.close()
        try publish(partial, as: path)
    }

    /// Gives the copy its name, unless that is taken meanwhile, and sees both on the disk.
    private static func publish(_ partial: String, as path: String) throws(StoreError) {
        try flush(partial)
        guard link(partial, path) == 0 else {
            throw errno == EEXIST ? .isThere(path) : StoreError(errno: errno, opening: path)
        }
        let folder = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
        try flush(folder.isEmpty ? "/" : folder)
    }

    private static func flush(_ path: String) throws(StoreError) {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw StoreError(errno: errno, opening: path) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw StoreError(errno: errno, opening: path) }
    }

    static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }
}

extension Database {
    /// What the check of the whole file finds; nil when it is sound. The quick one does not look whether the indexes
    /// agree with their tables.
    func integrityFinding(isQuick: Bool) throws -> String? {
        let finding = try String.fetchOne(self, sql: "PRAGMA \(isQuick ? "quick_check" : "integrity_check")(1)")
        return finding == "ok" ? nil : finding ?? "no answer"
    }
}

extension StoreError {
    static func isThere(_ path: String) -> StoreError {
        StoreError(
            .alreadyExists, "There is a file at \(path) already.",
            hint:
                "Name a path where nothing is; nothing is ever written over. To put a backup in the place of a store, "
                + "end what uses it and move it and its -wal and -shm files away first.")
    }
}

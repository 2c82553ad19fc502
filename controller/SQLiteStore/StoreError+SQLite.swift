import GRDB
// SPDX-License-Identifier: Apache-2.0
import Glibc
import ResourceStore

/// The one place where SQLite's codes (sqlite.org/rescode.html) and errno become ours.
extension StoreError {
    static let closed = StoreError(
        .unavailable, "The store is closed.", hint: "Open the store again; this is a fault of the program.")

    init(wrapping error: any Error, path: String) {
        switch error {
        case let error as StoreError: self = error
        case let error as DatabaseError: self.init(error, path: path)
        default:
            self.init(
                .invalid, "A value could not be written to or read from the store \(path): \(error).",
                hint: "Report this with the value; the store is unchanged.", cause: error)
        }
    }

    private init(_ error: DatabaseError, path: String) {
        let said = "\(error.message ?? "no message") (SQLite code \(error.extendedResultCode.rawValue))"
        // The index of the log beside the file could not grow (sqlite.org/rescode.html#ioerr_shmsize).
        let isShort = error.extendedResultCode == .SQLITE_IOERR_SHMSIZE
        let (code, what, hint) = Self.meaning(of: isShort ? .SQLITE_FULL : error.resultCode, path: path)
        self.init(code, "\(what): \(said).", hint: hint, cause: error)
    }

    private static func meaning(of code: ResultCode, path: String) -> (Code, String, hint: String) {
        switch code {
        case .SQLITE_FULL:
            (.full, "The disk of the store \(path) is full", "Free space on the disk of \(path); nothing was written.")
        case .SQLITE_READONLY, .SQLITE_PERM, .SQLITE_AUTH:
            (
                .readOnly, "The store \(path) cannot be written",
                "Make \(path) and its folder writable for this user, or name another file with --store."
            )
        case .SQLITE_CORRUPT, .SQLITE_NOTADB: damaged(path)
        case .SQLITE_CANTOPEN:
            (
                .unavailable, "The store \(path) cannot be opened",
                "See that the folder of \(path) exists and that this user may write there."
            )
        case .SQLITE_BUSY, .SQLITE_LOCKED:
            (
                .unavailable, "The store \(path) was locked by another process for half a minute",
                "Find the process that holds it with `fuser \(path)` and end it."
            )
        case .SQLITE_IOERR:
            (
                .unavailable, "Reading or writing the store \(path) failed",
                "Look for disk errors in the kernel's log, and keep the store on a local disk."
            )
        case .SQLITE_MISUSE, .SQLITE_INTERRUPT, .SQLITE_ABORT:
            (.unavailable, "The store \(path) is closed", "Open the store again; this is a fault of the program.")
        default:
            (.invalid, "The store \(path) refused a statement", "Report this; the store is unchanged.")
        }
    }

    private static func damaged(_ path: String) -> (Code, String, hint: String) {
        (
            .corrupt, "The store \(path) is damaged or is not a SQLite database",
            "Move \(path) and its -wal and -shm files away and start anew, or put a backup in their place."
        )
    }

    /// The room that was set aside is in use, was never to be had, or cannot be looked at.
    init(_ lack: SpaceReserve.Lack, store path: String) {
        switch lack {
        case .room:
            self.init(
                .full, "The disk of the store \(path) is full: what is left is kept for putting things back.",
                hint: "Free space on the disk of \(path); new work is accepted again as soon as there is some.")
        case .access(let code): self.init(errno: code, opening: path)
        }
    }

    /// What the integrity check found.
    static func damaged(_ path: String, finding: String) -> StoreError {
        let (code, what, hint) = damaged(path)
        return StoreError(code, "\(what): \(finding).", hint: hint)
    }

    /// open(2), mkdir(2), fchmod(2).
    init(errno code: Int32, opening path: String) {
        let said = String(cString: strerror(code))
        switch code {
        case EROFS, EACCES, EPERM:
            self.init(
                .readOnly, "The store \(path) cannot be written: \(said).",
                hint: "Make the folder of \(path) writable for this user, or name another file with --store.")
        case ENOSPC, EDQUOT:
            self.init(
                .full, "The disk of the store \(path) is full: \(said).", hint: "Free space on the disk of \(path).")
        default:
            self.init(
                .unavailable, "The store \(path) cannot be opened: \(said).",
                hint: "Name a file in a folder on a local disk with --store.")
        }
    }
}

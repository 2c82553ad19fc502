// SPDX-License-Identifier: Apache-2.0
package import CommandLineInterface
import Glibc

/// The folder with the store and the keys: only its owner may look into it.
package enum DataFolder {
    /// Makes the folder and those above it, or takes the rights of others away from one that is there. Throws when it
    /// cannot be made, is no folder, or belongs to another user.
    package static func prepare(_ path: String) throws(CommandFailure) {
        umask(0o077)
        try make(path)
        var status = stat()
        guard stat(path, &status) == 0 else { throw failure(path, "cannot be looked at", errno) }
        guard status.st_mode & S_IFMT == S_IFDIR else {
            throw CommandFailure(
                .usage, "the data folder \(path) is no folder", hint: "Give a folder in dataFolder, or --data-folder.")
        }
        guard status.st_uid == geteuid() else {
            throw CommandFailure(
                .error, "the data folder \(path) belongs to user \(status.st_uid), and this process is \(geteuid())",
                hint: "Start the controller as that user, or give the folder to this one with chown.")
        }
        if status.st_mode & 0o077 != 0, chmod(path, 0o700) != 0 {
            throw failure(path, "is open to others, and that cannot be changed", errno)
        }
    }

    private static func make(_ path: String) throws(CommandFailure) {
        if mkdir(path, 0o700) == 0 || errno == EEXIST { return }
        guard errno == ENOENT, let slash = path.lastIndex(of: "/"), slash != path.startIndex else {
            throw failure(path, "cannot be made", errno)
        }
        try make(String(path[..<slash]))
        if mkdir(path, 0o700) != 0, errno != EEXIST { throw failure(path, "cannot be made", errno) }
    }

    private static func failure(_ path: String, _ what: String, _ code: Int32) -> CommandFailure {
        CommandFailure(
            .error, "the data folder \(path) \(what): \(String(cString: strerror(code)))",
            hint: "Give a folder that this user may write in dataFolder, or --data-folder.")
    }
}

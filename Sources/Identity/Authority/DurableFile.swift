// SPDX-License-Identifier: Apache-2.0
import Digests
package import Glibc

/// Small files that must be whole or not there, whatever dies: keys and certificates.
package enum DurableFile {
    /// More than any file of keys or certificates.
    private static let mostBytes = 256 * 1024

    /// The file's contents. If it is not there, it is made with mode 0600 and what `contents` gives: written beside,
    /// flushed, and then linked to its name. link(2) fails when the name is taken, so of several processes that start
    /// at once one makes the file and all read that one.
    static func createOnce(
        _ path: String, contents: () throws(IdentityError) -> String
    ) throws(IdentityError) -> [UInt8] {
        if let bytes = try read(path) { return bytes }
        let temporary = "\(path).new-\(Hex.text(try SecretBytes.random(8)))"
        let bytes = Array(try contents().utf8)
        try write(bytes, to: temporary, mode: 0o600)
        let code = link(temporary, path) == 0 ? 0 : errno
        unlink(temporary)
        // Whatever kept ours from its name: if another process has made the file meanwhile, that one counts.
        guard let stored = try read(path) else { throw failure(.cannotWrite, path, code == 0 ? ENOENT : code) }
        if code == 0 { try syncFolder(of: path) }
        return stored
    }

    /// Removes what a crash left beside files that are there: copies of keys that nobody knows of. A process that is
    /// about to link such a file finds the name taken anyway.
    static func removeLeftovers(in folder: String, of names: [String]) {
        guard let entries = opendir(folder) else { return }
        defer { closedir(entries) }
        while let entry = readdir(entries) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) {
                String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
            let isLeftover = names.contains { name.hasPrefix($0 + ".new-") && access("\(folder)/\($0)", F_OK) == 0 }
            if isLeftover { unlink("\(folder)/\(name)") }
        }
    }

    /// Puts a file in the place of another, or of none: written beside, flushed, renamed.
    package static func replace(_ path: String, with bytes: [UInt8], mode: mode_t) throws(IdentityError) {
        let temporary = "\(path).new-\(Hex.text(try SecretBytes.random(8)))"
        try write(bytes, to: temporary, mode: mode)
        guard rename(temporary, path) == 0 else {
            let code = errno
            unlink(temporary)
            throw failure(.cannotWrite, path, code)
        }
        try syncFolder(of: path)
    }

    /// Nil when there is no such file.
    package static func read(_ path: String) throws(IdentityError) -> [UInt8]? {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        if file < 0, errno == ENOENT { return nil }
        guard file >= 0 else { throw failure(.unreadableFile, path, errno) }
        defer { close(file) }
        var bytes: [UInt8] = []
        var room = [UInt8](repeating: 0, count: 16_384)
        while true {
            let count = Glibc.read(file, &room, room.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw failure(.unreadableFile, path, errno) }
            if count == 0 { return bytes }
            bytes += room[..<count]
            guard bytes.count <= mostBytes else {
                throw IdentityError(
                    .malformed, "\(path) is longer than \(mostBytes) bytes.", hint: "Name a file of keys in PEM.")
            }
        }
    }

    /// Throws `.unsafeFile` when others than its owner may do what `forbidden` names (chmod(2)).
    package static func checkMode(_ path: String, forbidden: mode_t) throws(IdentityError) {
        var status = stat()
        guard stat(path, &status) == 0 else { throw failure(.unreadableFile, path, errno) }
        guard status.st_mode & forbidden == 0 else {
            let mode = String(status.st_mode & 0o777, radix: 8)
            throw IdentityError(
                .unsafeFile, "\(path) holds a private key and has mode 0\(mode), so others can read it.",
                hint: "Run `chmod 600 \(path)`; if it was so for long, replace the key.")
        }
    }

    private static func write(_ bytes: [UInt8], to path: String, mode: mode_t) throws(IdentityError) {
        let file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode)
        guard file >= 0 else { throw failure(.cannotWrite, path, errno) }
        var done = 0
        var code: Int32 = 0
        while done < bytes.count, code == 0 {
            let count = bytes.withUnsafeBytes { Glibc.write(file, $0.baseAddress.map { $0 + done }, $0.count - done) }
            if count > 0 { done += count } else if errno != EINTR { code = errno }
        }
        if code == 0, fchmod(file, mode) != 0 || fsync(file) != 0 { code = errno }
        if close(file) != 0, code == 0 { code = errno }
        guard code == 0 else {
            unlink(path)
            throw failure(.cannotWrite, path, code)
        }
    }

    /// The name is durable only when its folder is (fsync(2)).
    static func syncFolder(of path: String) throws(IdentityError) {
        let slash = path.lastIndex(of: "/")
        let folder = slash.map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
        let file = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard file >= 0 else { throw failure(.cannotWrite, folder, errno) }
        defer { close(file) }
        guard fsync(file) == 0 else { throw failure(.cannotWrite, folder, errno) }
    }

    static func failure(_ code: IdentityError.Code, _ path: String, _ number: Int32) -> IdentityError {
        let reason = strerror(number).map { String(cString: $0) } ?? "error \(number)"
        let doing = code == .cannotWrite ? "written" : "read"
        return IdentityError(
            code, "\(path) cannot be \(doing): \(reason).",
            hint: "Look whether the folder exists, belongs to this user, and has room.")
    }
}

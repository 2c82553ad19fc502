// SPDX-License-Identifier: Apache-2.0
internal import Glibc

/// Where the file of contexts lies, and which context is meant.
package enum ContextFile {
    /// `--config`, else `$REBOUND_CONFIG`, else `rebound/config` in `$XDG_CONFIG_HOME` or `~/.config`. kubectl's own
    /// file, and `$KUBECONFIG`, are used only when named: a cluster is no place that was chosen for chaos. Nil when no
    /// place is known.
    package static func path(option: String?, environment: [String: String]) -> String? {
        if let option { return option }
        if let named = environment["REBOUND_CONFIG"], !named.isEmpty { return named }
        if let folder = environment["XDG_CONFIG_HOME"], folder.hasPrefix("/") { return folder + "/rebound/config" }
        guard let home = environment["HOME"], home.hasPrefix("/") else { return nil }
        return home + "/.config/rebound/config"
    }

    /// The file, or nil where there is none and none was asked for by name.
    package static func read(option: String?, environment: [String: String]) throws(CommandFailure) -> KubeconfigFile? {
        guard let path = path(option: option, environment: environment) else { return nil }
        let isNamed = option != nil || !(environment["REBOUND_CONFIG"] ?? "").isEmpty
        if !isNamed, access(path, F_OK) != 0 { return nil }
        return try KubeconfigFile(path: path, bytes: FileBytes.read(path))
    }

    /// The file, or one with nothing in it where there is none yet.
    static func readOrNew(at path: String) throws(CommandFailure) -> KubeconfigFile {
        guard access(path, F_OK) == 0 else { return KubeconfigFile(newAt: path) }
        return try KubeconfigFile(path: path, bytes: FileBytes.read(path))
    }

    /// Writes the file whole, for its owner alone: it holds keys.
    package static func write(_ file: KubeconfigFile) throws(CommandFailure) {
        if let slash = file.path.lastIndex(of: "/") { makeFolders(String(file.path[..<slash])) }
        try FileBytes.writePrivately(Array(file.text.utf8), to: file.path)
    }

    /// A folder that cannot be made shows when the file is written.
    private static func makeFolders(_ path: String) {
        var made = ""
        for part in path.split(separator: "/", omittingEmptySubsequences: false) {
            made += made.isEmpty && part.isEmpty ? "/" : (made.isEmpty || made == "/" ? String(part) : "/" + part)
            if !made.isEmpty, made != "/" { _ = mkdir(made, 0o700) }
        }
    }
}

/// Small files, read and written whole.
enum FileBytes {
    static let most = 1 << 20

    /// Throws a usage failure that names the file, also for one over a mebibyte.
    static func read(_ path: String) throws(CommandFailure) -> [UInt8] {
        let descriptor = path == "-" ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw unreadable(path, errno) }
        defer { if path != "-" { close(descriptor) } }
        var content: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while content.count <= most {
            let count = Glibc.read(descriptor, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw unreadable(path, errno) }
            if count == 0 { return content }
            content += buffer.prefix(count)
        }
        throw CommandFailure(.usage, "\(path) is over \(most) bytes", hint: "Give another file.")
    }

    /// Beside the file first, flushed, and then in its place: a crash leaves the old file or the new one. Mode 0600.
    static func writePrivately(_ bytes: [UInt8], to path: String) throws(CommandFailure) {
        let beside = path + ".new-\(getpid())"
        let descriptor = open(beside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw unwritable(path, errno) }
        var sent = 0
        while sent < bytes.count {
            let count = bytes[sent...].withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { break }
            sent += count
        }
        let isFlushed = sent == bytes.count && fsync(descriptor) == 0
        let failed = errno
        close(descriptor)
        guard isFlushed, rename(beside, path) == 0 else {
            let reason = isFlushed ? errno : failed
            unlink(beside)
            throw unwritable(path, reason)
        }
    }

    private static func unreadable(_ path: String, _ code: Int32) -> CommandFailure {
        CommandFailure(
            .usage, "\(path) cannot be read: \(String(cString: strerror(code)))",
            hint: "Give the path of a file that you may read.")
    }

    private static func unwritable(_ path: String, _ code: Int32) -> CommandFailure {
        CommandFailure(
            .error, "\(path) cannot be written: \(String(cString: strerror(code)))",
            hint: "Look at the folder and its permissions.")
    }
}

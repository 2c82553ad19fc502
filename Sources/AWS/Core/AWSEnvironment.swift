// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials
import Glibc

/// Everything this module takes from outside the process: variables and files. Tests give their own.
package struct AWSEnvironment: Sendable {
    package var variables: [String: String]
    /// Where `~` points; nil when unknown, and then files under it count as missing.
    package var homeDirectory: String?
    /// The bytes of a file, nil when there is none. Throws `AWSFileError` when it is there and cannot be read.
    package var readFile: @Sendable (_ path: String) throws(AWSFileError) -> [UInt8]?
    /// Replaces a file whole or not at all, readable by its owner alone.
    package var writeFile: @Sendable (_ path: String, _ bytes: [UInt8]) throws(AWSFileError) -> Void

    package init(
        variables: [String: String], homeDirectory: String?,
        readFile: @escaping @Sendable (String) throws(AWSFileError) -> [UInt8]? = AWSFiles.read,
        writeFile: @escaping @Sendable (String, [UInt8]) throws(AWSFileError) -> Void = AWSFiles.replace
    ) {
        self.variables = variables
        self.homeDirectory = homeDirectory
        self.readFile = readFile
        self.writeFile = writeFile
    }

    /// This process's own variables, home directory and files. For programs; libraries are given one.
    package static func ofThisProcess() -> AWSEnvironment {
        let variables = ProcessInfo.processInfo.environment
        return AWSEnvironment(variables: variables, homeDirectory: variables["HOME"] ?? accountHome())
    }

    /// The home directory of the account's entry (getpwuid_r(3)); nil when it has none.
    private static func accountHome() -> String? {
        var entry = passwd()
        var found: UnsafeMutablePointer<passwd>?
        var buffer = [CChar](repeating: 0, count: 16_384)
        guard getpwuid_r(getuid(), &entry, &buffer, buffer.count, &found) == 0, found != nil, let home = entry.pw_dir
        else { return nil }
        return String(cString: home)
    }

    /// The variable's value; nil when it is not set or empty, which AWS's own tools take to be the same.
    package func value(_ name: String) -> String? {
        variables[name].flatMap { $0.isEmpty ? nil : $0 }
    }

    /// True for `true` (in any case) and `1`, false for `false`, `0` and nothing; throws on anything else.
    package func flag(_ name: String) throws(AWSError) -> Bool {
        try Self.flag(value(name), named: name)
    }

    static func flag(_ text: String?, named name: String) throws(AWSError) -> Bool {
        switch text?.lowercased() {
        case nil, "false", "0": return false
        case "true", "1": return true
        case .some(let other):
            throw AWSError(
                code: .invalidConfiguration, message: "\(name) is \"\(other)\", which is neither true nor false.",
                hint: "Set \(name) to true or false.", service: "configuration", action: name)
        }
    }

    /// `~` and `~/…` with the home directory put in; other paths as they are. Nil when the home directory is unknown.
    func expanded(_ path: String) -> String? {
        guard path == "~" || path.hasPrefix("~/") else { return path }
        return homeDirectory.map { $0 + path.dropFirst() }
    }
}

/// Why a file could not be read or written.
package struct AWSFileError: Error, Sendable {
    package var path: String
    package var reason: String

    package init(path: String, reason: String) {
        self.path = path
        self.reason = reason
    }
}

/// The real files.
package enum AWSFiles {
    /// Configuration, tokens and caches are small; what is larger is not one of them.
    package static let largest = 1 << 20

    /// Nil when no such file exists. Throws when it cannot be read, or is larger than `largest`.
    package static func read(_ path: String) throws(AWSFileError) -> [UInt8]? {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else {
            if errno == ENOENT || errno == ENOTDIR { return nil }
            throw failure(path)
        }
        defer { close(file) }
        var bytes: [UInt8] = []
        var part = [UInt8](repeating: 0, count: 16_384)
        while true {
            let count = Glibc.read(file, &part, part.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw failure(path) }
            guard count > 0 else { return bytes }
            bytes += part[..<count]
            guard bytes.count <= largest else {
                throw AWSFileError(path: path, reason: "it is larger than \(largest) bytes")
            }
        }
    }

    /// Writes beside the file and renames over it, mode 0600 (rename(2) is atomic).
    package static func replace(_ path: String, with bytes: [UInt8]) throws(AWSFileError) {
        let temporary = "\(path).\(getpid()).\(UInt32.random(in: 0 ... .max))"
        let file = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw failure(path) }
        let isWritten = writeAll(bytes, to: file) && fsync(file) == 0
        let isClosed = close(file) == 0
        guard isWritten, isClosed, rename(temporary, path) == 0 else {
            let error = failure(path)
            unlink(temporary)
            throw error
        }
    }

    private static func writeAll(_ bytes: [UInt8], to file: Int32) -> Bool {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(file, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return false }
            rest = rest.dropFirst(count)
        }
        return true
    }

    private static func failure(_ path: String) -> AWSFileError {
        AWSFileError(path: path, reason: String(cString: strerror(errno)))
    }
}

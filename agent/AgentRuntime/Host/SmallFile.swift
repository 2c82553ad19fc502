// SPDX-License-Identifier: Apache-2.0
import Glibc

/// Reads files whose size nobody promises, such as those of /proc, up to a bound.
package enum SmallFile {
    /// Nil when it is not there, cannot be read or is longer: what it says is then not known.
    static func text(_ path: String, mostBytes: Int = 65_536) -> String? {
        bytes(path, mostBytes: mostBytes).map { String(decoding: $0, as: UTF8.self) }
    }

    static func bytes(_ path: String, mostBytes: Int) -> [UInt8]? {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return nil }
        defer { close(file) }
        return bytes(of: file, mostBytes: mostBytes)
    }

    /// What an operator gives: a path, or - for standard input. Throws `.file` with the reason.
    package static func given(_ path: String, mostBytes: Int = 65_536) throws(AgentError) -> String {
        let file = path == "-" ? dup(0) : open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else {
            throw AgentError(
                .file, "\(path) cannot be read: \(String(cString: strerror(errno)))",
                hint: "Give the path of a file that this user may read, or - for standard input.")
        }
        defer { close(file) }
        guard let bytes = bytes(of: file, mostBytes: mostBytes) else {
            throw AgentError(
                .file, "\(path) cannot be read, or is longer than \(mostBytes) bytes", hint: "Give a smaller file.")
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func bytes(of file: Int32, mostBytes: Int) -> [UInt8]? {
        var bytes: [UInt8] = []
        var room = [UInt8](repeating: 0, count: 16_384)
        while bytes.count <= mostBytes {
            let count = read(file, &room, room.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { return nil }
            if count == 0 { return bytes }
            bytes += room[..<count]
        }
        return nil
    }

    static func isExecutable(_ path: String) -> Bool { access(path, X_OK) == 0 }
    static func isThere(_ path: String) -> Bool { access(path, F_OK) == 0 }

    /// The names in a folder, without `.` and `..`, sorted; nil when it cannot be read.
    static func names(in path: String) -> [String]? {
        guard let folder = opendir(path) else { return nil }
        defer { closedir(folder) }
        var names: [String] = []
        while let entry = readdir(folder) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) {
                String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names.sorted()
    }
}

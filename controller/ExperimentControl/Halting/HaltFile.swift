// SPDX-License-Identifier: Apache-2.0
import Glibc

/// The file by which anybody who may write to its folder halts everything.
enum HaltFile {
    /// Its text, at most 1,000 bytes of printable characters, or words for an empty one. Nil only when there is
    /// certainly no file (access(2)): one that cannot be looked at or read is taken to be there.
    static func reason(at path: String) -> String? {
        if access(path, F_OK) != 0, errno == ENOENT || errno == ENOTDIR { return nil }
        guard let file = fopen(path, "r") else { return "\(path) cannot be read" }
        defer { fclose(file) }
        var buffer = [UInt8](repeating: 0, count: 1_000)
        let count = fread(&buffer, 1, buffer.count, file)
        let line = line(of: Array(buffer.prefix(count)))
        return line.isEmpty ? "\(path) is there" : line
    }

    /// The printable characters of a text on one line.
    static func line(of bytes: [UInt8]) -> String {
        let text = String(decoding: bytes, as: UTF8.self)
        let words = text.unicodeScalars.map { $0.properties.generalCategory == .control ? " " : Character($0) }
        return String(words).split(separator: " ").joined(separator: " ")
    }
}

// SPDX-License-Identifier: Apache-2.0
package import Glibc

/// An empty folder for one test, removed with its files when released.
package final class ScratchFolder: Sendable {
    package let path: String

    package init() throws {
        var template = Array("/tmp/rebound-test-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw TestToolFailure(command: "mkdtemp") }
        path = template.withUnsafeBufferPointer { $0.baseAddress.map { String(cString: $0) } ?? "" }
    }

    deinit { _ = try? ChildProcess("/bin/rm", ["-rf", path]).waitForExit() }

    package func file(_ name: String) -> String { "\(path)/\(name)" }

    /// Writes a file with this mode and gives its path.
    @discardableResult
    package func write(_ text: String, to name: String, mode: mode_t = 0o600) throws -> String {
        try write(bytes: Array(text.utf8), to: name, mode: mode)
    }

    @discardableResult
    package func write(bytes: [UInt8], to name: String, mode: mode_t = 0o600) throws -> String {
        let file = open(file(name), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode)
        guard file >= 0 else { throw TestToolFailure(command: "open \(name)") }
        defer { close(file) }
        guard Glibc.write(file, bytes, bytes.count) == bytes.count, fchmod(file, mode) == 0 else {
            throw TestToolFailure(command: "write \(name)")
        }
        return self.file(name)
    }

    package func read(_ name: String) throws -> String {
        guard let file = fopen(file(name), "r") else { throw TestToolFailure(command: "read \(name)") }
        defer { fclose(file) }
        var bytes = [UInt8](repeating: 0, count: 1 << 20)
        return String(decoding: bytes[..<fread(&bytes, 1, bytes.count, file)], as: UTF8.self)
    }

    package func names() -> [String] {
        guard let folder = opendir(path) else { return [] }
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

/// The `openssl` program, which shares nothing with our code but the library below both.
package enum OpenSSLTool {
    /// What it printed. Throws when it ended with an error.
    @discardableResult
    package static func run(_ arguments: [String]) throws -> String {
        let (isGood, output) = try result(arguments)
        guard isGood else { throw TestToolFailure(command: "openssl \(arguments.joined(separator: " "))") }
        return output
    }

    /// Whether it ended well, and what it printed.
    package static func result(_ arguments: [String]) throws -> (isGood: Bool, output: String) {
        let process = try ChildProcess("/usr/bin/openssl", arguments)
        var lines: [String] = []
        while let line = process.readLine() { lines.append(line) }
        return (process.waitForExit() == 0, lines.joined(separator: "\n"))
    }
}

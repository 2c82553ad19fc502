// SPDX-License-Identifier: Apache-2.0
import Glibc

private let openssl = "/usr/bin/openssl"

/// Certificates made by `openssl` in a folder of their own, which is removed with the object.
package final class TestCertificates: Sendable {
    package let folder: String

    /// An authority, a server certificate for `localhost` and 127.0.0.1, and a client certificate.
    package init() throws {
        var template = Array("/tmp/rebound-tls-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw TestToolFailure(command: "mkdtemp") }
        folder = template.withUnsafeBufferPointer { $0.baseAddress.map { String(cString: $0) } ?? "" }
        try make(["-subj", "/CN=Test authority"], name: "ca")
        try issue("server", names: "DNS:localhost,IP:127.0.0.1")
        try issue("client", names: "DNS:client")
    }

    deinit {
        for name in ["ca", "server", "client"] {
            unlink(path("\(name).key"))
            unlink(path("\(name).pem"))
        }
        rmdir(folder)
    }

    package func path(_ name: String) -> String { "\(folder)/\(name)" }

    /// The bytes of a file in the folder; empty when there is none.
    package func bytes(_ name: String) -> [UInt8] {
        guard let file = fopen(path(name), "r") else { return [] }
        defer { fclose(file) }
        var buffer = [UInt8](repeating: 0, count: 65_536)
        let count = fread(&buffer, 1, buffer.count, file)
        return Array(buffer.prefix(count))
    }

    private func issue(_ name: String, names: String) throws {
        let signer = ["-CA", path("ca.pem"), "-CAkey", path("ca.key")]
        try make(["-subj", "/CN=\(name)", "-addext", "subjectAltName=\(names)"] + signer, name: name)
    }

    private func make(_ options: [String], name: String) throws {
        let key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]
        let files = ["-keyout", path("\(name).key"), "-out", path("\(name).pem")]
        let status = try ChildProcess(openssl, ["req", "-x509"] + key + options + files).waitForExit()
        guard status == 0 else { throw TestToolFailure(command: "openssl req for \(name)") }
    }
}

/// `openssl s_server -www` on a free port: answers every GET with a page. Ends when released.
package final class TLSServer: Sendable {
    package let port: Int
    private let process: ChildProcess

    /// `options` are further arguments of s_server(1), such as `-Verify 1` or `-tls1_2`.
    package init(_ certificates: TestCertificates, options: [String] = []) throws {
        let files = [
            "-cert", certificates.path("server.pem"), "-key", certificates.path("server.key"),
            "-CAfile", certificates.path("ca.pem"),
        ]
        process = try ChildProcess(openssl, ["s_server", "-accept", "127.0.0.1:0", "-www"] + files + options)
        // s_server prints "ACCEPT 127.0.0.1:port" once it listens.
        while let line = process.readLine() {
            guard line.hasPrefix("ACCEPT"), let port = line.split(separator: ":").last.flatMap({ Int($0) }) else {
                continue
            }
            self.port = port
            return
        }
        throw TestToolFailure(command: "openssl s_server")
    }

    package var url: String { "https://127.0.0.1:\(port)/" }
}

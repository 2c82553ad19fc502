// SPDX-License-Identifier: Apache-2.0
import Foundation  // needs: Process, which FoundationEssentials does not have

/// Certificates made by `openssl` in a folder of their own, which is removed with the object.
package final class TestCertificates: Sendable {
    package let folder: String

    /// An authority, a server certificate for `localhost` and 127.0.0.1, and a client certificate.
    package init() throws {
        folder = FileManager.default.temporaryDirectory.path + "/rebound-tls-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try openssl(
            "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
            "-subj", "/CN=Test authority", "-keyout", path("ca.key"), "-out", path("ca.pem"))
        try issue("server", names: "DNS:localhost,IP:127.0.0.1")
        try issue("client", names: "DNS:client")
    }

    deinit { try? FileManager.default.removeItem(atPath: folder) }  // A leftover in the temporary folder is harmless.

    package func path(_ name: String) -> String { "\(folder)/\(name)" }

    private func issue(_ name: String, names: String) throws {
        try openssl(
            "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
            "-subj", "/CN=\(name)", "-addext", "subjectAltName=\(names)", "-CA", path("ca.pem"),
            "-CAkey", path("ca.key"), "-keyout", path("\(name).key"), "-out", path("\(name).pem"))
    }

    private func openssl(_ arguments: String...) throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/openssl")
        process.arguments = arguments
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw TestToolFailure(command: "openssl \(arguments[0])") }
    }
}

/// A tool that a test needs did not do its work.
package struct TestToolFailure: Error {
    package var command: String
}

/// `openssl s_server -www` on a free port: answers every GET with a page. Ends when released.
package final class TLSServer: Sendable {
    package let port: Int
    private let process: Process

    /// `options` are further arguments of s_server(1), such as `-Verify 1` or `-tls1_2`.
    package init(_ certificates: TestCertificates, options: [String] = []) throws {
        process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/openssl")
        process.arguments =
            [
                "s_server", "-accept", "127.0.0.1:0", "-www", "-cert", certificates.path("server.pem"),
                "-key", certificates.path("server.key"), "-CAfile", certificates.path("ca.pem"),
            ] + options
        let output = Pipe()
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        process.standardInput = Pipe()
        try process.run()
        var text = ""
        // s_server prints "ACCEPT 127.0.0.1:port" once it listens.
        while !text.contains("ACCEPT"), case let data = output.fileHandleForReading.availableData, !data.isEmpty {
            text += String(decoding: data, as: UTF8.self)
        }
        guard let line = text.split(separator: "\n").first(where: { $0.hasPrefix("ACCEPT") }),
            let port = line.split(separator: ":").last.flatMap({ Int($0) })
        else {
            process.terminate()
            throw TestToolFailure(command: "openssl s_server")
        }
        self.port = port
    }

    deinit {
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
    }

    package var url: String { "https://127.0.0.1:\(port)/" }
}

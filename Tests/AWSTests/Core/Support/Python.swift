// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

/// Runs Python with the packages the tests compare against.
enum Python {
    struct Failure: Error { var message: String }

    /// Runs a script to its end, `input` on its standard input, and returns what it printed.
    static func run(_ script: String, input: Data) throws -> Data {
        let (process, output) = try start(script, input: input)
        let data = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw Failure(message: "\(Repository.python) ended with \(process.terminationStatus)")
        }
        return data
    }

    private static func start(_ script: String, input: Data) throws -> (Process, Pipe) {
        let file = FileManager.default.temporaryDirectory.appendingPathComponent("rebound-\(UUID().uuidString)")
        try input.write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }  // Open already; a left-over would only be litter.
        let process = Process()
        let output = Pipe()
        process.executableURL = URL(fileURLWithPath: Repository.python)
        process.arguments = ["-c", script]
        process.standardInput = try FileHandle(forReadingFrom: file)
        process.standardOutput = output
        try process.run()
        return (process, output)
    }
}

/// moto's server, which ends when this does. It checks signatures from when `startChecking` was called.
final class MotoServer: @unchecked Sendable {  // Changed only in init; Process is Apple's own and says nothing.
    let url: String
    private let process = Process()
    private let input = Pipe()

    private static let script = """
        import os, sys
        from moto.server import ThreadedMotoServer
        server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
        server.start()
        print("%s %s" % server.get_host_and_port(), flush=True)
        sys.stdin.read()
        os._exit(0)
        """

    init() throws {
        let output = Pipe()
        process.executableURL = URL(fileURLWithPath: Repository.python)
        process.arguments = ["-c", Self.script]
        process.standardInput = input
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        try process.run()
        var line = Data()
        while !line.contains(0x0A) {
            let part = output.fileHandleForReading.availableData
            guard !part.isEmpty else { throw Python.Failure(message: "moto did not start") }
            line += part
        }
        let words = String(decoding: line, as: UTF8.self).split(whereSeparator: \.isWhitespace)
        url = "http://\(words[0]):\(words[1])"
    }

    deinit {
        try? input.fileHandleForWriting.close()  // Its end tells the server to end; a broken pipe means it has.
        process.waitUntilExit()
    }
}

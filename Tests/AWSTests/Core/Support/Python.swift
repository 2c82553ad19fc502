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

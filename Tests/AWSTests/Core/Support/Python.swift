// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials
import TestSupport

@testable import AWS

/// Runs Python with the packages the tests compare against.
enum Python {
    struct Failure: Error { var message: String }

    /// Runs a script to its end and returns what it printed. `input` is in the file that its first argument names.
    static func run(_ script: String, input: Data) async throws -> Data {
        let path = "/tmp/rebound-\(UInt64.random(in: 0 ... .max)).json"
        try AWSFiles.replace(path, with: Array(input))
        defer { try? FileManager.default.removeItem(atPath: path) }  // Litter in /tmp harms no test.
        let output = try await OutputOfProcess.run(
            [MotoServer.python, "-c", script, path], variables: ProcessInfo.processInfo.environment,
            largestOutput: 16 << 20, deadline: .seconds(300))
        guard output.exitStatus == 0 else {
            throw Failure(message: "\(MotoServer.python) ended with \(output.exitStatus)")
        }
        return Data(output.bytes)
    }
}

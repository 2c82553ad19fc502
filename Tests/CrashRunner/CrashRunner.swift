// SPDX-License-Identifier: Apache-2.0
import AWS
import ChaosModel
import ExperimentControl
import FoundationEssentials
import Glibc
import HTTPTransport
import Logging
import ResourceStore
import SQLiteStore

/// Drives an experiment as `rebound run` does, and kills itself with SIGKILL at one write of the store. It takes up
/// what an earlier life left unfinished, or begins.
///
///     crash-runner MANIFEST STORE [WRITE aboutToCommit|committed]
///
/// With `serve` as its first word it is `rebound-controller` instead (`ServingLife`).
///
/// Prints the run's JSON on standard output when it is done, and the number of writes on standard error.
@main
struct CrashRunner {
    static func main() async throws {
        let arguments = CommandLine.arguments
        if arguments.count > 1, arguments[1] == "serve" { await ServingLife.run(Array(arguments.dropFirst())) }
        guard arguments.count >= 3 else { fatalError("crash-runner MANIFEST STORE [WRITE MOMENT]") }
        let fatal = arguments.count > 4 ? (Int(arguments[3]), StoreWrite.Moment(rawValue: arguments[4])) : (nil, nil)
        let counter = WriteCounter(fatalWrite: fatal.0, moment: fatal.1)
        let store = try await SQLiteStore.open(
            path: arguments[2],
            options: SQLiteStoreOptions(environment: .system, writeObserver: { counter.note($0, $1) }))
        let controller = try controller(store)
        let run: Run
        if let unfinished = try await controller.unfinishedRuns().first {
            run = unfinished
        } else {
            run = try await controller.submit(
                try experiment(arguments[1]), policies: [], seed: 7, expectedPlanHash: nil, requestedBy: "crash-runner",
                reason: nil)
        }
        let done = try await controller.drive(run: run.metadata.name, namespace: "default")
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        print(String(decoding: try encoder.encode(done), as: UTF8.self))
        dprintf("writes \(counter.count)\n")
        // As the programs do: the handlers of exit(3) would run under live threads.
        fflush(nil)
        _exit(0)
    }

    private static func experiment(_ path: String) throws -> Experiment {
        let text = try String(contentsOfFile: path, encoding: .utf8)
        for document in try ManifestReader.read(text, file: path) {
            if case .experiment(let experiment) = document { return experiment }
        }
        fatalError("\(path) holds no experiment")
    }

    private static func controller(_ store: SQLiteStore) throws -> ExperimentController {
        var logger = Logger(label: "crash-runner") { StreamLogHandler.standardError(label: $0) }
        logger.logLevel = .warning
        var variables: [String: String] = [:]
        for name in ["AWS_ENDPOINT_URL", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION"] {
            if let value = getenv(name) { variables[name] = String(cString: value) }
        }
        let connections = try AWSConnections(
            environment: AWSEnvironment(variables: variables, homeDirectory: nil), transport: try HTTPClient(),
            random: { Double.random(in: 0..<1) }, logger: logger)
        var options = ControllerOptions(ownInstances: [])
        options.evidenceInterval = .milliseconds(100)
        // An undo that fails is called failed after minutes; a test has less.
        if let text = getenv("REBOUND_TEST_REVERT_DEADLINE_MILLISECONDS"), let limit = Int(String(cString: text)) {
            options.revertDeadline = .milliseconds(limit)
        }
        return ExperimentController(store: store, aws: connections, options: options, logger: logger)
    }

    /// Straight to the descriptor: nothing is left in a buffer.
    private static func dprintf(_ text: String) {
        let bytes = Array(text.utf8)
        _ = write(STDERR_FILENO, bytes, bytes.count)
    }
}

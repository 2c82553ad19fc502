// SPDX-License-Identifier: Apache-2.0
import AWS
import HTTPTransport
import Logging
import Synchronization

/// One HTTP client for all tests of this module.
let testTransport: HTTPClient = {
    do {
        return try HTTPClient()
    } catch {
        fatalError("no HTTP client: \(error)")
    }
}()

/// Files in memory and variables of a test's own.
final class MemoryFiles: Sendable {
    private let files: Mutex<[String: String]>

    init(_ files: [String: String]) {
        self.files = Mutex(files)
    }

    subscript(_ path: String) -> String? {
        get { files.withLock { $0[path] } }
        set { files.withLock { $0[path] = newValue } }
    }

    func environment(_ variables: [String: String]) -> AWSEnvironment {
        AWSEnvironment(
            variables: variables, homeDirectory: "/home/op",
            readFile: { path throws(AWSFileError) in
                if self[path] == "UNREADABLE" { throw AWSFileError(path: path, reason: "Permission denied") }
                return self[path].map { Array($0.utf8) }
            },
            writeFile: { path, bytes throws(AWSFileError) in self[path] = String(decoding: bytes, as: UTF8.self) })
    }
}

extension AWSContext {
    /// A context over real HTTP, with time and chance in the test's hands.
    static func test(
        _ environment: AWSEnvironment, clock: any AWSClock = ManualAWSClock(skipping: true), logger: Logger = .silent,
        limits: RateLimits = RateLimits(ceiling: 1_000, burst: 1_000, floor: 1)
    ) -> AWSContext {
        AWSContext(
            environment: environment, transport: testTransport, limiter: RateLimiterRegistry(limits: limits),
            timeouts: AWSTimeouts(connect: .seconds(5), attempt: .seconds(30), call: .seconds(120)), clock: clock,
            random: { 0.5 }, logger: logger)
    }
}

extension Logger {
    static let silent = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
}

extension AWSCredentials {
    static let example = AWSCredentials(
        accessKeyID: "AKIDEXAMPLE", secretAccessKey: "very/secret+key", sessionToken: nil, expiration: nil,
        source: "test")
}

/// The error that `body` throws; nil when it throws none.
func awsError<Value>(_ body: () async throws -> Value) async throws -> AWSError? {
    do {
        _ = try await body()
        return nil
    } catch let error as AWSError {
        return error
    }
}

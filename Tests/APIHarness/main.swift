// SPDX-License-Identifier: Apache-2.0
/// Serves the resource API over a store, for clients that no one here wrote: kubectl, Python, curl.
///
///     api-harness STORE CERTIFICATE.pem KEY.pem NAME=TOKEN=ROLE …
///
/// Prints `PORT n` when it listens on 127.0.0.1, and ends when its standard input does.
import ChaosModel
import ControllerAPI
import Foundation
import Logging
import ResourceStore
import SQLiteStore

setvbuf(stdout, nil, _IOLBF, 0)
let arguments = CommandLine.arguments
guard arguments.count >= 5 else {
    FileHandle.standardError.write(Data("api-harness STORE CERTIFICATE.pem KEY.pem NAME=TOKEN=ROLE …\n".utf8))
    exit(2)
}
let certificate = try String(contentsOfFile: arguments[2], encoding: .utf8)
let key = try String(contentsOfFile: arguments[3], encoding: .utf8)
var logger = Logger(label: "api-harness") { StreamLogHandler.standardError(label: $0) }
logger.logLevel = .warning

let store = try await SQLiteStore.open(
    path: arguments[1], options: SQLiteStoreOptions(environment: HarnessEnvironment.store))
let (identities, feed) = AsyncStream.makeStream(of: ServerIdentity.self)
feed.yield(ServerIdentity(certificateChain: certificate, privateKey: key))
var limits = APIServerLimits()
limits.bookmarkInterval = .seconds(1)
let server = APIServer(
    configuration: APIServerConfiguration(
        address: "127.0.0.1", port: 0, allowedHosts: [], certificates: identities, limits: limits,
        programVersion: "harness"),
    store: store, access: TokenAccess(Array(arguments.dropFirst(4))), runs: StoredRunActions(store: store),
    environment: HarnessEnvironment.api, metrics: { "# HELP harness_up Whether this program runs.\nharness_up 1\n" },
    readiness: { [ReadinessCheck(name: "store", isReady: true)] }, logger: logger)

let serving = Task { try await server.run() }
Task { if let port = await server.boundPort { print("PORT \(port)") } }
Thread.detachNewThread {
    while let line = readLine() { _ = line }
    serving.cancel()
}
try await serving.value
await store.close()

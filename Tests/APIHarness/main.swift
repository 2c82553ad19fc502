// SPDX-License-Identifier: Apache-2.0
/// Serves the resource API over a store in a folder, for clients that no one here wrote: kubectl, Python, curl.
///
///     api-harness FOLDER NAME[=GROUP] …
///
/// Makes an authority, writes FOLDER/ca.pem, and for each name a token FOLDER/NAME.token and a client certificate
/// FOLDER/NAME.pem with its key. Prints `PORT n` when it listens on 127.0.0.1. Each line of its standard input is what
/// a controller would have seen of a run, see `ReportedStatus`, and is answered by a line; ends when the input does.
import ChaosModel
import ControllerAPI
import Foundation
import Identity
import Logging
import SQLiteStore

guard CommandLine.arguments.count >= 3 else {
    FileHandle.standardError.write(Data("usage: api-harness FOLDER NAME[=GROUP] …\n".utf8))
    exit(2)
}
let folder = CommandLine.arguments[1]
var logger = Logger(label: "api-harness") { StreamLogHandler.standardError(label: $0) }
logger.logLevel = .warning

/// Past the buffers of stdio: flushing them all waits for whoever reads the standard input.
func say(_ line: String) { FileHandle.standardOutput.write(Data((line + "\n").utf8)) }

let store = try await SQLiteStore.open(
    path: folder + "/store.sqlite", options: SQLiteStoreOptions(environment: .system))
let people = try HarnessPeople(folder: folder, now: StoreEnvironment.system.now())
for word in CommandLine.arguments.dropFirst(2) {
    let parts = word.split(separator: "=", maxSplits: 1).map(String.init)
    try await people.add(parts[0], groups: Array(parts.dropFirst()), to: store)
}
let access = FleetAccess(
    authority: people.authority, store: store, options: FleetAccess.Options(), clock: ContinuousClock(),
    now: StoreEnvironment.system.now, logger: logger)
let (identities, feed) = AsyncStream.makeStream(of: ServerIdentity.self)
feed.yield(try people.serverIdentity())
var limits = APIServerLimits()
limits.bookmarkInterval = .seconds(1)
let server = APIServer(
    configuration: APIServerConfiguration(
        address: "127.0.0.1", port: 0, allowedHosts: [], certificates: identities, limits: limits,
        programVersion: "harness"),
    store: store, access: access, runs: StoredRunActions(store: store), environment: HarnessEnvironment.api,
    metrics: { _ in
        MetricsPage(
            contentType: "text/plain; version=0.0.4; charset=utf-8",
            text: "# HELP harness_up Whether this program runs.\n# TYPE harness_up gauge\nharness_up 1\n")
    },
    readiness: { [ReadinessCheck(name: "store", isReady: true)] }, logger: logger)

let serving = Task { try await server.run() }
Task {
    if let port = await server.boundPort {
        say("PORT \(port)")
    }
}
let (lines, input) = AsyncStream.makeStream(of: String.self)
Thread.detachNewThread {
    while let line = readLine() { input.yield(line) }
    input.finish()
}
// Ends with the input, and the server with it.
let reporting = Task {
    for await line in lines {
        say(await ReportedStatus.written(line, to: store))
    }
    serving.cancel()
}
try await serving.value
reporting.cancel()
await store.close()

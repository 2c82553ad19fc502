// SPDX-License-Identifier: Apache-2.0
import AWS
import ChaosModel
import ExperimentControl
import Glibc
import HTTPTransport
import Logging
import SQLiteStore
import TestSupport

// halt-benchmark FOLDER INJECTIONS RUNS TRIALS: from the request to halt until the first call that puts a target back
// arrives, and until each target's own has arrived. Half of the trials halt in the process that drives, half through
// another connection to its store, as `rebound halt` does.

let arguments = CommandLine.arguments
guard arguments.count == 5, let injections = Int(arguments[2]), let runs = Int(arguments[3]),
    let trials = Int(arguments[4])
else { fatalError("halt-benchmark FOLDER INJECTIONS RUNS TRIALS") }

let endpoint = Endpoint()
let site = RawServer.answering(body: "ok")
let logger = Logger(label: "halt") { _ in SwiftLogNoOpLogHandler() }

func controller(_ store: SQLiteStore) throws -> ExperimentController {
    let aws = try AWSConnections(
        environment: AWSEnvironment(
            variables: [
                "AWS_ENDPOINT_URL": endpoint.url, "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
                "AWS_SECRET_ACCESS_KEY": "very/secret+key", "AWS_REGION": "eu-west-1",
            ], homeDirectory: nil), transport: try HTTPClient(), random: { 0.5 }, logger: logger)
    return ExperimentController(store: store, aws: aws, options: ControllerOptions(ownInstances: []), logger: logger)
}

/// Milliseconds from the request to each target's first call, in order.
func trial(_ number: Int, fromOutside: Bool) async throws -> [Double] {
    let path = "\(arguments[1])/store-\(number).db"
    let options = SQLiteStoreOptions(environment: .system)
    let store = try await SQLiteStore.open(path: path, options: options)
    let outside = try await SQLiteStore.open(path: path, options: options)
    try await Held(runs: runs, injections: injections, port: site.port).fill(store)
    endpoint.forget()
    let driving = try controller(store)
    let driven = Task { try await driving.driveAll() }
    // Every run is taken up, and its watchers have looked; then a while in which nothing happens.
    let before = endpoint.looks
    while endpoint.looks - before < min(runs, 40) { try await Task.sleep(for: .milliseconds(50)) }
    try await Task.sleep(for: .seconds(2))
    let asked = monotonicNow()
    try await (fromOutside ? controller(outside) : driving).halt(reason: "benchmark", requestedBy: "bench")
    let deadline = asked + 60_000_000_000
    while endpoint.arrivals.count < injections, monotonicNow() < deadline {
        try await Task.sleep(for: .milliseconds(5))
    }
    let arrivals = endpoint.arrivals.values.map { Double($0 - asked) / 1e6 }.sorted()
    driven.cancel()
    _ = await driven.result
    await store.close()
    await outside.close()
    precondition(arrivals.count == injections, "only \(arrivals.count) of \(injections) were put back")
    return arrivals
}

func percentile(_ sorted: [Double], _ part: Double) -> Double {
    sorted[min(sorted.count - 1, Int((Double(sorted.count) * part).rounded(.up)) - 1)]
}

func line(_ name: String, _ values: [Double]) -> String {
    let sorted = values.sorted()
    let figures = [0.5, 0.9, 0.99, 1].map { part in
        let tenths = Int((percentile(sorted, part) * 10).rounded())
        return "\(tenths / 10).\(tenths % 10)"
    }
    return "\(name): median \(figures[0]) ms, p90 \(figures[1]) ms, p99 \(figures[2]) ms, most \(figures[3]) ms"
}

for fromOutside in [false, true] {
    var first: [Double] = []
    var all: [Double] = []
    for number in 0..<trials {
        let arrivals = try await trial(fromOutside ? trials + number : number, fromOutside: fromOutside)
        first.append(arrivals[0])
        all += arrivals
    }
    print(
        "--- \(injections) injections of \(runs) runs, halted \(fromOutside ? "through the store" : "in the process")")
    print(line("first call of all, \(trials) trials", first))
    print(line("first call of each injection", all))
}
fflush(nil)
_exit(0)

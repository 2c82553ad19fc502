// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import Glibc
import Measurement
import Probes

// Watches 127.0.0.1:PORT with a TCP and an HTTP probe at 10 ms while the server's log arrives on standard input, and
// when it ends compares what was measured with what was true. Arguments: port, refuse or hang.

let interval = Duration.milliseconds(10)
let arguments = CommandLine.arguments
guard arguments.count == 3, let port = Int(arguments[1]), ["refuse", "hang"].contains(arguments[2]) else {
    print("Usage: stopwatch-benchmark PORT refuse|hang < server's log")
    exit(2)
}
// Refusals come at once; a hung server is told by the timeout alone, so it must be shorter than the outages.
let timeout = WrittenDuration(.milliseconds(arguments[2] == "hang" ? 150 : 1000))
let http = HTTPProbeSpec(url: "http://127.0.0.1:\(port)/", timeout: timeout)
let tcp = TCPProbeSpec(host: "127.0.0.1", port: port, timeout: timeout)
// A server that hangs still has its listener: only HTTP can tell.
let kinds: [(String, ProbeKind)] =
    arguments[2] == "hang" ? [("http", .http(http))] : [("http", .http(http)), ("tcp", .tcp(tcp))]
let specs = kinds.map { ProbeSpec(name: $0.0, kind: $0.1, every: WrittenDuration(interval)) }

guard readLine() == "ready" else {
    print("The server did not say that it is ready.")
    exit(2)
}
let engine = try ProbeEngine()
let buffer = ObservationBuffer(capacity: 1_000_000)
let session = engine.run(try specs.map { try ProbePlan($0) }, into: buffer)
var truths: [TrueOutage] = []
while let line = readLine(), line != "end" {
    guard let truth = TrueOutage(line: line) else { continue }
    truths.append(truth)
}
await session.stop()
var observations: [Observation] = []
while let batch = await buffer.next() { observations += batch }

var isGood = !truths.isEmpty
for spec in specs {
    let comparison = Comparison(spec.name, found: outages(of: spec, in: observations), truths: truths)
    comparison.describe()
    comparison.explain(observations, over: interval)
    let missed = observations.filter { observation in
        guard observation.probe == spec.name, case .missed = observation.outcome else { return false }
        return true
    }
    print("  attempts missed: \(missed.count) of \(observations.filter { $0.probe == spec.name }.count)")
    isGood = isGood && comparison.isWithin(interval)
}
print(isGood ? "Within the limit and inside the bounds." : "NOT within the limit and inside the bounds.")
exit(isGood ? 0 : 1)

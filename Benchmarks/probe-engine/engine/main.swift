// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import Glibc
import Measurement
import Probes

// Runs HTTP probes of many addresses of one local server and prints what was kept of the plan and what it cost.
// Arguments: port, probes, interval in milliseconds, seconds, fresh or keepAlive.

struct Settings {
    var port: Int
    var probes: Int
    var intervalMilliseconds: Int
    var seconds: Int
    var connection: HTTPProbeSpec.Connection

    init?(_ arguments: [String]) {
        guard arguments.count == 5, let connection = HTTPProbeSpec.Connection(rawValue: arguments[4]) else {
            return nil
        }
        let numbers = arguments.prefix(4).compactMap { Int($0) }
        guard numbers.count == 4, numbers.allSatisfy({ $0 > 0 }), numbers[1] <= 250 else { return nil }
        port = numbers[0]
        probes = numbers[1]
        intervalMilliseconds = numbers[2]
        seconds = numbers[3]
        self.connection = connection
    }

    func plans() throws -> [ProbePlan] {
        try (1...probes).map { number in
            var spec = HTTPProbeSpec(url: "http://127.0.1.\(number):\(port)/", timeout: WrittenDuration(.seconds(1)))
            spec.connection = connection
            return try ProbePlan(
                name: "probe-\(number)", kind: .http(spec), interval: .milliseconds(intervalMilliseconds))
        }
    }
}

/// What became of the slots.
struct Tally {
    var outcomes: [String: Int] = [:]
    var lateness: [Int64] = []
    var latency: [Int64] = []

    mutating func add(_ observation: Observation) {
        if case .missed(let reason) = observation.outcome {
            outcomes["missed \(reason)", default: 0] += 1
            return
        }
        lateness.append(observation.begun.nanoseconds - observation.planned.nanoseconds)
        switch observation.outcome {
        case .success:
            outcomes["success", default: 0] += 1
            latency.append(observation.ended.nanoseconds - observation.begun.nanoseconds)
        case .failure(let reason): outcomes["failure \(reason)", default: 0] += 1
        case .unknown(let reason): outcomes["unknown \(reason)", default: 0] += 1
        case .missed: break
        }
    }
}

/// The quantile of sorted values, in microseconds.
func quantile(_ values: [Int64], _ part: Double) -> Double {
    guard !values.isEmpty else { return .nan }
    return Double(values[min(values.count - 1, Int(Double(values.count) * part))]) / 1000
}

/// User and system time of this process so far, in seconds (getrusage(2)).
func cpuSeconds() -> Double {
    var usage = rusage()
    getrusage(RUSAGE_SELF.rawValue, &usage)
    let microseconds = usage.ru_utime.tv_usec + usage.ru_stime.tv_usec
    return Double(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) + Double(microseconds) / 1e6
}

/// A line with a number, printed to so many places after the point.
func show(_ name: String, _ value: Double, places: Int = 1) {
    let scale = pow(10, Double(places))
    print("\(name): \((value * scale).rounded() / scale)")
}

guard let settings = Settings(Array(CommandLine.arguments.dropFirst())) else {
    print("Usage: probe-benchmark PORT PROBES INTERVAL_MS SECONDS fresh|keepAlive")
    exit(2)
}
let engine = try ProbeEngine()
let buffer = ObservationBuffer(capacity: 1_000_000)
let planned = settings.probes * settings.seconds * 1000 / settings.intervalMilliseconds
let before = cpuSeconds()
let session = try engine.run(settings.plans(), into: buffer)
var tally = Tally()
var count = 0
while count < planned, let batch = await buffer.next() {
    count += batch.count
    for observation in batch { tally.add(observation) }
}
let cpu = cpuSeconds() - before
await session.stop()
tally.lateness.sort()
tally.latency.sort()
// Attempts that were made in their own interval, whatever came of them.
let made = tally.lateness.count
show("planned per second", Double(planned) / Double(settings.seconds))
show("rate held, percent", Double(made) / Double(count) * 100, places: 3)
for (outcome, number) in tally.outcomes.sorted(by: { $0.key < $1.key }) { print("\(outcome): \(number)") }
for part in [0.5, 0.99, 0.999] { show("begun late, p\(part * 100), microseconds", quantile(tally.lateness, part)) }
for part in [0.5, 0.99, 0.999] { show("latency, p\(part * 100), microseconds", quantile(tally.latency, part)) }
show("CPU, percent of one core", cpu / Double(settings.seconds) * 100)
show("CPU seconds per second at 1,000 probes/s", cpu / Double(made) * 1000, places: 4)

// SPDX-License-Identifier: Apache-2.0
// Lists every instance that the endpoint in the first argument knows and prints what that cost, as one JSON object.
// The second argument says what becomes of them: `keep` holds the whole list, `drop` forgets each at once.
import AWS
import Glibc
import HTTPTransport
import Logging

private func cpuSeconds() -> Double {
    var usage = rusage()
    getrusage(numericCast(RUSAGE_SELF.rawValue), &usage)
    let times = [usage.ru_utime, usage.ru_stime]
    return times.reduce(0) { $0 + Double($1.tv_sec) + Double($1.tv_usec) / 1e6 }
}

private func peakKibibytes() -> Int {
    var usage = rusage()
    getrusage(numericCast(RUSAGE_SELF.rawValue), &usage)
    return usage.ru_maxrss
}

private func makeClient(endpoint: String) throws -> AWSClient {
    let credentials = AWSCredentials(
        accessKeyID: "benchmark", secretAccessKey: "benchmark", sessionToken: nil, expiration: nil, source: "benchmark")
    return AWSClient(
        configuration: AWSClientConfiguration(
            region: "eu-west-1", credentials: StaticCredentials(credentials), transport: try HTTPClient(),
            endpoints: EndpointResolver(commonURL: endpoint),
            timeouts: AWSTimeouts(connect: .seconds(5), attempt: .seconds(60), call: .seconds(120)),
            retry: RetryPolicy(), limiter: RateLimiterRegistry(limits: .standard), clock: SystemAWSClock(),
            random: { Double.random(in: 0..<1) }, logger: Logger(label: "benchmark")))
}

guard CommandLine.arguments.count == 3, ["keep", "drop"].contains(CommandLine.arguments[2]) else {
    print("usage: describe-benchmark ENDPOINT keep|drop")
    exit(2)
}
let reader = EC2Reader(client: try makeClient(endpoint: CommandLine.arguments[1]))
let keeps = CommandLine.arguments[2] == "keep"
let before = cpuSeconds()
let idle = peakKibibytes()
var seen = 0
let instances = try await reader.describeEveryInstance { _ in
    seen += 1
    return keeps
}
let cpu = cpuSeconds() - before
print(
    """
    {"instances": \(seen), "kept": \(instances.count), "tags": \(instances.first?.tags.count ?? 0), \
    "cpu_s": \(cpu), "idle_kib": \(idle), "peak_kib": \(peakKibibytes())}
    """)

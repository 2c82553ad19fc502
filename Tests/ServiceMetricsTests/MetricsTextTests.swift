// SPDX-License-Identifier: Apache-2.0
import Foundation
import ServiceMetrics
import Testing

/// Figures of every kind, with values that need care.
private func filled() -> MetricsRegistry {
    let registry = MetricsRegistry()
    registry.info(MetricName("rebound_build", "What runs here.", labels: ["version"]), "0.1.0")
    let runs = registry.gauge(MetricName("rebound_runs", "Runs in the store.", labels: ["phase"]))
    runs.replace([["Done"]: 3, ["Injecting"]: 1.5])
    let calls = registry.counter(
        MetricName("rebound_aws_calls", "Calls, with a \\ and\na second line.", labels: ["service", "result"]))
    calls.add(2, "ec2", "ok")
    calls.add(1, "sns", "a \"quoted\" \\ result\nin two lines, ü")
    let times = registry.histogram(
        MetricName("rebound_recovery_seconds", "Time to recover.", unit: "seconds", labels: ["experiment"]),
        bounds: [0.5, 1, 30])
    times.observe(0.4, "web", exemplar: Exemplar(labels: [("run", "web-1")], at: 1_795_000_000.25))
    times.observe(1, "web")
    times.observe(99, "web", exemplar: Exemplar(labels: [("run", String(repeating: "x", count: 200))], at: 1))
    return registry
}

@Suite("Figures as text")
struct MetricsTextTests {
    @Test("the parser of Prometheus's own client reads back what was set", arguments: [false, true])
    func parsed(openMetrics: Bool) async throws {
        let text = await filled().text(openMetrics ? .openMetrics : .prometheus)
        let samples = try ClientParser.samples(of: text, openMetrics: openMetrics)
        #expect(samples["rebound_build_info{version=0.1.0}"] == "1.0")
        #expect(samples["rebound_runs{phase=Done}"] == "3.0")
        #expect(samples["rebound_runs{phase=Injecting}"] == "1.5")
        #expect(samples["rebound_aws_calls_total{result=ok,service=ec2}"] == "2.0")
        let odd = "rebound_aws_calls_total{result=a \"quoted\" \\ result\nin two lines, ü,service=sns}"
        #expect(samples[odd] == "1.0")
        let bucket = "rebound_recovery_seconds_bucket{experiment=web,le="
        #expect(samples[bucket + "0.5}"] == (openMetrics ? "1.0 run=web-1 0.4 1795000000.25" : "1.0"))
        #expect(samples[bucket + "1.0}"] == "2.0")
        #expect(samples[bucket + "30.0}"] == "2.0")
        #expect(samples[bucket + "+Inf}"] == "3.0", "an exemplar that is too long is left out")
        #expect(samples["rebound_recovery_seconds_sum{experiment=web}"] == "100.4")
        #expect(samples["rebound_recovery_seconds_count{experiment=web}"] == "3.0")
        #expect(samples["help rebound_aws_calls"] == "Calls, with a \\ and\na second line.")
    }

    @Test("the parser refuses a text that is damaged, so that the test above can fail")
    func instrument() async throws {
        let text = await filled().text(.openMetrics).replacing("# EOF\n", with: "")
        #expect(throws: ClientParser.Refused.self) { _ = try ClientParser.samples(of: text, openMetrics: true) }
    }

    @Test("series beyond the bound are counted as other, and none is lost")
    func bounded() async {
        let registry = MetricsRegistry()
        let counter = registry.counter(MetricName("x", "X.", labels: ["a"]), most: 3)
        for number in 0..<1_000 { counter.add(1, "v\(number)") }
        let text = await registry.text(.prometheus)
        let lines = text.split(separator: "\n").filter { !$0.hasPrefix("#") }
        #expect(lines.count == 4)
        #expect(lines.contains("x_total{a=\"other\"} 997"))
    }

    @Test("collectors are asked before every answer, in their order")
    func collectors() async {
        let registry = MetricsRegistry()
        let gauge = registry.gauge(MetricName("x", "X."))
        registry.collect { gauge.set(1) }
        registry.collect { gauge.set(2) }
        #expect(await registry.text(.prometheus).hasSuffix("\nx 2\n"))
    }

    @Test(
        "what the client accepts decides the format",
        arguments: [
            (nil, MetricsFormat.prometheus), ("text/plain", .prometheus),
            ("application/openmetrics-text;version=1.0.0,text/plain;q=0.5", .openMetrics),
        ] as [(String?, MetricsFormat)])
    func negotiation(accept: String?, format: MetricsFormat) {
        #expect(MetricsFormat(accept: accept) == format)
    }

    @Test("a counter never falls")
    func monotone() async {
        let registry = MetricsRegistry()
        let counter = registry.counter(MetricName("x", "X."))
        counter.reach(5)
        counter.reach(3)
        counter.add(-1)
        #expect(await registry.text(.prometheus).hasSuffix("\nx_total 5\n"))
    }
}

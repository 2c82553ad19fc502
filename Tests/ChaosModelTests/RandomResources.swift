// SPDX-License-Identifier: Apache-2.0
@testable import ChaosModel

/// Makes resources by chance, such as the reader accepts, with texts that are hard to write down.
struct RandomResources {
    var generator: SeededGenerator

    private static let hardTexts = [
        "yes", "null", "~", "007", "1e3", "0x1F", "- a", "a: b", "# no", "a #b", " lead", "trail ", "\"", "'", "\\",
        "a\nb", "{x}",
        "[x]", "*a", "&a", "!t", "%p", "@x", "`x`", "|", ">", "1.5", "true", "é😀ü", "a\tb", "…", "---", ":",
        "12:30",
    ]

    private mutating func text() -> String {
        Self.hardTexts[Int.random(in: 0..<Self.hardTexts.count, using: &generator)]
            + (Bool.random(using: &generator)
                ? Self.hardTexts[Int.random(in: 0..<Self.hardTexts.count, using: &generator)] : "")
    }

    private mutating func some<T>(_ make: (inout RandomResources) -> T) -> T? {
        Bool.random(using: &generator) ? make(&self) : nil
    }

    private mutating func length(_ range: ClosedRange<Int64>) -> WrittenDuration {
        WrittenDuration(.milliseconds(Int64.random(in: range, using: &generator)))
    }

    mutating func experiment(_ number: Int) -> Experiment {
        var metadata = ObjectMetadata(name: "experiment-\(number)")
        metadata.annotations = some { ["why": "x" + $0.text()] }
        let fault = FaultSpec(
            name: "fault", action: .ec2(.stop), targets: targets(), duration: length(1_000...60_000), after: nil)
        let spec = ExperimentSpec(
            hypothesis: text(), steadyState: [probe()],
            baseline: some { BaselineSpec(holdFor: $0.length(0...60_000)) }, faults: [fault],
            limits: LimitsSpec(maxTargets: Int.random(in: 5...9, using: &generator), minHealthy: 1),
            stopWhen: some { StopConditionSpec(probe: "probe", failingFor: $0.length(1...1_000)) }.map { [$0] },
            recovery: RecoverySpec(
                objective: some { ObjectiveSpec(availability: Double.random(in: 0...100, using: &$0.generator)) },
                stableFor: length(1...60_000), giveUpAfter: length(120_000...9_000_000)))
        return Experiment(metadata: metadata, spec: spec)
    }

    private mutating func targets() -> TargetsSpec {
        var selector = InstanceSelector(region: some { _ in "eu-west-1" })
        selector.tags = ["key": "value", "rebound:opt-in": "true", "a b": "1_000"]
        selector.zones = some { _ in ["eu-west-1a", "eu-west-1b"] }
        selector.states = some { _ in ["running"] }
        selector.warmUp = some { $0.length(0...1_000_000) }
        var pick = PickSpec(percent: Double.random(in: 0.001...100, using: &generator))
        pick.atMost = 3
        pick.spread = some { _ in .zones }
        return TargetsSpec(instances: selector, pick: pick)
    }

    private mutating func probe() -> ProbeSpec {
        var http = HTTPProbeSpec(
            url: "https://shop.example/?a=b&c=%20", status: some { _ in StatusSet([200...299, 304...304]) })
        http.headers = some { _ in ["X-Test": "a: b # c", "Accept": "*/*"] }
        http.body = some { $0.text() }
        http.match = some { _ in BodyMatch(regex: "^ok\\s*$") }
        var metric = CloudWatchMetricProbeSpec(
            namespace: "AWS/EC2", metric: "CPU", statistic: "p99.9", period: WrittenDuration(.seconds(60)))
        metric.atMost = Double.random(in: -1e-7...1e-7, using: &generator)
        metric.atLeast = some { _ in -1.5e21 }
        let kind = Bool.random(using: &generator) ? ProbeKind.http(http) : .cloudWatchMetric(metric)
        return ProbeSpec(
            name: "probe", kind: kind, every: WrittenDuration(.seconds(1)), failureThreshold: some { _ in 3 })
    }

    mutating func run(_ number: Int) -> Run {
        var spec = RunSpec(
            experiment: "experiment-\(number)", plan: experiment(number).spec,
            seed: UInt64.random(in: 0...UInt64.max, using: &generator), requestedBy: "someone")
        spec.abort = some {
            AbortRequest(requestedBy: "", reason: $0.text(), at: $0.moment())
        }
        var run = Run(metadata: ObjectMetadata(name: "run-\(number).a"), spec: spec)
        run.status = status()
        return run
    }

    private mutating func moment() -> Timestamp {
        Timestamp(nanosecondsSinceEpoch: Int64.random(in: 0...4_000_000_000_000_000_000, using: &generator))
    }

    private mutating func status() -> RunStatus {
        var status = RunStatus(phase: .done)
        status.phaseSince = ["Planned": moment(), "Done": moment()]
        status.verdict = some { _ in .inconclusive }
        status.verdictReasons = ["", text()]
        status.undo = .clean
        let bounds = BoundedTimestamp(at: moment(), low: moment(), high: moment())
        status.injections = [
            InjectionReport(
                name: "i", fault: "fault", action: "ec2.stop", target: "i-01234567", region: "eu-west-1",
                state: .reverted,
                effective: bounds)
        ]
        let figure = Figure(
            seconds: Double.random(in: 0...1e3, using: &generator), low: 1e-9,
            high: Double.random(in: 0...1e-4, using: &generator))
        let outage = OutageReport(
            probe: "probe", start: bounds, end: nil, duration: figure, confirmedAt: moment(),
            firstReason: "connectionRefused", failedSamples: 3, touchesGap: false)
        status.recovery = RecoveryReport(recovered: true, timeToRecover: figure, outages: [outage])
        status.timeline = [TimelineEvent(at: moment(), type: "phase", message: text())]
        status.plan = some { _ in
            PlanReport(hash: "ab", seed: 1, steps: [], guards: [], selections: [], iamActions: ["ec2:StopInstances"])
        }
        return status
    }
}

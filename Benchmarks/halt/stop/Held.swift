// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import ExperimentControl
import ResourceStore

/// Fills a store with runs that hold a fault on each of their targets, as a driver that died would have left them.
struct Held {
    var runs: Int
    var injections: Int
    /// Where the probes of the runs ask.
    var port: Int
    private let clock = SystemControlClock()

    init(runs: Int, injections: Int, port: Int) {
        self.runs = runs
        self.injections = injections
        self.port = port
    }

    func fill(_ store: any ResourceStore) async throws {
        for number in 0..<runs {
            let name = "run-\(number)"
            let run = try await store.create(
                Run(
                    metadata: ObjectMetadata(name: name, namespace: "default"),
                    spec: RunSpec(experiment: "held", plan: plan, seed: 1, requestedBy: "ada")))
            for index in stride(from: number, to: injections, by: runs) {
                try await hold(index, of: run, in: store)
            }
            var held = run
            var status = RunStatus(phase: .holding)
            status.anchor = clock.anchor()
            status.phaseSince = [RunPhase.injecting.rawValue: clock.wall(), RunPhase.holding.rawValue: clock.wall()]
            held.status = status
            _ = try await store.updateStatus(held)
        }
    }

    private static let group = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/web/0123456789abcdef"

    private func hold(_ index: Int, of run: Run, in store: any ResourceStore) async throws {
        let id = "i-\(index)"
        let target = PlannedTarget(
            id: id, account: "123456789012", region: "eu-west-1", targetGroupArns: [Self.group])
        let injection = Injection(
            metadata: ObjectMetadata(
                name: "\(run.metadata.name)-\(index)", namespace: "default",
                labels: ["rebound/run": run.metadata.name]),
            spec: InjectionSpec(
                run: run.metadata.name, fault: "away", action: .elb(.deregister), target: target,
                scope: AWSScope(region: "eu-west-1"), duration: WrittenDuration(.seconds(3_600)), planHash: "h"))
        var held = try await store.create(injection)
        var status = InjectionStatus(state: .effective)
        status.bootID = clock.bootID
        status.undo = .registerTargets([.init(targetGroupArn: Self.group, id: id, port: 80, zone: nil)])
        status.attempts = 1
        status.callBegan = clock.now()
        status.acceptedAt = clock.now()
        status.effectiveLow = clock.now()
        status.effectiveHigh = clock.now()
        held.status = status
        _ = try await store.updateStatus(held)
    }

    private var plan: ExperimentSpec {
        var probe = ProbeSpec(name: "site", kind: .tcp(TCPProbeSpec(host: "127.0.0.1", port: port)))
        probe.every = WrittenDuration(.seconds(1))
        var selector = InstanceSelector(region: "eu-west-1")
        selector.tags = ["app": "web"]
        let fault = FaultSpec(
            name: "away", action: .elb(.deregister),
            targets: TargetsSpec(instances: selector, pick: PickSpec(count: 1)),
            duration: WrittenDuration(.seconds(3_600)), after: nil)
        return ExperimentSpec(
            hypothesis: "it holds", steadyState: [probe], faults: [fault],
            limits: LimitsSpec(maxTargets: injections, minHealthy: 0),
            recovery: RecoverySpec(
                stableFor: WrittenDuration(.seconds(1)), giveUpAfter: WrittenDuration(.seconds(60))))
    }
}

// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import ExperimentControl
import Logging

extension Logger {
    static let silent = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
}

/// Small resources to build tests on; each test changes what it is about.
enum Sample {
    static let account = "123456789012"
    static let region = "eu-west-1"

    static func experiment(
        _ faults: [FaultSpec], limits: LimitsSpec = LimitsSpec(maxTargets: 5, minHealthy: 1),
        reports: [ReportSpec]? = nil
    ) -> ExperimentSpec {
        ExperimentSpec(
            hypothesis: "it holds", steadyState: [probe], faults: faults, limits: limits,
            recovery: RecoverySpec(
                stableFor: WrittenDuration(.seconds(10)), giveUpAfter: WrittenDuration(.seconds(300))),
            reports: reports)
    }

    static let probe = ProbeSpec(name: "site", kind: .tcp(TCPProbeSpec(host: "127.0.0.1", port: 9)))

    static func fault(
        _ action: FaultAction, name: String = "fault", duration: Duration? = nil, after: String? = nil,
        pick: PickSpec = PickSpec(count: 1), select: (inout InstanceSelector) -> Void = { $0.tags = ["app": "web"] }
    ) -> FaultSpec {
        var selector = InstanceSelector(region: region)
        select(&selector)
        let targets =
            action.targetsGroup
            ? TargetsSpec(autoScalingGroup: GroupSelector(name: "web", region: region))
            : TargetsSpec(instances: selector, pick: pick)
        return FaultSpec(
            name: name, action: action, targets: targets, duration: duration.map { WrittenDuration($0) }, after: after)
    }

    static func run(_ plan: ExperimentSpec, name: String = "run-1") -> Run {
        var metadata = ObjectMetadata(name: name, namespace: "default")
        metadata.uid = "uid-" + name
        return Run(
            metadata: metadata, spec: RunSpec(experiment: "web", plan: plan, seed: 7, requestedBy: "ada@example"))
    }

    static func injection(
        _ fault: FaultSpec, target: String = "i-0000000001", group: String? = nil, targetGroups: [String] = [],
        name: String = "run-1-1", run: String = "run-1"
    ) -> Injection {
        let id = fault.action.targetsGroup ? "web" : target
        let planned = PlannedTarget(
            id: id, account: account, region: region, zone: "eu-west-1a", autoScalingGroup: group,
            targetGroupArns: targetGroups)
        let metadata = ObjectMetadata(
            name: name, namespace: "default", labels: ["rebound/run": run, "rebound/fault": fault.name])
        return Injection(
            metadata: metadata,
            spec: InjectionSpec(
                run: run, fault: fault.name, action: fault.action, target: planned, scope: AWSScope(region: region),
                duration: fault.duration, planHash: "hash"))
    }

    static func policy(_ name: String = "usual", _ change: (inout PolicySpec) -> Void = { _ in }) -> Policy {
        var spec = PolicySpec()
        change(&spec)
        return Policy(metadata: ObjectMetadata(name: name), spec: spec)
    }
}

// SPDX-License-Identifier: Apache-2.0
import AWS
package import ChaosModel
import Measurement
package import Probes

/// One attempt of a probe that asks AWS. AWS's refusal to answer is unknown; its answer is a success or a failure.
package struct AWSProbe: ProbeAction {
    let kind: ProbeKind
    let aws: any AWSReaders
    let clock: any ControlClock

    package init(kind: ProbeKind, aws: any AWSReaders, clock: any ControlClock) {
        self.kind = kind
        self.aws = aws
        self.clock = clock
    }

    package func attempt() async -> ProbeOutcome {
        do throws(AWSError) {
            return try await ask()
        } catch {
            return ProbeOutcome(.unknown(reason: error.code.rawValue), detail: error.message)
        }
    }

    private func ask() async throws(AWSError) -> ProbeOutcome {
        switch kind {
        case .autoScalingGroup(let spec): try await ask(spec)
        case .targetGroup(let spec): try await ask(spec)
        case .instanceState(let spec): try await ask(spec)
        case .cloudWatchAlarm(let spec): try await ask(spec)
        case .cloudWatchMetric(let spec): try await AWSMetricProbe(aws: aws, clock: clock).ask(spec)
        case .http, .tcp, .dns: ProbeOutcome(.unknown(reason: "invalidRequest"), detail: "this probe does not ask AWS")
        }
    }

    private func ask(_ spec: AutoScalingGroupProbeSpec) async throws(AWSError) -> ProbeOutcome {
        let reader = try aws.reader(for: spec.scope)
        let groups = try await reader.autoScaling.describeGroups([AutoScalingGroupName(rawValue: spec.name)])
        guard let group = groups.first else {
            return ProbeOutcome(.failure(reason: "noSuchGroup"), detail: "there is no group \(spec.name)")
        }
        let serving = group.members.filter { $0.lifecycleState == .inService && $0.health == .healthy }.count
        return count(serving, of: spec.inService, desired: group.desiredCapacity, "in service", "tooFewInService")
    }

    private func ask(_ spec: TargetGroupProbeSpec) async throws(AWSError) -> ProbeOutcome {
        let reader = try aws.reader(for: spec.scope)
        let arns =
            spec.targetGroup.hasPrefix("arn:")
            ? [TargetGroupARN(rawValue: spec.targetGroup)]
            : try await reader.loadBalancing.describeTargetGroups(named: [spec.targetGroup]).map(\.arn)
        guard let arn = arns.first else {
            return ProbeOutcome(
                .failure(reason: "noSuchTargetGroup"), detail: "there is no target group \(spec.targetGroup)")
        }
        let targets = try await reader.loadBalancing.describeTargetHealth(of: arn)
        let healthy = targets.filter { $0.state == .healthy }.count
        let registered = targets.filter { $0.state != .draining && $0.state != .unused }.count
        return count(healthy, of: spec.healthy, desired: max(1, registered), "healthy", "tooFewHealthy")
    }

    private func count(_ seen: Int, of wanted: WantedCount, desired: Int, _ word: String, _ reason: String)
        -> ProbeOutcome
    {
        let needed =
            switch wanted {
            case .desired: desired
            case .atLeast(let number): number
            }
        let detail = "\(seen) of \(needed) \(word)"
        return ProbeOutcome(seen >= needed ? .success : .failure(reason: reason), detail: detail)
    }

    private func ask(_ spec: InstanceStateProbeSpec) async throws(AWSError) -> ProbeOutcome {
        let reader = try aws.reader(for: spec.scope)
        let found = try await reader.ec2.describeInstances(filters: [EC2Filter(name: "instance-id", values: spec.ids)])
        let states = Dictionary(
            found.map { ($0.id.rawValue, $0.state.awsName) }, uniquingKeysWith: { first, _ in first })
        let others = spec.ids.filter { states[$0] != spec.state }
        let detail = others.map { "\($0) is \(states[$0] ?? "not there")" }.joined(separator: ", ")
        return ProbeOutcome(
            others.isEmpty ? .success : .failure(reason: "otherState"),
            detail: others.isEmpty ? "all \(spec.state)" : detail)
    }

    private func ask(_ spec: CloudWatchAlarmProbeSpec) async throws(AWSError) -> ProbeOutcome {
        let reader = try aws.reader(for: spec.scope)
        let alarms = try await reader.cloudWatch.describeAlarms([AlarmName(rawValue: spec.name)])
        guard let alarm = alarms.first else {
            return ProbeOutcome(.unknown(reason: "noSuchAlarm"), detail: "there is no alarm \(spec.name)")
        }
        let wanted = spec.state ?? .ok
        if alarm.state.awsName == wanted.rawValue { return ProbeOutcome(.success, detail: alarm.state.awsName) }
        if alarm.state.awsName == CloudWatchAlarmProbeSpec.AlarmState.insufficientData.rawValue {
            return ProbeOutcome(.unknown(reason: "insufficientData"), detail: alarm.stateReason)
        }
        return ProbeOutcome(.failure(reason: "alarmState"), detail: alarm.state.awsName)
    }
}

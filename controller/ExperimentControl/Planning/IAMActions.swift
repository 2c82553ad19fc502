// SPDX-License-Identifier: Apache-2.0
package import ChaosModel

/// The IAM actions a run needs, from what its manifest asks for
/// (https://docs.aws.amazon.com/service-authorization/latest/reference/).
package enum IAMActions {
    package static func needed(by spec: ExperimentSpec) -> [String] {
        var actions = Set<String>()
        for fault in spec.faults { actions.formUnion(forFault(fault)) }
        for probe in spec.steadyState { actions.formUnion(forProbe(probe.kind)) }
        for gate in spec.gates ?? [] {
            if case .probe(let kind) = gate.condition { actions.formUnion(forProbe(kind)) }
        }
        for report in spec.reports ?? [] { actions.formUnion(forReport(report.destination)) }
        return actions.sorted()
    }

    private static func forFault(_ fault: FaultSpec) -> [String] {
        let looking = [
            "autoscaling:DescribeAutoScalingGroups", "autoscaling:DescribeScalingActivities", "ec2:DescribeInstances",
            "elasticloadbalancing:DescribeTargetGroups", "elasticloadbalancing:DescribeTargetHealth",
        ]
        let acting =
            switch fault.action {
            case .ec2(.terminate): ["ec2:CreateTags", "ec2:TerminateInstances"]
            case .ec2(.stop): ["ec2:CreateTags", "ec2:StopInstances", "ec2:StartInstances"]
            case .ec2(.reboot): ["ec2:CreateTags", "ec2:RebootInstances"]
            case .autoScaling(.terminate):
                [
                    "ec2:CreateTags", "autoscaling:DescribeAutoScalingInstances",
                    "autoscaling:TerminateInstanceInAutoScalingGroup",
                ]
            case .autoScaling(.detach): ["ec2:CreateTags", "autoscaling:DetachInstances"]
            case .autoScaling(.suspendProcesses): ["autoscaling:SuspendProcesses", "autoscaling:ResumeProcesses"]
            case .elb(.deregister):
                [
                    "ec2:CreateTags", "elasticloadbalancing:DeregisterTargets", "elasticloadbalancing:RegisterTargets",
                ]
            }
        return looking + acting
            + role(fault.targets.instances?.assumeRole ?? fault.targets.autoScalingGroup?.assumeRole)
    }

    private static func forProbe(_ kind: ProbeKind) -> [String] {
        switch kind {
        case .http, .tcp, .dns: []
        case .autoScalingGroup(let spec): ["autoscaling:DescribeAutoScalingGroups"] + role(spec.assumeRole)
        case .targetGroup(let spec):
            ["elasticloadbalancing:DescribeTargetGroups", "elasticloadbalancing:DescribeTargetHealth"]
                + role(spec.assumeRole)
        case .instanceState(let spec): ["ec2:DescribeInstances"] + role(spec.assumeRole)
        case .cloudWatchAlarm(let spec): ["cloudwatch:DescribeAlarms"] + role(spec.assumeRole)
        case .cloudWatchMetric(let spec): ["cloudwatch:GetMetricData"] + role(spec.assumeRole)
        }
    }

    private static func forReport(_ destination: ReportDestination) -> [String] {
        switch destination {
        case .sns(let spec): ["sns:GetTopicAttributes", "sns:Publish"] + role(spec.assumeRole)
        case .lambda(let spec): ["lambda:GetFunctionConfiguration", "lambda:InvokeFunction"] + role(spec.assumeRole)
        case .webhook, .file: []
        }
    }

    private static func role(_ role: AssumeRoleSpec?) -> [String] { role == nil ? [] : ["sts:AssumeRole"] }
}

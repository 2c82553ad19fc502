// SPDX-License-Identifier: Apache-2.0
package import ChaosModel

/// What each fault will do and how it is undone, in words that an operator can check against CloudTrail.
package enum FaultText {
    package static func step(_ fault: FaultSpec, target: PlannedTarget, scope: AWSScope) -> PlanStep {
        PlanStep(
            fault: fault.name, action: fault.action.name, target: target, call: call(fault.action, target: target),
            undo: undo(fault, target: target), after: fault.after)
    }

    static func call(_ action: FaultAction, target: PlannedTarget) -> String {
        switch action {
        case .ec2(.terminate): "ec2:TerminateInstances \(target.id)"
        case .ec2(.stop): "ec2:StopInstances \(target.id)"
        case .ec2(.reboot): "ec2:RebootInstances \(target.id)"
        case .autoScaling(.terminate(let decrement)):
            "autoscaling:TerminateInstanceInAutoScalingGroup \(target.id), \(capacity(decrement))"
        case .autoScaling(.detach(let decrement)):
            "autoscaling:DetachInstances \(target.id) from \(target.autoScalingGroup ?? "its group"), "
                + capacity(decrement)
        case .autoScaling(.suspendProcesses(let processes)):
            "autoscaling:SuspendProcesses \(processes.joined(separator: ", ")) of \(target.id)"
        case .elb(.deregister):
            "elasticloadbalancing:DeregisterTargets \(target.id) from \(target.targetGroupArns.joined(separator: ", "))"
        }
    }

    static func undo(_ fault: FaultSpec, target: PlannedTarget) -> String? {
        let after = fault.duration.map { " after \($0)" } ?? ""
        switch fault.action {
        case .ec2(.stop): return "ec2:StartInstances \(target.id)\(after)"
        case .autoScaling(.suspendProcesses(let processes)):
            return "autoscaling:ResumeProcesses of those of \(processes.joined(separator: ", ")) that ran\(after)"
        case .elb(.deregister):
            return "elasticloadbalancing:RegisterTargets \(target.id) with its ports\(after)"
        case .ec2(.terminate), .ec2(.reboot), .autoScaling(.terminate), .autoScaling(.detach): return nil
        }
    }

    private static func capacity(_ decrement: Bool) -> String {
        decrement ? "desired capacity lowered by one" : "desired capacity kept"
    }
}

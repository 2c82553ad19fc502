// SPDX-License-Identifier: Apache-2.0

/// One kind of harm, what it is done to, and for how long.
package struct FaultSpec: Sendable, Equatable {
    package var name: String
    package var action: FaultAction
    package var targets: TargetsSpec
    /// How long the fault is held before it is reverted. Written for faults that can be reverted, and only for them.
    package var duration: WrittenDuration?
    /// Starts when the named fault has taken effect on all its targets. Without it, faults start together.
    package var after: String?

    package init(
        name: String, action: FaultAction, targets: TargetsSpec, duration: WrittenDuration? = nil, after: String? = nil
    ) {
        self.name = name
        self.action = action
        self.targets = targets
        self.duration = duration
        self.after = after
    }
}

/// The harm itself. In a manifest the outer case is the key: `ec2: { action: terminate }`.
package enum FaultAction: Sendable, Equatable {
    case ec2(EC2Action)
    case autoScaling(AutoScalingAction)
    case elb(ELBAction)
}

/// `ec2: { action: terminate | stop | reboot }`
package enum EC2Action: String, Sendable, Codable, Equatable, CaseIterable {
    /// TerminateInstances. Cannot be undone.
    case terminate
    /// StopInstances; started again on revert.
    case stop
    /// RebootInstances. Nothing to undo.
    case reboot
}

/// `autoScaling: { action: terminate | suspendProcesses | detach, … }`
package enum AutoScalingAction: Sendable, Equatable {
    /// TerminateInstanceInAutoScalingGroup. Cannot be undone.
    case terminate(decrementDesiredCapacity: Bool)
    /// SuspendProcesses on the group; those that were not suspended before are resumed on revert.
    case suspendProcesses([String])
    /// DetachInstances. The instance keeps running outside its group; not undone.
    case detach(decrementDesiredCapacity: Bool)
}

/// `elb: { action: deregister }`
package enum ELBAction: String, Sendable, Codable, Equatable, CaseIterable {
    /// DeregisterTargets; registered again, with the same port and zone, on revert.
    case deregister
}

extension FaultAction {
    /// Whether there is something to put back, and so a `duration` to hold.
    package var isReverted: Bool {
        switch self {
        case .ec2(.stop), .autoScaling(.suspendProcesses), .elb(.deregister): true
        case .ec2(.terminate), .ec2(.reboot), .autoScaling(.terminate), .autoScaling(.detach): false
        }
    }

    /// The dotted name used in reports: `ec2.terminate`.
    package var name: String {
        switch self {
        case .ec2(let action): "ec2." + action.rawValue
        case .autoScaling(.terminate): "autoScaling.terminate"
        case .autoScaling(.suspendProcesses): "autoScaling.suspendProcesses"
        case .autoScaling(.detach): "autoScaling.detach"
        case .elb(let action): "elb." + action.rawValue
        }
    }

    /// Whether the target is an Auto Scaling group itself and not one of its instances.
    package var targetsGroup: Bool {
        if case .autoScaling(.suspendProcesses) = self { true } else { false }
    }
}

// SPDX-License-Identifier: Apache-2.0
package import AWS
package import ChaosModel

/// One fault through the AWS API, on one target. Each can be asked again after a crash at any point.
package protocol AWSFault: Sendable {
    /// Reads what must be put back. Changes nothing.
    func plan() async throws(AWSError) -> UndoRecord
    /// Makes the one call. Returns evidence when the answer itself shows the effect, else nil. An error with
    /// `mayHaveActed` means that `effect` must be asked.
    func inject() async throws(AWSError) -> String?
    /// Whether the world shows the fault.
    func effect() async throws(AWSError) -> FaultEffect
    /// Puts back what `plan` recorded. Safe to repeat. `announce` is called right before a call that changes something;
    /// there is none when it is too early for one, or nothing to put back.
    func revert(_ undo: UndoRecord, announce: @Sendable () async -> Void) async throws(AWSError)
    /// Whether the world shows that everything is back.
    func isReverted(_ undo: UndoRecord) async throws(AWSError) -> RevertState
}

/// What the world shows of a fault.
package enum FaultEffect: Sendable, Equatable {
    case seen(evidence: String)
    case notYet(evidence: String)
    /// The target no longer exists, by this or another hand.
    case targetGone(evidence: String)
}

/// What the world shows of an undo.
package enum RevertState: Sendable, Equatable {
    case reverted(evidence: String)
    case notYet(evidence: String)
    /// The target no longer exists, so there is nothing to put back.
    case targetGone(evidence: String)
}

extension AWSFault {
    /// Faults with nothing to put back.
    package func revert(_ undo: UndoRecord, announce: @Sendable () async -> Void) async throws(AWSError) {}

    package func isReverted(_ undo: UndoRecord) async throws(AWSError) -> RevertState {
        .reverted(evidence: "nothing to put back")
    }
}

extension FaultAction {
    /// Whether an unanswered call may be made again once the world was seen not to have changed. A second call on the
    /// same target does no more than one, except that a second reboot is a second reboot, and that a second call that
    /// lowers the desired capacity may lower it again.
    var canRepeat: Bool {
        switch self {
        case .ec2(.reboot), .autoScaling(.terminate(true)), .autoScaling(.detach(true)): false
        case .ec2(.terminate), .ec2(.stop), .elb(.deregister): true
        case .autoScaling(.terminate(false)), .autoScaling(.detach(false)), .autoScaling(.suspendProcesses): true
        }
    }
}

/// Builds the fault of an injection, with the undo record that the injection has by now.
package enum AWSFaults {
    package static func fault(
        _ spec: InjectionSpec, record: UndoRecord?, reader: AWSReader, actor: AWSActor
    ) -> any AWSFault {
        let id = spec.target.id
        let group = spec.target.autoScalingGroup ?? ""
        return switch spec.action {
        case .ec2(.terminate): TerminateInstance(id: id, reader: reader, actor: actor)
        case .ec2(.stop): StopInstance(id: id, reader: reader, actor: actor)
        case .ec2(.reboot): RebootInstance(id: id, reader: reader, actor: actor)
        case .autoScaling(.terminate(let decrement)):
            TerminateInGroup(id: id, decrement: decrement, reader: reader, actor: actor)
        case .autoScaling(.detach(let decrement)):
            DetachInstance(id: id, group: group, decrement: decrement, reader: reader, actor: actor)
        case .autoScaling(.suspendProcesses(let processes)):
            SuspendProcesses(group: id, processes: processes, reader: reader, actor: actor)
        case .elb(.deregister):
            DeregisterTarget(
                id: id, targetGroupArns: spec.target.targetGroupArns, record: record, reader: reader, actor: actor)
        }
    }
}

extension AWSReader {
    /// The state of one instance as EC2 tells it; `terminated` when EC2 no longer knows it.
    func instanceState(_ id: String) async throws(AWSError) -> EC2InstanceState {
        let found = try await ec2.describeInstances(filters: [EC2Filter(name: "instance-id", values: [id])])
        return found.first?.state ?? .terminated
    }
}

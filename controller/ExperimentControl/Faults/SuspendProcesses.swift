// SPDX-License-Identifier: Apache-2.0
import AWS
import ChaosModel

/// SuspendProcesses on a group; only those that were running before are resumed.
/// https://docs.aws.amazon.com/autoscaling/ec2/userguide/as-suspend-resume-processes.html
struct SuspendProcesses: AWSFault {
    let group: String
    let processes: [String]
    let reader: AWSReader
    let actor: AWSActor

    func plan() async throws(AWSError) -> UndoRecord {
        let suspended = try await suspended() ?? []
        return .resumeProcesses(group: group, processes: processes.filter { !suspended.contains($0) })
    }

    func inject() async throws(AWSError) -> String? {
        try await actor.autoScaling.suspendProcesses(named(processes), of: AutoScalingGroupName(rawValue: group))
        return nil
    }

    func effect() async throws(AWSError) -> FaultEffect {
        guard let suspended = try await suspended() else { return .targetGone(evidence: "group \(group) is gone") }
        let evidence = "DescribeAutoScalingGroups: suspended \(suspended.sorted().joined(separator: ", "))"
        return suspended.isSuperset(of: processes) ? .seen(evidence: evidence) : .notYet(evidence: evidence)
    }

    func revert(_ undo: UndoRecord, announce: @Sendable () async -> Void) async throws(AWSError) {
        guard case .resumeProcesses(_, let processes) = undo, !processes.isEmpty else { return }
        await announce()
        try await actor.autoScaling.resumeProcesses(named(processes), of: AutoScalingGroupName(rawValue: group))
    }

    func isReverted(_ undo: UndoRecord) async throws(AWSError) -> RevertState {
        guard case .resumeProcesses(_, let processes) = undo else { return .reverted(evidence: "nothing to resume") }
        guard let suspended = try await suspended() else { return .targetGone(evidence: "group \(group) is gone") }
        let evidence = "DescribeAutoScalingGroups: suspended \(suspended.sorted().joined(separator: ", "))"
        return suspended.isDisjoint(with: processes) ? .reverted(evidence: evidence) : .notYet(evidence: evidence)
    }

    /// Nil when there is no such group.
    private func suspended() async throws(AWSError) -> Set<String>? {
        let groups = try await reader.autoScaling.describeGroups([AutoScalingGroupName(rawValue: group)])
        return groups.first.map { Set($0.suspendedProcesses.map(\.process.awsName)) }
    }

    private func named(_ processes: [String]) -> [AutoScalingProcess] {
        processes.map { AutoScalingProcess(awsName: $0) }
    }
}

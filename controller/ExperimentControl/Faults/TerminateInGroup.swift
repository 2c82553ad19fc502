// SPDX-License-Identifier: Apache-2.0
import AWS
import ChaosModel

/// TerminateInstanceInAutoScalingGroup: as the group itself would remove a member, with or without a smaller group
/// after. https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_TerminateInstanceInAutoScalingGroup.html
struct TerminateInGroup: AWSFault {
    let id: String
    let decrement: Bool
    let reader: AWSReader
    let actor: AWSActor

    func plan() async throws(AWSError) -> UndoRecord { .nothing }

    func inject() async throws(AWSError) -> String? {
        _ = try await actor.autoScaling.terminateInstance(
            EC2InstanceID(rawValue: id), decrementDesiredCapacity: decrement)
        return nil
    }

    func effect() async throws(AWSError) -> FaultEffect {
        let state = try await reader.instanceState(id)
        if state == .shuttingDown || state == .terminated {
            return .seen(evidence: "DescribeInstances: \(id) is \(state.awsName)")
        }
        let members = try await reader.autoScaling.describeMembers([EC2InstanceID(rawValue: id)])
        guard let member = members.first else { return .seen(evidence: "\(id) is in no Auto Scaling group any more") }
        let evidence = "DescribeAutoScalingInstances: \(id) is \(member.lifecycleState.awsName)"
        let leaving = member.lifecycleState.awsName.hasPrefix("Terminat")
        return leaving ? .seen(evidence: evidence) : .notYet(evidence: evidence)
    }
}

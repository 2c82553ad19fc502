// SPDX-License-Identifier: Apache-2.0
import AWS
import ChaosModel

/// DetachInstances: the instance keeps running outside its group. Not undone: attaching it again would make the group
/// one too many wherever the lost capacity was replaced.
/// https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_DetachInstances.html
struct DetachInstance: AWSFault {
    let id: String
    let group: String
    let decrement: Bool
    let reader: AWSReader
    let actor: AWSActor

    func plan() async throws(AWSError) -> UndoRecord { .nothing }

    func inject() async throws(AWSError) -> String? {
        _ = try await actor.autoScaling.detachInstances(
            [EC2InstanceID(rawValue: id)], from: AutoScalingGroupName(rawValue: group),
            decrementDesiredCapacity: decrement)
        return nil
    }

    func effect() async throws(AWSError) -> FaultEffect {
        let groups = try await reader.autoScaling.describeGroups([AutoScalingGroupName(rawValue: group)])
        guard let member = groups.first?.members.first(where: { $0.id.rawValue == id }) else {
            return .seen(evidence: "DescribeAutoScalingGroups: \(id) is no member of \(group)")
        }
        let evidence = "DescribeAutoScalingGroups: \(id) is \(member.lifecycleState.awsName)"
        return member.lifecycleState == .detaching ? .seen(evidence: evidence) : .notYet(evidence: evidence)
    }
}

// SPDX-License-Identifier: Apache-2.0
import AWS
import ChaosModel

/// RebootInstances. EC2 queues the request and shows no state of it: the instance stays `running` throughout. What the
/// reboot did is seen by the probes; that it was accepted is all that the API can show, and only its answer shows that.
/// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_RebootInstances.html
struct RebootInstance: AWSFault {
    let id: String
    let reader: AWSReader
    let actor: AWSActor

    func plan() async throws(AWSError) -> UndoRecord { .nothing }

    func inject() async throws(AWSError) -> String? {
        try await actor.ec2.reboot([EC2InstanceID(rawValue: id)])
        return "RebootInstances accepted; EC2 shows no state of a reboot"
    }

    func effect() async throws(AWSError) -> FaultEffect {
        let state = try await reader.instanceState(id)
        switch state {
        case .shuttingDown, .terminated: return .targetGone(evidence: "DescribeInstances: \(id) is \(state.awsName)")
        default:
            return .notYet(evidence: "DescribeInstances: \(id) is \(state.awsName), which shows nothing of a reboot")
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
import AWS
import ChaosModel

/// TerminateInstances: the instance and its instance-store volumes are lost for good.
/// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_TerminateInstances.html
struct TerminateInstance: AWSFault {
    let id: String
    let reader: AWSReader
    let actor: AWSActor

    func plan() async throws(AWSError) -> UndoRecord { .nothing }

    func inject() async throws(AWSError) -> String? {
        let changes = try await actor.ec2.terminate([EC2InstanceID(rawValue: id)])
        guard let now = changes.first(where: { $0.id.rawValue == id })?.current else { return nil }
        return now == .shuttingDown || now == .terminated ? "TerminateInstances: \(id) is \(now.awsName)" : nil
    }

    func effect() async throws(AWSError) -> FaultEffect {
        let state = try await reader.instanceState(id)
        let evidence = "DescribeInstances: \(id) is \(state.awsName)"
        return state == .shuttingDown || state == .terminated ? .seen(evidence: evidence) : .notYet(evidence: evidence)
    }
}

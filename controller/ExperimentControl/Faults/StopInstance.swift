// SPDX-License-Identifier: Apache-2.0
import AWS
import ChaosModel

/// StopInstances, and StartInstances to undo it. A group may replace a stopped member; then there is nothing left to
/// start. https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_StopInstances.html
struct StopInstance: AWSFault {
    let id: String
    let reader: AWSReader
    let actor: AWSActor

    /// An instance that does not run is not to be started by the undo.
    func plan() async throws(AWSError) -> UndoRecord {
        switch try await reader.instanceState(id) {
        case .stopping, .stopped: .nothing
        default: .startInstance(id: id)
        }
    }

    func inject() async throws(AWSError) -> String? {
        let changes = try await actor.ec2.stop([EC2InstanceID(rawValue: id)], force: false)
        guard let now = changes.first(where: { $0.id.rawValue == id })?.current else { return nil }
        return now == .stopping || now == .stopped ? "StopInstances: \(id) is \(now.awsName)" : nil
    }

    func effect() async throws(AWSError) -> FaultEffect {
        let state = try await reader.instanceState(id)
        let evidence = "DescribeInstances: \(id) is \(state.awsName)"
        return switch state {
        case .stopping, .stopped: .seen(evidence: evidence)
        case .shuttingDown, .terminated: .targetGone(evidence: evidence)
        default: .notYet(evidence: evidence)
        }
    }

    /// An instance that is still stopping cannot be started yet (IncorrectInstanceState); the caller looks again.
    func revert(_ undo: UndoRecord, announce: @Sendable () async -> Void) async throws(AWSError) {
        guard case .startInstance = undo else { return }
        guard try await reader.instanceState(id) == .stopped else { return }
        await announce()
        _ = try await actor.ec2.start([EC2InstanceID(rawValue: id)])
    }

    func isReverted(_ undo: UndoRecord) async throws(AWSError) -> RevertState {
        guard case .startInstance = undo else { return .reverted(evidence: "\(id) did not run before") }
        let state = try await reader.instanceState(id)
        let evidence = "DescribeInstances: \(id) is \(state.awsName)"
        return switch state {
        case .running: .reverted(evidence: evidence)
        case .shuttingDown, .terminated: .targetGone(evidence: evidence)
        default: .notYet(evidence: evidence)
        }
    }
}

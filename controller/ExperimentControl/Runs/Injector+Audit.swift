// SPDX-License-Identifier: Apache-2.0
import AWS
import ChaosModel
import Logging
import ResourceStore
import Synchronization

/// The audit of calls that change something: the intent before, and what came of it after. An intent without a result
/// is a call of which the answer is not known.
extension Injector {
    /// Throws when it cannot be written; then the call must not be made.
    func recordIntent(_ action: String, _ injection: Injection, reason: String?) async throws(StoreError) {
        try await records.record(entry(action, injection, result: "intent", reason: reason))
    }

    /// What came of the call. The call was made, so that a store that does not take it down stops nothing.
    func recordResult(_ action: String, _ injection: Injection, _ result: Result<String, AWSError>) async {
        let text =
            switch result {
            case .success(let said): said
            case .failure(let error):
                (error.mayHaveActed ? "unknown: " : "refused: ") + error.message
                    + (error.requestID.map { " (request \($0))" } ?? "")
            }
        let entry = entry(action, injection, result: String(text.prefix(1_000)), reason: nil)
        await ifPossible(entry) { () throws(StoreError) in try await records.record(entry) }
    }

    /// Puts back, and records it as far as the store lets it: an undo is not held up by the audit. `announced` is
    /// called before each call, when its intent is written.
    func revert(
        _ fault: any AWSFault, _ undo: UndoRecord, of injection: Injection, announced: @Sendable () -> Void = {}
    ) async throws(AWSError) {
        let action = injection.spec.action.awsUndo
        let note = CallNote()
        do throws(AWSError) {
            try await fault.revert(undo) {
                note.isCalling.store(true, ordering: .relaxed)
                let entry = entry(action, injection, result: "intent", reason: "undo")
                await ifPossible(entry) { () throws(StoreError) in try await records.recordUndoIntent(entry) }
                announced()
            }
        } catch {
            // Without an intent it was looking that failed.
            if note.isCalling.load(ordering: .relaxed) { await recordResult(action, injection, .failure(error)) }
            throw error
        }
        if note.isCalling.load(ordering: .relaxed) { await recordResult(action, injection, .success("accepted")) }
    }

    private func ifPossible(_ entry: AuditEntry, _ record: () async throws(StoreError) -> Void) async {
        do throws(StoreError) { try await record() } catch {
            logger.error(
                "audit record not written",
                metadata: ["action": "\(entry.action)", "object": "\(entry.object)", "reason": "\(error.message)"])
        }
    }

    private func entry(_ action: String, _ injection: Injection, result: String, reason: String?) -> AuditEntry {
        var origin = WriteOrigin.current
        origin.reason = reason ?? origin.reason
        let target = injection.spec.target
        return AuditEntry(
            at: clock.wall(), origin: origin, action: action, object: "\(target.account)/\(target.region)/\(target.id)",
            result: result, detail: "injection \(injection.metadata.name) of run \(injection.spec.run)")
    }
}

/// Whether a call was begun; shared with the closure that begins it, which is why it is a class.
private final class CallNote: Sendable {
    let isCalling = Atomic(false)
}

extension FaultAction {
    /// The call that harms, as the audit names it.
    var awsCall: String {
        switch self {
        case .ec2(.terminate): "aws:ec2:TerminateInstances"
        case .ec2(.stop): "aws:ec2:StopInstances"
        case .ec2(.reboot): "aws:ec2:RebootInstances"
        case .autoScaling(.terminate): "aws:autoscaling:TerminateInstanceInAutoScalingGroup"
        case .autoScaling(.detach): "aws:autoscaling:DetachInstances"
        case .autoScaling(.suspendProcesses): "aws:autoscaling:SuspendProcesses"
        case .elb(.deregister): "aws:elasticloadbalancing:DeregisterTargets"
        }
    }

    /// The call that puts back; for what has none, a word that says so.
    var awsUndo: String {
        switch self {
        case .ec2(.stop): "aws:ec2:StartInstances"
        case .autoScaling(.suspendProcesses): "aws:autoscaling:ResumeProcesses"
        case .elb(.deregister): "aws:elasticloadbalancing:RegisterTargets"
        case .ec2(.terminate), .ec2(.reboot), .autoScaling(.terminate), .autoScaling(.detach): "aws:none"
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
import AWS
import ChaosModel
import Logging
import ResourceStore

/// What is done when the store can be read and not written: a full disk, a file system that became read-only.
///
/// Then nothing that happens can be written down, a lease cannot be renewed, and nobody can take over either. A fault
/// that cannot be accounted for must not go on: everything that this process may have changed is put back at once, from
/// the undo record that was durable before it acted. It looks first, so that it can be done again and again. Once the
/// store takes writes, the run is aborted, and its ordinary way finds everything put back.
extension RunReconciler {
    func revertUnrecorded(_ key: ResourceKey) async {
        do throws(StoreError) {
            guard let run = try await store.get(Run.self, namespace: key.namespace, name: key.name),
                run.status?.phase != .done
            else { return }
            let held = try await injections(of: run).filter(\.mayHoldChange)
            if held.isEmpty { return }
            watches.noteUnrecorded(key)
            let injector = injector
            await withDiscardingTaskGroup { group in
                for injection in held { group.addTask { await injector.revertUnrecorded(injection) } }
            }
        } catch {
            logger.error(
                "the store can neither be written nor read",
                metadata: ["run": "\(key.name)", "reason": "\(error.message)", "hint": "\(error.hint)"])
        }
    }

    /// Ends a run of which something was put back without a record, as soon as that can be written.
    func abortAfterUnrecorded(_ run: Run) async throws(StoreError) -> Run {
        guard watches.hasUnrecorded(run.key) else { return run }
        var run = run
        if run.spec.abort == nil, run.status?.phase != .done {
            run.spec.abort = AbortRequest(
                requestedBy: Self.stopCondition,
                reason: "the store could not be written, so that everything was put back", at: clock.wall())
            run = try await store.update(run)
        }
        watches.forgetUnrecorded(run.key)
        return run
    }
}

extension Injector {
    /// One look, and the call if it is needed; nothing is written.
    func revertUnrecorded(_ injection: Injection) async {
        let undo = injection.status?.undo ?? .nothing
        let looked = await asUndo {
            await answer { () throws(AWSError) -> RevertState in
                let fault = try await world.fault(of: injection)
                let state = try await fault.isReverted(undo)
                if case .notYet = state { try await revert(fault, undo, of: injection) }
                return state
            }
        }
        let metadata: Logger.Metadata = [
            "injection": "\(injection.metadata.name)", "target": "\(injection.spec.target.id)",
        ]
        switch looked {
        case .success(.notYet(let evidence)):
            logger.error(
                "reverting without a record, as the store cannot be written",
                metadata: metadata.merging(["evidence": "\(evidence)"]) { $1 })
        case .success: break
        case .failure(let error):
            logger.error(
                "not reverted, and the store cannot be written",
                metadata: metadata.merging(["reason": "\(error.message)", "hint": "\(error.hint)"]) { $1 })
        }
    }
}

extension Injection {
    /// The world may be changed by it in a way that can be put back.
    fileprivate var mayHoldChange: Bool {
        guard spec.action.isReverted, let undo = status?.undo, undo != .nothing else { return false }
        return switch state {
        case .acting, .accepted, .effective, .noEffect, .reverting: true
        case .pending, .reserved, .announced, .armed: false
        case .reverted, .completed, .refused, .failed, .targetGone, .revertFailed: false
        }
    }
}

extension StoreError {
    /// Nothing can be written, though reading may be possible.
    var forbidsWriting: Bool { code == .full || code == .readOnly || code == .unavailable }
}

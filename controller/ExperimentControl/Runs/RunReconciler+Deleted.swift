// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import ResourceStore

/// What it means to delete a run that is under way, or a part of it. The store keeps what was deleted until the run is
/// Done, so all that is left to do here is to end it.
extension RunReconciler {
    /// The run, with a request to abort when it was deleted, or an injection of it that is not over.
    func abortAfterDeletion(_ run: Run, _ injections: [Injection]) async throws(StoreError) -> Run {
        guard run.spec.abort == nil, run.status?.phase != .done else { return run }
        let deleted = injections.first { $0.metadata.deletionTimestamp != nil && !$0.state.isFinal }
        let reason: String
        if run.metadata.deletionTimestamp != nil {
            reason = "the run was deleted"
        } else if let deleted {
            reason = "the injection \(deleted.metadata.name) was deleted"
        } else {
            return run
        }
        var run = run
        // Who deleted it is in the audit; the resource does not say.
        run.spec.abort = AbortRequest(requestedBy: "a deletion", reason: reason, at: clock.wall())
        return try await store.update(run)
    }
}

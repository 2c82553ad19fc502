// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import ResourceStore

/// What may not be deleted yet, because the way back would go with it: a run that is under way, and an injection whose
/// fault may still be in place. To be asked with the version that is then deleted, and no other.
enum DeletionRules {
    /// Why not, and what to do first; nil when it may be deleted.
    static func objection(to document: StoredDocument) throws(StatusError) -> String? {
        let resource: ManifestDocument
        do {
            resource = try JSONDocument.resource(document.key.kind, document.json)
        } catch {
            throw .internalError("the store holds \(document.key) in a form that cannot be read")
        }
        switch resource {
        case .run(let run): return run.deletionObjection
        case .injection(let injection): return injection.deletionObjection
        case .experiment, .schedule, .policy, .namespace, .roleBinding, .clusterRoleBinding: return nil
        }
    }

    /// Whether a resource is deleted only in the version that was looked at.
    static func isHeld(_ kind: ResourceKind) -> Bool { kind == .run || kind == .injection }
}

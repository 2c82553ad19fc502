// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import ResourceStore

/// What the API itself holds to, beyond the form of a manifest, before anything is stored.
struct Admission {
    let resource: ServedResource
    let caller: Caller

    /// Fills in what the server knows better than the client.
    func completed(_ tree: ManifestNode) -> ManifestNode {
        var tree = tree
        for key in ["uid", "generation"] { tree.set(["metadata", key], nil) }
        // Rebound's own finalizers come when what they stand for does.
        let foreign = finalizers(of: tree).filter { !$0.hasPrefix(Self.own) }
        if finalizers(of: tree) != foreign {
            tree.set(["metadata", "finalizers"], foreign.isEmpty ? nil : .texts(foreign))
        }
        if resource.stored == .run {
            tree.set(["spec", "requestedBy"], .text(caller.name))
            tree.set(["spec", "authors"], nil)
            tree.set(["metadata", "ownerReferences"], nil)
            for key in annotations(of: tree).keys where Self.isOurs(annotation: key) {
                tree.set(["metadata", "annotations", key], nil)
            }
        }
        if resource.stored == .namespace {
            tree.set(["metadata", "finalizers"], .texts([NamespaceRules.finalizer]))
        }
        return tree
    }

    /// Throws for what clients do not make: an injection comes from the plan of a run, past its guards and approvals;
    /// and who agreed to a run, or asked for its end, is written down by those who do so.
    func checkCreation(of tree: ManifestNode) throws(StatusError) {
        let name = tree.at(["metadata", "name"])?.text ?? ""
        if resource.stored == .injection {
            throw .forbidden(
                "\(resource.qualified) \(Quoted.text(name)) is forbidden: injections are made by the controller, from "
                    + "the plan of a run; start one by POST to an experiment's run", resource, name: name)
        }
        guard resource.stored == .run else { return }
        for (key, action) in [("approvals", "approve"), ("abort", "abort")] {
            guard let value = tree.at(["spec", key]), !value.isNull else { continue }
            throw .invalid(
                resource, name, field: "spec.\(key)",
                "is written for who asks, by POST to the run's \(action); leave it out",
                reason: "FieldValueForbidden")
        }
    }

    /// Throws when an update changes what never changes once it is written.
    func checkUpdate(from old: ManifestNode, to new: ManifestNode) throws(StatusError) {
        let name = new.at(["metadata", "name"])?.text ?? ""
        if resource.stored == .run || resource.stored == .injection,
            !JSONPatch.isEqual(old["spec"] ?? .emptyMap, new["spec"] ?? .emptyMap)
        {
            throw .invalid(
                resource, name, field: "spec",
                "never changes once it is written; to end a run early, POST to its abort",
                reason: "FieldValueForbidden")
        }
        try checkOwners(from: old, to: new, name)
        try checkLabels(from: old, to: new, name)
        try checkAnnotations(from: old, to: new, name)
        let changed = Set(finalizers(of: old)).symmetricDifference(finalizers(of: new))
        if let finalizer = changed.filter({ $0.hasPrefix(Self.own) }).min() {
            throw .invalid(
                resource, name, field: "metadata.finalizers",
                "\(finalizer) is Rebound's own, and goes when what it stands for is done",
                reason: "FieldValueForbidden")
        }
    }

    private static let own = "rebound.chaos/"

    /// A run or an injection that is given an owner could be deleted by way of it while a fault is in place.
    private func checkOwners(from old: ManifestNode, to new: ManifestNode, _ name: String) throws(StatusError) {
        guard resource.stored == .run || resource.stored == .injection else { return }
        let path = ["metadata", "ownerReferences"]
        let (before, after) = (old.at(path) ?? .list([]), new.at(path) ?? .list([]))
        if JSONPatch.isEqual(before, after) { return }
        throw .invalid(
            resource, name, field: "metadata.ownerReferences", "of a \(resource.kind) never change",
            reason: "FieldValueForbidden")
    }

    /// Rebound finds the injections of a run by its own labels: one that is not found is not put back. And a run that
    /// may wait for approval is held to the rules that its labels ask for, until it has gone ahead.
    private func checkLabels(from old: ManifestNode, to new: ManifestNode, _ name: String) throws(StatusError) {
        guard let kind = resource.stored, kind == .run || kind == .injection else { return }
        let phase = old.at(["status", "phase"])?.text.flatMap { RunPhase(rawValue: $0) } ?? .pending
        let isWaiting = kind == .run && [.pending, .planned, .awaitingApproval].contains(phase)
        let (before, after) = (labels(of: old), labels(of: new))
        let changed = Set(before.keys).union(after.keys).filter { before[$0] != after[$0] }.sorted()
        guard let label = changed.first(where: { isWaiting || $0.hasPrefix("rebound/") }) else { return }
        throw .invalid(
            resource, name, field: "metadata.labels",
            isWaiting
                ? "\(label) cannot change before the run has gone ahead, as approvals are asked for by labels"
                : "\(label) is Rebound's own, and never changes", reason: "FieldValueForbidden")
    }

    /// Rebound's own annotations say which slot made a run, and that an undo which failed was dealt with. The latter is
    /// a person's word, and there is nothing to say before it has failed.
    private func checkAnnotations(from old: ManifestNode, to new: ManifestNode, _ name: String) throws(StatusError) {
        guard resource.stored == .run || resource.stored == .injection else { return }
        let (before, after) = (annotations(of: old), annotations(of: new))
        let changed = Set(before.keys).union(after.keys).filter { before[$0] != after[$0] }.sorted()
        let isDirty = old.at(["status", "undo"])?.text == UndoState.dirty.rawValue
        let isDone = old.at(["status", "phase"])?.text == RunPhase.done.rawValue
        for key in changed where Self.isOurs(annotation: key) {
            let isAcknowledgement = key == RetentionPolicy.acknowledgement && resource.stored == .run
            if isAcknowledgement, isDone, isDirty { continue }
            throw .invalid(
                resource, name, field: "metadata.annotations",
                isAcknowledgement
                    ? "\(key) says how an undo that failed was dealt with: write it when the run is Done, undo: dirty"
                    : "\(key) is Rebound's own, and never changes", reason: "FieldValueForbidden")
        }
    }

    /// Everybody may say why he writes.
    private static func isOurs(annotation key: String) -> Bool {
        key.hasPrefix(own) && key != WriteOrigin.reasonAnnotation
    }

    private func annotations(of tree: ManifestNode) -> [String: String] { texts(tree, "annotations") }

    private func labels(of tree: ManifestNode) -> [String: String] { texts(tree, "labels") }

    private func texts(_ tree: ManifestNode, _ key: String) -> [String: String] {
        let entries = tree.at(["metadata", key])?.entries ?? []
        return Dictionary(entries.map { ($0.key, $0.value.written) }, uniquingKeysWith: { first, _ in first })
    }

    private func finalizers(of tree: ManifestNode) -> [String] {
        (tree.at(["metadata", "finalizers"])?.items ?? []).compactMap(\.text)
    }
}

/// Namespaces as Kubernetes has them.
enum NamespaceRules {
    /// The namespace that is always there.
    static let permanent = "default"
    /// Holds a namespace that is being deleted until nothing is left in it.
    static let finalizer = "rebound.chaos/namespace"
}

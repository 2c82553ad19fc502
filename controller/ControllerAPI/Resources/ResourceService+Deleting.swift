// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import ResourceStore

/// Delete and deletecollection.
extension ResourceService {
    func delete(_ target: ResourceTarget, _ kind: ResourceKind, _ request: APIRequest) async throws(StatusError)
        -> APIAnswer
    {
        let options = try DeleteOptions(request)
        let name = target.name ?? ""
        let document = try await document(target, kind, name: name)
        try check(options, document, target)
        if kind == .namespace, name == NamespaceRules.permanent {
            throw .forbidden(
                "namespaces \(Quoted.text(name)) is forbidden: this namespace may not be deleted", target.resource,
                name: name)
        }
        if !options.isDryRun { try await remove(document, target, options) }
        let left = options.isDryRun ? nil : try await remaining(document, target)
        if let left {
            let tree = try Rendering.tree(left)
            var answer = try representation(of: tree, target, request)
            if let why = try Self.reasonToStay(left, tree) { answer.warn([why]) }
            return answer
        }
        return .json(Self.success(target, document))
    }

    func deleteCollection(
        _ target: ResourceTarget, _ kind: ResourceKind, _ options: ListOptions, _ request: APIRequest
    ) async throws(StatusError) -> APIAnswer {
        let deletion = try DeleteOptions(request)
        if kind == .namespace { throw .methodNotAllowed("DELETE of all namespaces") }
        let page = try await page(target, kind, options)
        var items: [[UInt8]] = []
        for document in page.items {
            items.append(try Rendering.json(document))
            if deletion.isDryRun { continue }
            let one = ResourceTarget(
                resource: target.resource, namespace: document.key.namespace, name: document.key.name)
            do throws(StatusError) {
                try await remove(document, one, deletion)
            } catch {
                if error.code != 404 { throw error }  // Somebody else deleted it first.
            }
        }
        let bytes = Rendering.list(
            kind: target.resource.kind + "List", groupVersion: target.resource.groupVersion,
            version: page.resourceVersion, continuation: page.continuation, remaining: nil, items: items)
        return APIAnswer(status: 200, contentType: "application/json", body: .bytes(bytes))
    }

    private func remove(
        _ document: StoredDocument, _ target: ResourceTarget, _ options: DeleteOptions
    ) async throws(StatusError) {
        try await stored(target.resource, document.key.name) { () async throws(StoreError) in
            // A uid that was asked for is that of this version only.
            let isConditional = options.uid != nil || options.resourceVersion != nil
            try await store.delete(
                document.key, ifVersion: isConditional ? document.resourceVersion : nil,
                dependents: options.propagation == .orphan ? .stay : .goAlong)
        }
    }

    private func check(
        _ options: DeleteOptions, _ document: StoredDocument, _ target: ResourceTarget
    ) throws(StatusError) {
        if let uid = options.uid, uid != document.uid {
            throw .conflict(
                target.resource, document.key.name,
                "Precondition failed: UID in precondition: \(uid), UID in object meta: \(document.uid)")
        }
        if let version = options.resourceVersion, version != document.resourceVersion {
            throw .conflict(
                target.resource, document.key.name,
                "Precondition failed: ResourceVersion in precondition: \(version), ResourceVersion in object meta: "
                    + document.resourceVersion)
        }
    }

    /// What is still there of the same resource, held by finalizers.
    private func remaining(_ document: StoredDocument, _ target: ResourceTarget) async throws(StatusError)
        -> StoredDocument?
    {
        let left = try await stored(target.resource, document.key.name) { () async throws(StoreError) in
            try await store.getDocument(document.key)
        }
        return left?.uid == document.uid ? left : nil
    }

    /// Why the store keeps what was deleted, in words for who deleted it.
    private static func reasonToStay(
        _ document: StoredDocument, _ tree: ManifestNode
    ) throws(StatusError) -> String? {
        let finalizers = (tree.at(["metadata", "finalizers"])?.items ?? []).compactMap(\.text)
        guard finalizers.contains(UndoHold.finalizer) else { return nil }
        let name = document.key.name
        guard document.key.kind == .run else {
            return "injection \(name) may have to be put back: it goes when its run, which is aborted, is Done"
        }
        do {
            guard case .run(let run) = try JSONDocument.resource(.run, document.json) else { return nil }
            return run.reasonToStay
        } catch {
            throw .internalError("the store holds \(document.key) in a form that cannot be read")
        }
    }

    private static func success(_ target: ResourceTarget, _ document: StoredDocument) -> ManifestNode {
        let group = target.resource.group
        return .map([
            "kind": .text("Status"), "apiVersion": .text("v1"), "metadata": .emptyMap, "status": .text("Success"),
            "details": .map([
                "name": .text(document.key.name), "group": group.isEmpty ? nil : .text(group),
                "kind": .text(target.resource.plural), "uid": .text(document.uid),
            ]),
        ])
    }
}

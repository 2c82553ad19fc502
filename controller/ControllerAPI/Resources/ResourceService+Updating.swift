// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import ResourceStore

/// Update and patch, of resources and of their status.
extension ResourceService {
    private static let patchAttempts = 6
    private static let versionPath = ["metadata", "resourceVersion"]

    func update(_ target: ResourceTarget, _ kind: ResourceKind, _ request: APIRequest) async throws(StatusError)
        -> APIAnswer
    {
        let name = target.name ?? ""
        var normalization = Normalization(target: target, validation: try FieldValidation(request.query))
        let tree = try normalization.normalized(try ResourceBody.read(request))
        guard tree.at(["metadata", "resourceVersion"])?.text != nil else {
            throw .invalid(
                target.resource, name, field: "metadata.resourceVersion",
                "must be specified for an update: read the object, change it, and write that",
                reason: "FieldValueRequired")
        }
        let old = try Rendering.tree(try await document(target, kind, name: name))
        let written = try await write(
            tree, over: old, target, request, isDryRun: try request.isDryRun(), hasOwnVersion: true)
        var answer = try representation(of: written, target, request)
        answer.warn(normalization.warnings)
        return answer
    }

    func patch(_ target: ResourceTarget, _ kind: ResourceKind, _ request: APIRequest) async throws(StatusError)
        -> APIAnswer
    {
        let patch = try ResourcePatch(request, target.resource)
        let validation = try FieldValidation(request.query)
        let isDryRun = try request.isDryRun()
        for attempt in 1...Self.patchAttempts {
            let old = try Rendering.tree(try await document(target, kind, name: target.name ?? ""))
            var normalization = Normalization(target: target, validation: validation)
            let patched = try patch.applied(to: old, target)
            let version = patched.at(Self.versionPath)?.text
            var tree = try normalization.normalized(patched)
            let hasOwnVersion = version != nil && version != old.at(Self.versionPath)?.text
            if version == nil { tree.set(Self.versionPath, old.at(Self.versionPath)) }
            do throws(StatusError) {
                let written = try await write(
                    tree, over: old, target, request, isDryRun: isDryRun, hasOwnVersion: hasOwnVersion)
                var answer = try representation(of: written, target, request)
                answer.warn(normalization.warnings)
                return answer
            } catch {
                // Somebody else wrote in between: a patch that names no version is applied to what is there now.
                let isRepeated = error.reason == "Conflict" && !hasOwnVersion && attempt < Self.patchAttempts
                if !isRepeated { throw error }
            }
        }
        throw .conflict(target.resource, target.name ?? "", "the object is being changed all the time; try again")
    }

    private func write(
        _ tree: ManifestNode, over old: ManifestNode, _ target: ResourceTarget, _ request: APIRequest, isDryRun: Bool,
        hasOwnVersion: Bool
    ) async throws(StatusError) -> ManifestNode {
        let isStatus = target.subresource == "status"
        var tree = tree
        if isStatus {
            // Only the status and the version are the client's.
            let status = tree["status"]
            let version = tree.at(["metadata", "resourceVersion"])
            tree = old
            tree.set("status", status)
            tree.set(["metadata", "resourceVersion"], version)
            tree = try HostRule.reported(
                tree, over: old, target.resource, by: request.caller, at: environment.now())
        } else {
            tree.set("status", nil)
            try Admission(resource: target.resource, caller: request.caller).checkUpdate(from: old, to: tree)
        }
        try checkIdentity(tree, old, target)
        // A zone that was known once must not keep the rest of an old resource from being changed.
        let isSame = JSONPatch.isEqual(tree["spec"] ?? .emptyMap, old["spec"] ?? .emptyMap)
        let document = try ResourceBody.resource(
            tree, target.resource, zones: isSame ? .unchecked : environment.zones)
        if isStatus {
            let stored = try ResourceBody.resource(old, target.resource, zones: .unchecked)
            try Admission(resource: target.resource, caller: request.caller).checkStatus(from: stored, to: document)
        }
        guard !isDryRun else { return try tried(document, over: old, target, isStatus: isStatus) }
        return try await stored(target.resource, target.name) { () async throws(StoreError) in
            isStatus
                ? try await store.statusUpdated(document.resource) : try await store.updated(document.resource)
        }
    }

    private func checkIdentity(_ tree: ManifestNode, _ old: ManifestNode, _ target: ResourceTarget) throws(StatusError)
    {
        let path = ["metadata", "uid"]
        if let uid = tree.at(path)?.text, uid != old.at(path)?.text {
            throw .conflict(
                target.resource, target.name ?? "",
                "Precondition failed: UID in precondition: \(uid), UID in object meta: \(old.at(path)?.text ?? "")")
        }
    }

    /// What updating would give.
    private func tried(
        _ document: ManifestDocument, over old: ManifestNode, _ target: ResourceTarget, isStatus: Bool
    ) throws(StatusError) -> ManifestNode {
        var tree = try ResourceTree.of(document.resource)
        guard tree.at(Self.versionPath)?.text == old.at(Self.versionPath)?.text else {
            throw StatusError(StoreError(.conflict, "", hint: ""), target.resource, target.name)
        }
        if isStatus { return tree }
        for key in ["uid", "creationTimestamp", "deletionTimestamp", "generation"] {
            tree.set(["metadata", key], old.at(["metadata", key]))
        }
        if !JSONPatch.isEqual(tree["spec"] ?? .emptyMap, old["spec"] ?? .emptyMap) {
            let generation = old.at(["metadata", "generation"])?.integer ?? 1
            tree.set(["metadata", "generation"], .number(generation + 1))
        }
        tree.set("status", old["status"])
        return tree
    }
}

/// A patch of one of the kinds that are served.
struct ResourcePatch {
    private enum Kind {
        case merge(ManifestNode), json(JSONPatch), strategic(ManifestNode)
    }

    private let kind: Kind

    /// Throws 415 for kinds of patches that are not served, and a bad request for what is no patch.
    init(_ request: APIRequest, _ resource: ServedResource) throws(StatusError) {
        let type = ResourceBody.mediaType(request.contentType)
        let isCore = resource.group.isEmpty
        let accepted =
            ["application/json-patch+json", "application/merge-patch+json"]
            + (isCore ? ["application/strategic-merge-patch+json"] : [])
        guard accepted.contains(type) else {
            if type.hasPrefix("application/apply-patch") {
                var error = StatusError.unsupportedMediaType(type, accepted: accepted)
                error.message += "; server-side apply is not served: use `kubectl apply` without --server-side"
                throw error
            }
            throw .unsupportedMediaType(type, accepted: accepted)
        }
        do {
            let body = try JSONDocument.read(request.body)
            switch type {
            case "application/json-patch+json": kind = .json(try JSONPatch(body))
            case "application/merge-patch+json": kind = .merge(body)
            default: kind = .strategic(body)
            }
        } catch let failure as ValidationFailure {
            throw .badRequest("the patch cannot be read: \(failure.description)")
        } catch {
            throw Self.refusal(error, resource, "")
        }
        switch kind {
        case .merge(let patch) where !patch.isMapping, .strategic(let patch) where !patch.isMapping:
            throw .badRequest("the patch must be a mapping")
        default: break
        }
    }

    func applied(to document: ManifestNode, _ target: ResourceTarget) throws(StatusError) -> ManifestNode {
        switch kind {
        case .merge(let patch): return MergePatch.applied(patch, to: document)
        case .strategic(let patch): return StrategicPatch.applied(patch, to: document)
        case .json(let patch):
            do throws(JSONPatch.Failure) { return try patch.applied(to: document) } catch {
                throw Self.refusal(error, target.resource, target.name ?? "")
            }
        }
    }

    /// RFC 5789 section 2.2: 400 for a malformed patch, 422 for one that does not fit.
    private static func refusal(_ error: any Error, _ resource: ServedResource, _ name: String) -> StatusError {
        switch error as? JSONPatch.Failure {
        case .malformed(let why): .badRequest("the patch is no JSON patch: \(why)")
        case .notApplicable(let why): .invalid(resource, name, field: "", "the patch cannot be applied: \(why)")
        case nil: .badRequest("the patch cannot be read")
        }
    }
}

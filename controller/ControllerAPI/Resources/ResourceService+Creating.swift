// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import ResourceStore

/// Create.
extension ResourceService {
    private static let generatedNameAttempts = 8

    func create(_ target: ResourceTarget, _ request: APIRequest) async throws(StatusError) -> APIAnswer {
        var normalization = Normalization(target: target, validation: try FieldValidation(request.query))
        var tree = try normalization.normalized(try ResourceBody.read(request))
        if tree.at(["metadata", "resourceVersion"]) != nil {
            throw .badRequest("resourceVersion should not be set on objects to be created")
        }
        tree.set("status", nil)
        let admission = Admission(resource: target.resource, caller: request.caller)
        try admission.checkCreation(of: tree)
        try HostRule.checkCreation(of: tree, target.resource, by: request.caller)
        tree = admission.completed(tree)
        let stored = try await create(tree, target, isDryRun: try request.isDryRun())
        var answer = try representation(of: stored, target, request, status: 201)
        answer.warn(normalization.warnings)
        return answer
    }

    /// Creates from a tree, making a name where `generateName` asks for one.
    private func create(_ tree: ManifestNode, _ target: ResourceTarget, isDryRun: Bool) async throws(StatusError)
        -> ManifestNode
    {
        let prefix = tree.at(["metadata", "generateName"])?.text
        let hasName = tree.at(["metadata", "name"]) != nil
        if hasName || prefix == nil {
            return try await createNamed(tree, target, isDryRun: isDryRun)
        }
        for _ in 1..<Self.generatedNameAttempts {
            do throws(StatusError) {
                return try await createNamed(named(tree, prefix), target, isDryRun: isDryRun)
            } catch {
                guard error.reason == "AlreadyExists" else { throw error }
            }
        }
        return try await createNamed(named(tree, prefix), target, isDryRun: isDryRun)
    }

    /// Cut so that the whole is a name of at most 63.
    private func named(_ tree: ManifestNode, _ prefix: String?) -> ManifestNode {
        var tree = tree
        tree.set(["metadata", "name"], .text(String((prefix ?? "").prefix(58)) + environment.nameSuffix()))
        return tree
    }

    private func createNamed(_ tree: ManifestNode, _ target: ResourceTarget, isDryRun: Bool) async throws(StatusError)
        -> ManifestNode
    {
        let document = try ResourceBody.resource(tree, target.resource, zones: environment.zones)
        let name = document.key.name
        if target.resource.isNamespaced { try await checkNamespace(target.namespace) }
        guard !isDryRun else { return try await tried(document, target) }
        return try await stored(target.resource, name) { () async throws(StoreError) in
            try await store.created(document.resource)
        }
    }

    /// What creating would give; refuses what it would refuse.
    private func tried(_ document: ManifestDocument, _ target: ResourceTarget) async throws(StatusError)
        -> ManifestNode
    {
        let key = document.key
        let existing = try await stored(target.resource, key.name) { () async throws(StoreError) in
            try await store.getDocument(key)
        }
        if existing != nil { throw .alreadyExists(target.resource, key.name) }
        var tree = try ResourceTree.of(document.resource)
        tree.set(["metadata", "generateName"], nil)
        tree.set(["metadata", "uid"], .text(environment.uuid()))
        tree.set(["metadata", "creationTimestamp"], .text(environment.now().description))
        tree.set(["metadata", "generation"], .number(1))
        return tree
    }

    /// One resource as the client wants it.
    func representation(
        of tree: ManifestNode, _ target: ResourceTarget, _ request: APIRequest, status: Int = 200
    ) throws(StatusError) -> APIAnswer {
        let tree = target.resource.stored.map { Rendering.completed(tree, $0) } ?? tree
        switch try Acceptance(request.accept).form(of: [.table, .partial]) {
        case .partial: return .json(Rendering.partial(tree), status: status)
        case .table:
            let table = try TableWriter(request, now: environment.now()).table(tree, target.resource)
            return .json(table, status: status)
        default: return .json(tree, status: status)
        }
    }
}

/// Typed resources as trees.
enum ResourceTree {
    static func of(_ resource: some Resource) throws(StatusError) -> ManifestNode {
        do {
            return try ManifestWriter.tree(of: resource)
        } catch {
            throw .internalError("\(resource.key) cannot be written as JSON")
        }
    }
}

extension ResourceStore {
    /// The same as the store's own, with trees as answers.
    func created(_ resource: some Resource) async throws(StoreError) -> ManifestNode {
        try tree(of: try await create(resource))
    }

    func updated(_ resource: some Resource) async throws(StoreError) -> ManifestNode {
        try tree(of: try await update(resource))
    }

    func statusUpdated(_ resource: some Resource) async throws(StoreError) -> ManifestNode {
        try tree(of: try await updateStatus(resource))
    }

    private func tree(of resource: some Resource) throws(StoreError) -> ManifestNode {
        do {
            return try ManifestWriter.tree(of: resource)
        } catch {
            throw StoreError(
                .corrupt, "\(resource.key) was written and cannot be shown.", hint: "Read it again.", cause: error)
        }
    }
}

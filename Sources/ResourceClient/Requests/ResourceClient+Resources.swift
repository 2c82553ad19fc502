// SPDX-License-Identifier: Apache-2.0
package import ChaosModel
internal import FoundationEssentials

/// Which resources of a kind, and how many of them at once.
package struct ListSelection: Sendable, Equatable {
    /// `team=storefront,tier!=db`, as in Kubernetes.
    package var labelSelector: String?
    /// `metadata.name=x`, as in Kubernetes.
    package var fieldSelector: String?

    package init(labelSelector: String? = nil, fieldSelector: String? = nil) {
        self.labelSelector = labelSelector
        self.fieldSelector = fieldSelector
    }
}

/// A part of a list.
package struct ResourcePage<R: Resource>: Sendable {
    package var items: [R]
    /// The version of the store at which the list was the whole truth.
    package var resourceVersion: String
    /// Asks for the next part; nil after the last.
    package var continueToken: String?
    package var remainingItemCount: Int?
}

/// What must hold for a deletion, and what goes along.
package struct DeletionOptions: Sendable, Equatable {
    package enum Propagation: String, Sendable {
        case orphan = "Orphan", background = "Background", foreground = "Foreground"
    }
    package var uid: String?
    package var resourceVersion: String?
    package var propagation: Propagation?
    package var dryRun = false

    package init() {}
}

extension ResourceClient {
    /// Throws `.notFound` when there is none of that name.
    package func get<R: Resource>(_ type: R.Type, namespace: String, name: String) async throws(ClientError) -> R {
        let path = ResourcePath(R.kind, namespace: namespace, name: name)
        return try decoded(R.self, await send("GET", path), from: path)
    }

    /// One part of a list: the first, or that which `continueToken` asks for. A nil namespace lists them all. Throws
    /// `.expired` when the token is too old.
    package func page<R: Resource>(
        _ type: R.Type, namespace: String?, selection: ListSelection, limit: Int, continueToken: String? = nil
    ) async throws(ClientError) -> ResourcePage<R> {
        let path = ResourcePath(R.kind, namespace: namespace)
            .with("labelSelector", selection.labelSelector).with("fieldSelector", selection.fieldSelector)
            .with("limit", "\(limit)").with("continue", continueToken)
        let document = try decoded(ListDocument<R>.self, await send("GET", path), from: path)
        let token = document.metadata.continueToken.flatMap { $0.isEmpty ? nil : $0 }
        return ResourcePage(
            items: document.items ?? [], resourceVersion: document.metadata.resourceVersion ?? "",
            continueToken: token, remainingItemCount: document.metadata.remainingItemCount)
    }

    /// The whole list, in parts of `limit`. When it became too old half way, it is begun again once.
    package func list<R: Resource>(
        _ type: R.Type, namespace: String?, selection: ListSelection, limit: Int = 500
    ) async throws(ClientError) -> ResourcePage<R> {
        do throws(ClientError) {
            return try await everyPage(type, namespace, selection, limit)
        } catch {
            guard error.code == .expired else { throw error }
            return try await everyPage(type, namespace, selection, limit)
        }
    }

    private func everyPage<R: Resource>(
        _ type: R.Type, _ namespace: String?, _ selection: ListSelection, _ limit: Int
    ) async throws(ClientError) -> ResourcePage<R> {
        var whole: ResourcePage<R> = try await page(type, namespace: namespace, selection: selection, limit: limit)
        while let token = whole.continueToken {
            let next: ResourcePage<R> = try await page(
                type, namespace: namespace, selection: selection, limit: limit, continueToken: token)
            whole.items += next.items
            whole.continueToken = next.continueToken == token ? nil : next.continueToken
        }
        whole.remainingItemCount = nil
        return whole
    }

    /// Throws `.alreadyExists`, or `.invalid` with the fields that are wrong.
    package func create<R: Resource>(_ resource: R, dryRun: Bool = false) async throws(ClientError) -> R {
        let path = ResourcePath(R.kind, namespace: resource.key.namespace).with("dryRun", dryRun ? "All" : nil)
        return try decoded(R.self, await send("POST", path, body: try encoded(resource)), from: path)
    }

    /// Writes metadata and spec. Throws `.conflict` when the version in it is not the stored one.
    package func update<R: Resource>(_ resource: R, dryRun: Bool = false) async throws(ClientError) -> R {
        try await put(resource, subresource: nil, dryRun: dryRun)
    }

    /// Writes the status. Throws as `update` does.
    package func updateStatus<R: Resource>(_ resource: R) async throws(ClientError) -> R {
        try await put(resource, subresource: "status", dryRun: false)
    }

    private func put<R: Resource>(
        _ resource: R, subresource: String?, dryRun: Bool
    ) async throws(ClientError) -> R {
        let key = resource.key
        let path = ResourcePath(R.kind, namespace: key.namespace, name: key.name, subresource: subresource)
            .with("dryRun", dryRun ? "All" : nil)
        return try decoded(R.self, await send("PUT", path, body: try encoded(resource)), from: path)
    }

    /// Changes what the JSON merge patch (RFC 7386) names, and nothing else.
    package func mergePatch<R: Resource>(
        _ type: R.Type, namespace: String, name: String, patch: [UInt8], subresource: String? = nil,
        dryRun: Bool = false
    ) async throws(ClientError) -> R {
        let path = ResourcePath(R.kind, namespace: namespace, name: name, subresource: subresource)
            .with("dryRun", dryRun ? "All" : nil)
        let body = try await send("PATCH", path, body: patch, contentType: "application/merge-patch+json")
        return try decoded(R.self, body, from: path)
    }

    /// Deletes, or begins to: a resource with finalizers goes when they are done. Throws `.notFound`, and `.conflict`
    /// when a precondition does not hold.
    package func delete(
        _ key: ResourceKey, options: DeletionOptions = DeletionOptions()
    ) async throws(ClientError) {
        let path = ResourcePath(key.kind, namespace: key.namespace, name: key.name)
        _ = try await send("DELETE", path, body: try encoded(DeletionDocument(options)))
    }

    /// Asks a subresource to do something, and gives its answer.
    package func post<Body: Encodable>(
        _ path: ResourcePath, _ body: Body
    ) async throws(ClientError) -> [UInt8] {
        try await send("POST", path, body: try encoded(body))
    }

    /// The same, with an answer of a known shape.
    package func post<Body: Encodable, Answer: Decodable>(
        _ path: ResourcePath, _ body: Body, as type: Answer.Type
    ) async throws(ClientError) -> Answer {
        try decoded(Answer.self, await post(path, body), from: path)
    }

    /// Reads a document that is no resource.
    package func read<Answer: Decodable>(_ path: ResourcePath, as type: Answer.Type) async throws(ClientError) -> Answer
    {
        try decoded(Answer.self, await send("GET", path), from: path)
    }
}

/// A list as it is on the wire.
private struct ListDocument<R: Resource>: Decodable {
    struct Metadata: Decodable {
        var resourceVersion: String?
        var continueToken: String?
        var remainingItemCount: Int?

        enum CodingKeys: String, CodingKey {
            case resourceVersion, remainingItemCount
            case continueToken = "continue"
        }
    }

    var metadata: Metadata
    var items: [R]?
}

/// `metav1.DeleteOptions`.
private struct DeletionDocument: Encodable {
    struct Preconditions: Encodable {
        var uid: String?
        var resourceVersion: String?
    }

    var apiVersion = "v1"
    var kind = "DeleteOptions"
    var preconditions: Preconditions?
    var propagationPolicy: String?
    var dryRun: [String]?

    init(_ options: DeletionOptions) {
        if options.uid != nil || options.resourceVersion != nil {
            preconditions = Preconditions(uid: options.uid, resourceVersion: options.resourceVersion)
        }
        propagationPolicy = options.propagation?.rawValue
        dryRun = options.dryRun ? ["All"] : nil
    }
}

// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import ResourceStore

/// What a caller may do: `kubectl auth can-i`.
extension API {
    func review(_ review: Route.Review, _ request: APIRequest) async throws(StatusError) -> APIAnswer {
        guard request.method == "POST" else { throw .methodNotAllowed(request.method) }
        let body = try ResourceBody.read(request)
        let kind = Discovery.reviewKinds[review == .access ? 0 : 1]
        guard body["kind"]?.text == kind, body["apiVersion"]?.text == Discovery.authorizationGroup + "/v1" else {
            throw .badRequest("the body must be a \(kind) of \(Discovery.authorizationGroup)/v1")
        }
        let status =
            review == .access
            ? try await accessReview(body, request.caller) : try await rulesReview(body, request.caller)
        return .json(
            .map([
                "kind": .text(kind), "apiVersion": .text(Discovery.authorizationGroup + "/v1"),
                "metadata": .emptyMap, "spec": body["spec"] ?? .emptyMap, "status": status,
            ]), status: 201)
    }

    private func accessReview(_ body: ManifestNode, _ caller: Caller) async throws(StatusError) -> ManifestNode {
        let spec = body["spec"]
        if let wish = spec?["nonResourceAttributes"] { return nonResource(wish) }
        guard let wish = spec?["resourceAttributes"], let verb = wish["verb"]?.text, !verb.isEmpty else {
            throw .badRequest("spec.resourceAttributes.verb or spec.nonResourceAttributes is missing")
        }
        let resource = wish["resource"]?.text ?? ""
        let group = wish["group"]?.text ?? ""
        guard let served = Self.served(resource, group) else {
            return .map([
                "allowed": .boolean(false), "reason": .text("\(Quoted.text(resource)) is not served here"),
            ])
        }
        let decision = try await decide(
            AccessRequest(
                verb: verb, resource: served, subresource: wish.given("subresource"),
                namespace: wish.given("namespace"), name: wish.given("name")), caller)
        return .map(["allowed": .boolean(decision.isAllowed), "reason": .text(decision.reason)])
    }

    /// The word by which access is decided: events are read by those who may read runs.
    private static func served(_ resource: String, _ group: String) -> String? {
        if resource == "*" { return "*" }
        if resource == ServedResource.events.plural { return ServedResource.runs.plural }
        if ["halt", "resume", "audit", "metrics", "credentials"].contains(resource) { return resource }
        let all = ServedResource.inReboundGroup + ServedResource.inCoreGroup
        return all.first { $0.plural == resource && (group == "*" || $0.group == group) }?.plural
    }

    /// Every caller with a credential may read what describes the server.
    private func nonResource(_ wish: ManifestNode) -> ManifestNode {
        let path = wish["path"]?.text ?? ""
        let open = ["/api", "/apis", "/openapi", "/version", "/healthz", "/readyz", "/livez"]
        let isAllowed = wish["verb"]?.text == "get" && open.contains { path == $0 || path.hasPrefix($0 + "/") }
        return .map(["allowed": .boolean(isAllowed), "reason": .text("Descriptions are open to every caller.")])
    }

    private func decide(_ request: AccessRequest, _ caller: Caller) async throws(StatusError) -> AccessDecision {
        do throws(StoreError) { return try await access.decide(caller, request) } catch {
            throw .unavailable("who may do what cannot be read: \(error.message)")
        }
    }

    /// One rule for each resource, of the verbs that are allowed.
    private func rulesReview(_ body: ManifestNode, _ caller: Caller) async throws(StatusError) -> ManifestNode {
        guard let namespace = body["spec"]?["namespace"]?.text, !namespace.isEmpty else {
            throw .badRequest("no namespace on request: set spec.namespace")
        }
        var rules: [ManifestNode] = []
        for resource in ServedResource.inCoreGroup + ServedResource.inReboundGroup {
            let place = resource.isNamespaced ? namespace : nil
            let word = resource.stored == nil ? ServedResource.runs.plural : resource.plural
            var verbs: [String] = []
            for verb in resource.verbs where try await isAllowed(verb, word, nil, place, caller) { verbs.append(verb) }
            if !verbs.isEmpty { rules.append(rule(resource.group, resource.plural, verbs)) }
            for sub in resource.subresources {
                var verbs: [String] = []
                for verb in sub.verbs where try await isAllowed(verb, word, sub.name, place, caller) {
                    verbs.append(verb)
                }
                if !verbs.isEmpty { rules.append(rule(resource.group, "\(resource.plural)/\(sub.name)", verbs)) }
            }
        }
        let paths = ManifestNode.map([
            "verbs": .texts(["get"]), "nonResourceURLs": .texts(["/api", "/api/*", "/apis", "/apis/*", "/version"]),
        ])
        return .map([
            "resourceRules": .list(rules), "nonResourceRules": .list([paths]), "incomplete": .boolean(false),
        ])
    }

    private func isAllowed(
        _ verb: String, _ resource: String, _ subresource: String?, _ namespace: String?, _ caller: Caller
    ) async throws(StatusError) -> Bool {
        try await decide(
            AccessRequest(verb: verb, resource: resource, subresource: subresource, namespace: namespace), caller
        ).isAllowed
    }

    private func rule(_ group: String, _ resource: String, _ verbs: [String]) -> ManifestNode {
        .map([
            "verbs": .texts(verbs), "apiGroups": .texts([group]), "resources": .texts([resource]),
        ])
    }
}

extension ManifestNode {
    /// A text that says something.
    fileprivate func given(_ key: String) -> String? { self[key]?.text.flatMap { $0.isEmpty ? nil : $0 } }
}

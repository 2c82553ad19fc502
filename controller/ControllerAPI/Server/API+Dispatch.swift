// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import ResourceStore

/// Which handler answers which route.
extension API {
    func dispatch(_ route: Route, _ request: APIRequest) async throws(StatusError) -> APIAnswer {
        switch route {
        case .health, .readiness: return .plain("ok")
        case .root, .version, .discovery, .openAPI, .clock: return try documents(route, request)
        case .metrics: return try await metricsPage(request)
        case .review(let review): return try await self.review(review, request)
        case .halt, .resume, .audit: return try await operate(route, request)
        case .credentials, .revocation: return try await credentials(route, request)
        case .login: throw .noSuchPath("/login")  // Answered before anybody is a caller.
        case .resource(let target): return try await resource(target, request)
        }
    }

    /// What any caller with a credential may read.
    private func documents(_ route: Route, _ request: APIRequest) throws(StatusError) -> APIAnswer {
        guard request.method == "GET" else { throw .methodNotAllowed(request.method) }
        switch route {
        case .clock: return .json(ClockDocument.document(received: request.receivedAt, now: environment.now()))
        case .version: return .json(VersionDocument.document(programVersion))
        case .discovery(let wanted): return try Discovery.answer(wanted, request)
        case .openAPI(let wanted): return try OpenAPIDocument.answer(wanted, request)
        case .root: return .json(.map(["paths": .texts(Self.paths)]))
        default: throw .noSuchPath("/" + request.path.joined(separator: "/"))
        }
    }

    private static let paths = [
        "/api", "/api/v1", "/apis", "/apis/authorization.k8s.io/v1", "/apis/rebound.chaos/v1", "/healthz", "/metrics",
        "/openapi/v2", "/openapi/v3", "/readyz", "/version",
    ]

    private func metricsPage(_ request: APIRequest) async throws(StatusError) -> APIAnswer {
        guard request.method == "GET" else { throw .methodNotAllowed(request.method) }
        try await require(AccessRequest(verb: "get", resource: "metrics"), request.caller, nil)
        guard let metrics else { throw .noSuchPath("/metrics") }
        let page = await metrics(request.accept)
        return APIAnswer(status: 200, contentType: page.contentType, body: .bytes(Array(page.text.utf8)))
    }

    // MARK: Resources

    private func resource(_ target: ResourceTarget, _ request: APIRequest) async throws(StatusError) -> APIAnswer {
        guard let kind = target.resource.stored else { return try await events(target, request) }
        if let subresource = target.subresource, subresource != "status" {
            return try await act(target, subresource, request)
        }
        let options = try ListOptions(request.query, selectable: FieldRequirement.selectable(kind))
        let verb = try Self.verb(target, request, options)
        if target.subresource == "status", !RoleTable.reading.contains(verb) {
            let admission = Admission(resource: target.resource, caller: request.caller)
            try admission.checkStatusWriter(target.name ?? "")
        }
        try await require(Self.access(verb, target, options), request.caller, target.resource)
        if target.resource.isNamespaced, target.namespace == nil, verb == "create" {
            throw .methodNotAllowed("POST without a namespace")
        }
        switch verb {
        case "get": return try await resources.get(target, kind, request)
        case "list": return try await resources.list(target, kind, options, request)
        case "watch": return try await watch(target, kind, options, request)
        case "create": return try await resources.create(target, request)
        case "update": return try await resources.update(target, kind, request)
        case "patch": return try await resources.patch(target, kind, request)
        case "delete": return try await resources.delete(target, kind, request)
        default: return try await resources.deleteCollection(target, kind, options, request)
        }
    }

    /// The verb of Kubernetes's authorization for a method on a path.
    private static func verb(
        _ target: ResourceTarget, _ request: APIRequest, _ options: ListOptions
    ) throws(StatusError) -> String {
        let isStatus = target.subresource == "status"
        switch (request.method, target.name != nil) {
        case ("GET", true): return options.isWatch && !isStatus ? "watch" : "get"
        case ("GET", false): return options.isWatch ? "watch" : "list"
        case ("POST", false): return "create"
        case ("PUT", true): return "update"
        case ("PATCH", true): return "patch"
        case ("DELETE", true) where !isStatus: return "delete"
        case ("DELETE", false): return "deletecollection"
        default: throw .methodNotAllowed(request.method)
        }
    }

    /// A list or watch of one name is a request for that name, as Kubernetes has it.
    static func access(_ verb: String, _ target: ResourceTarget, _ options: ListOptions) -> AccessRequest {
        let selected = options.fields.requirements.first { $0.path == "metadata.name" && $0.isEqual }?.value
        return AccessRequest(
            verb: verb, resource: target.resource.plural, subresource: target.subresource,
            namespace: target.namespace, name: target.name ?? (verb == "create" ? nil : selected))
    }
}

// SPDX-License-Identifier: Apache-2.0

/// A resource, a collection or a subresource that a path names.
struct ResourceTarget: Sendable, Equatable {
    var resource: ServedResource
    /// Nil for what is in no namespace, and for a collection over all of them.
    var namespace: String?
    /// Nil for a collection.
    var name: String?
    var subresource: String?
}

/// What a path means. Paths are those of Kubernetes (https://kubernetes.io/docs/reference/using-api/api-concepts/).
enum Route: Sendable, Equatable {
    enum Discovery: Sendable, Equatable {
        case api, groups, core, rebound, reboundVersion, authorization, authorizationVersion
    }
    enum OpenAPI: Sendable, Equatable { case index, version2, version3Core, version3Rebound }
    enum Review: Sendable, Equatable { case access, rules }

    case root, version, health, readiness, metrics
    case discovery(Discovery)
    case openAPI(OpenAPI)
    case review(Review)
    case halt, resume, audit, clock, login, credentials, revocation
    case resource(ResourceTarget)

    /// Nil when nothing is served there.
    init?(path: [String]) {
        switch path {
        case []: self = .root
        case ["version"]: self = .version
        case ["healthz"], ["livez"]: self = .health
        case ["readyz"]: self = .readiness
        case ["metrics"]: self = .metrics
        case ["login"]: self = .login
        case ["api"]: self = .discovery(.api)
        case ["apis"]: self = .discovery(.groups)
        case ["openapi", "v2"]: self = .openAPI(.version2)
        case ["openapi", "v3"]: self = .openAPI(.index)
        case ["openapi", "v3", "api", "v1"]: self = .openAPI(.version3Core)
        case ["openapi", "v3", "apis", ServedResource.group, "v1"]: self = .openAPI(.version3Rebound)
        default:
            guard let route = Self.inGroup(path) else { return nil }
            self = route
        }
    }

    private static func inGroup(_ path: [String]) -> Route? {
        switch (path.first, path.dropFirst().first) {
        case ("api", "v1"):
            let rest = Array(path.dropFirst(2))
            return rest.isEmpty ? .discovery(.core) : target(rest, ServedResource.inCoreGroup)
        case ("apis", ServedResource.group): return rebound(Array(path.dropFirst(2)))
        case ("apis", "authorization.k8s.io"): return authorization(Array(path.dropFirst(2)))
        default: return nil
        }
    }

    private static func rebound(_ rest: [String]) -> Route? {
        switch rest {
        case []: .discovery(.rebound)
        case ["v1"]: .discovery(.reboundVersion)
        case ["v1", "halt"]: .halt
        case ["v1", "resume"]: .resume
        case ["v1", "audit"]: .audit
        case ["v1", "clock"]: .clock
        case ["v1", "credentials"]: .credentials
        case ["v1", "credentials", "revoke"]: .revocation
        default: rest.first == "v1" ? target(Array(rest.dropFirst()), ServedResource.inReboundGroup) : nil
        }
    }

    private static func authorization(_ rest: [String]) -> Route? {
        switch rest {
        case []: .discovery(.authorization)
        case ["v1"]: .discovery(.authorizationVersion)
        case ["v1", "selfsubjectaccessreviews"]: .review(.access)
        case ["v1", "selfsubjectrulesreviews"]: .review(.rules)
        default: nil
        }
    }

    /// `namespaces/N/runs/R/abort`, `policies/P`, `runs`; `namespaces/N` is the namespace itself, in the core group.
    private static func target(_ rest: [String], _ served: [ServedResource]) -> Route? {
        if rest.first == "namespaces", rest.count >= 3,
            let resource = served.first(where: { $0.plural == rest[2] && $0.isNamespaced })
        {
            return named(Array(rest.dropFirst(3)), resource, namespace: rest[1])
        }
        guard let plural = rest.first, let resource = served.first(where: { $0.plural == plural }) else { return nil }
        if resource.isNamespaced {
            return rest.count == 1 ? .resource(ResourceTarget(resource: resource)) : nil
        }
        return named(Array(rest.dropFirst()), resource, namespace: nil)
    }

    private static func named(_ rest: [String], _ resource: ServedResource, namespace: String?) -> Route? {
        guard rest.count <= 2, rest.allSatisfy({ !$0.isEmpty }), namespace?.isEmpty != true else { return nil }
        let subresource = rest.count == 2 ? rest[1] : nil
        if let subresource, !resource.subresources.contains(where: { $0.name == subresource }) { return nil }
        return .resource(
            ResourceTarget(resource: resource, namespace: namespace, name: rest.first, subresource: subresource))
    }
}

// SPDX-License-Identifier: Apache-2.0
package import ChaosModel
package import ResourceStore

/// One role that a caller has, and what gave it to him.
package struct Grant: Sendable, Equatable {
    package var role: Role
    package var scope: GrantScope
    /// `ClusterRoleBinding ops`, `RoleBinding shop/deployers`, `group rebound:admins`.
    package var source: String
}

extension FleetAccess {
    package func decide(
        _ caller: Caller, _ request: AccessRequest
    ) async throws(StoreError) -> AccessDecision {
        let grants = try await grants(of: caller, namespace: request.namespace ?? Self.namespaceNamed(by: request))
        if let grant = grants.first(where: { RoleTable.allows($0.role, in: $0.scope, request) }) {
            return AccessDecision(isAllowed: true, reason: "allowed by \(grant.source): role \(grant.role.rawValue)")
        }
        if let decision = try await decideForAgent(caller, request, grants) { return decision }
        return AccessDecision(isAllowed: false, reason: Self.refusal(caller, request, grants))
    }

    /// What the caller is given by his groups and by bindings, in the whole cluster and in one namespace.
    package func grants(of caller: Caller, namespace: String?) async throws(StoreError) -> [Grant] {
        var grants: [Grant] = []
        if caller.groups.contains(Self.adminGroup) {
            grants.append(Grant(role: .admin, scope: .cluster, source: "group \(Self.adminGroup)"))
        }
        if caller.groups.contains(HostRule.group) {
            grants.append(Grant(role: .agent, scope: .cluster, source: "group \(HostRule.group)"))
        }
        for binding in try await store.list(ClusterRoleBinding.self, namespace: nil, labels: [:]).items
        where binding.spec.subjects.contains(where: { $0.names(caller) }) {
            let source = "ClusterRoleBinding \(binding.metadata.name)"
            grants.append(Grant(role: binding.spec.role, scope: .cluster, source: source))
        }
        guard let namespace, !namespace.isEmpty else { return grants }
        for binding in try await store.list(RoleBinding.self, namespace: namespace, labels: [:]).items
        where binding.spec.subjects.contains(where: { $0.names(caller) }) {
            let source = "RoleBinding \(namespace)/\(binding.metadata.name)"
            grants.append(Grant(role: binding.spec.role, scope: .namespace(namespace), source: source))
        }
        return grants
    }

    private static func namespaceNamed(by request: AccessRequest) -> String? {
        request.resource == ResourceKind.namespace.plural ? request.name : nil
    }

    /// Nil for whoever is no agent.
    private func decideForAgent(
        _ caller: Caller, _ request: AccessRequest, _ grants: [Grant]
    ) async throws(StoreError) -> AccessDecision? {
        guard let host = AgentRule.host(of: caller), let grant = grants.first(where: { $0.role == .agent }) else {
            return nil
        }
        if HostRule.allows(host, request) {
            return AccessDecision(isAllowed: true, reason: "allowed by \(grant.source): its own host")
        }
        guard AgentRule.isPossible(request), let namespace = request.namespace, let name = request.name else {
            return AccessDecision(
                isAllowed: false,
                reason: "an agent may only read and report its own injections, one by one, and its own host")
        }
        let injection = try await store.get(Injection.self, namespace: namespace, name: name)
        guard let injection, AgentRule.owns(host, injection) else {
            return AccessDecision(
                isAllowed: false, reason: "there is no injection \(namespace)/\(name) for host \(host)")
        }
        return AccessDecision(isAllowed: true, reason: "allowed by \(grant.source): its own injection")
    }

    /// Says what is missing, and names no binding of others.
    private static func refusal(_ caller: Caller, _ request: AccessRequest, _ grants: [Grant]) -> String {
        let place = request.namespace.map { "in namespace \($0)" } ?? "in the whole cluster"
        let what = request.resource + (request.subresource.map { "/\($0)" } ?? "")
        let roles = Set(grants.map(\.role.rawValue)).sorted().joined(separator: ", ")
        let held = roles.isEmpty ? "no role is bound to \(caller.name) there" : "\(caller.name) has: \(roles)"
        let sufficient = sufficientRoles(for: request).map(\.rawValue).joined(separator: ", ")
        let needed = sufficient.isEmpty ? "no role allows it" : "needed is one of: \(sufficient)"
        return "\(caller.name) may not \(request.verb) \(what) \(place): \(held); \(needed)"
    }

    private static func sufficientRoles(for request: AccessRequest) -> [Role] {
        let scope = request.namespace.map { GrantScope.namespace($0) } ?? .cluster
        let scoped = Role.allCases.filter { RoleTable.allows($0, in: scope, request) }
        return scoped.isEmpty ? Role.allCases.filter { RoleTable.allows($0, in: .cluster, request) } : scoped
    }
}

extension RoleSubject {
    /// Whether this subject is the caller himself, or a group of his.
    func names(_ caller: Caller) -> Bool {
        switch kind {
        case .user: name == caller.name
        case .group: caller.groups.contains(name)
        }
    }
}

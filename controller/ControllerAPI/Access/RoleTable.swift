// SPDX-License-Identifier: Apache-2.0
package import ChaosModel

/// Where a grant holds.
package enum GrantScope: Sendable, Hashable {
    /// Everything: all namespaces, and what is in none.
    case cluster
    case namespace(String)
}

/// What each role allows: a table without any state. What it does not allow is refused.
///
/// | Role | Allows |
/// | --- | --- |
/// | viewer | reading everything but bindings, credentials and the audit |
/// | planner | also writing experiments, and planning them |
/// | approver | reading as a viewer does, approving runs, reading the audit |
/// | operator | as a planner; also running, aborting, schedules, halt and resume, reading the audit; not approving |
/// | admin | everything in its scope, but writing the status of anything |
/// | agent | nothing by this table; `AgentRule` gives it its own injections |
package enum RoleTable {
    /// What happened to a run, as Kubernetes tells it; no kind of the store.
    private static let events = "events"
    static let reading: Set<String> = ["get", "list", "watch"]
    static let writing: Set<String> = ["create", "update", "patch", "delete", "deletecollection"]

    /// Whether the role allows it where it holds. A grant in a namespace reaches nothing that is outside of it.
    package static func allows(_ role: Role, in scope: GrantScope, _ request: AccessRequest) -> Bool {
        let wish = Wish(request)
        return reaches(scope, wish, request) && allows(role, wish)
    }

    /// A request over all namespaces, or for what is in none, needs a grant in the whole cluster; but the namespace
    /// itself may be read by who has a role in it.
    private static func reaches(_ scope: GrantScope, _ wish: Wish, _ request: AccessRequest) -> Bool {
        guard case .namespace(let namespace) = scope else { return true }
        if wish.resource == ResourceKind.namespace.plural {
            return wish.verb == "get" && request.name == namespace && wish.subresource == nil
        }
        let isNamespaced =
            wish.resource == events || ResourceKind.allCases.contains { $0.plural == wish.resource && $0.isNamespaced }
        return request.namespace == namespace && !namespace.isEmpty && isNamespaced
    }

    private static func allows(_ role: Role, _ wish: Wish) -> Bool {
        switch role {
        case .viewer: isViewing(wish)
        case .planner: isViewing(wish) || isPlanning(wish)
        case .approver: isViewing(wish) || wish.isAction("approve", on: .run) || wish.isReading("audit")
        case .operator: isViewing(wish) || isPlanning(wish) || isOperating(wish)
        case .admin: !wish.isReporting
        case .agent: false
        }
    }

    private static func isViewing(_ wish: Wish) -> Bool {
        guard reading.contains(wish.verb) else { return false }
        if wish.resource == "metrics" || wish.resource == events { return wish.subresource == nil }
        guard let kind = ResourceKind.allCases.first(where: { $0.plural == wish.resource }) else { return false }
        switch kind {
        case .experiment, .injection, .schedule, .policy, .host, .namespace:
            return wish.subresource == nil || wish.subresource == "status"
        case .run:
            return wish.subresource.map { ["status", "observations", "report"].contains($0) } ?? true
        case .roleBinding, .clusterRoleBinding:
            return false
        }
    }

    private static func isPlanning(_ wish: Wish) -> Bool {
        wish.isWriting(.experiment) || wish.isAction("plan", on: .experiment)
    }

    private static func isOperating(_ wish: Wish) -> Bool {
        wish.isWriting(.run) || wish.isWriting(.schedule) || wish.isAction("run", on: .experiment)
            || wish.isAction("abort", on: .run) || wish.isClusterAction || wish.isReading("audit")
    }
}

/// A request in one spelling: `create runs/abort`, `abort runs` and `abort runs/abort` are the same wish.
private struct Wish {
    var verb: String
    var resource: String
    var subresource: String?

    private static let actions: Set<String> = ["abort", "approve", "plan", "run"]
    private static let clusterActions: Set<String> = ["halt", "resume"]

    init(_ request: AccessRequest) {
        (verb, resource, subresource) = (request.verb, request.resource, request.subresource)
        if Self.clusterActions.contains(resource), subresource == nil, verb == "create" || verb == resource {
            verb = resource
        } else if let action = subresource, Self.actions.contains(action), verb == "create" || verb == action {
            (verb, subresource) = (action, nil)
        }
    }

    /// Halting or resuming, which is for everything at once.
    var isClusterAction: Bool { Self.clusterActions.contains(verb) && resource == verb && subresource == nil }

    /// Writing what was seen of the world, which is for who has seen it.
    var isReporting: Bool { subresource == "status" && !RoleTable.reading.contains(verb) }

    func isAction(_ action: String, on kind: ResourceKind) -> Bool {
        verb == action && resource == kind.plural && subresource == nil
    }

    func isWriting(_ kind: ResourceKind) -> Bool {
        RoleTable.writing.contains(verb) && resource == kind.plural && subresource == nil
    }

    func isReading(_ name: String) -> Bool {
        RoleTable.reading.contains(verb) && resource == name && subresource == nil
    }
}

// SPDX-License-Identifier: Apache-2.0
package import ChaosModel

/// What an agent may do: read and report the injections that its own Host executes, one by one and by name. It sees no
/// list of others, writes no spec, and creates and deletes nothing. What the controller executes is none of its
/// business, whatever the target.
package enum AgentRule {
    /// An agent's certificate has the name `agent:HOST`.
    package static let namePrefix = "agent:"

    /// The host that this caller is the agent of; nil for anybody else.
    package static func host(of caller: Caller) -> String? {
        guard caller.name.hasPrefix(namePrefix) else { return nil }
        let host = String(caller.name.dropFirst(namePrefix.count))
        return host.isEmpty ? nil : host
    }

    /// Whether this is a request that an agent may make at all; then the injection must be its own.
    package static func isPossible(_ request: AccessRequest) -> Bool {
        guard request.resource == ResourceKind.injection.plural, request.name != nil, request.namespace != nil else {
            return false
        }
        switch request.subresource {
        case nil: return RoleTable.reading.contains(request.verb)
        case "status": return ["get", "update", "patch"].contains(request.verb)
        default: return false
        }
    }

    /// Whether the agent of this host executes the injection.
    package static func owns(_ host: String, _ injection: Injection) -> Bool {
        !host.isEmpty && injection.spec.executor == .agent(host: host)
    }
}

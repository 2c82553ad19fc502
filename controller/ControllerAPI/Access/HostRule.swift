// SPDX-License-Identifier: Apache-2.0
import ChaosModel

/// What an agent may do with Hosts: make its own, as bare as it comes, read it, and report its status. Labels and all
/// else of it are for admins, as targets are chosen by them; when it was heard is for the controller to say.
package enum HostRule {
    /// Who is in this group has the role of an agent, without a binding: enrolment gives it.
    package static let group = "rebound:agents"
    /// More than the status of any host. Bytes of JSON.
    static let mostStatusBytes = 64 * 1_024

    /// Whether the agent of this host may make the request. Creating names nobody in the request; `checkCreation` looks
    /// at what is to be created.
    package static func allows(_ host: String, _ request: AccessRequest) -> Bool {
        guard request.resource == ResourceKind.host.plural, request.namespace == nil else { return false }
        switch request.subresource {
        case nil where request.verb == "create": return request.name == nil
        case nil: return RoleTable.reading.contains(request.verb) && request.name == host
        case "status": return ["get", "update", "patch"].contains(request.verb) && request.name == host
        default: return false
        }
    }

    /// Throws for a Host that is not the agent's own, and for one that says more than that it is there. Says nothing to
    /// whoever is no agent.
    static func checkCreation(of tree: ManifestNode, _ resource: ServedResource, by caller: Caller) throws(StatusError)
    {
        guard resource.stored == .host, let own = AgentRule.host(of: caller) else { return }
        let name = tree.at(["metadata", "name"])?.text ?? ""
        guard name == own else {
            throw .forbidden(
                "\(resource.qualified) \(Quoted.text(name)) is forbidden: \(Quoted.text(caller.name)) may create the "
                    + "host \(own) only", resource, name: name)
        }
        for key in ["labels", "annotations", "finalizers", "ownerReferences"] {
            guard let value = tree.at(["metadata", key]), !value.isNull else { continue }
            throw .invalid(
                resource, name, field: "metadata.\(key)",
                "is for admins to write, as targets are chosen by it; an agent leaves it out",
                reason: "FieldValueForbidden")
        }
    }

    /// A status as it is stored: what the agent of the host reports, and when that was, which it does not say itself.
    /// From anybody else it is left as it is. Throws for one that is longer than any host's.
    static func reported(
        _ tree: ManifestNode, over old: ManifestNode, _ resource: ServedResource, by caller: Caller, at now: Timestamp
    ) throws(StatusError) -> ManifestNode {
        let name = old.at(["metadata", "name"])?.text ?? ""
        guard resource.stored == .host, AgentRule.host(of: caller) == name else { return tree }
        if let status = tree["status"], JSONDocument.compact(status).utf8.count > mostStatusBytes {
            throw .invalid(
                resource, name, field: "status",
                "is longer than \(mostStatusBytes) bytes, more than any host has to say")
        }
        var tree = tree
        if tree["status"]?.entries == nil { tree.set("status", .emptyMap) }
        tree.set(["status", "lastContact"], .text(now.description))
        tree.set(["status", "conditions"], heard(old.at(["status", "conditions"]), at: now))
        return tree
    }

    /// The conditions with Ready true; since when is kept while it was.
    private static func heard(_ old: ManifestNode?, at now: Timestamp) -> ManifestNode {
        let all = old?.items ?? []
        let before = all.first { $0["type"]?.text == Host.ready }
        let since = before?["status"]?.text == "True" ? before?["lastTransitionTime"]?.text : nil
        let ready: ManifestNode = .map([
            "type": .text(Host.ready), "status": .text("True"), "reason": .text("Heard"),
            "message": .text("The agent reports."), "lastTransitionTime": .text(since ?? now.description),
        ])
        return .list(all.filter { $0["type"]?.text != Host.ready } + [ready])
    }
}

// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import ResourceStore

/// Who writes a status. A controller writes what it has seen straight into the store; by the API it comes only from an
/// agent: that of an injection which it executes, and that of its own Host. So nobody, be it an admin, can invent a
/// verdict or an undo.
extension Admission {
    /// Throws 403 for everybody but agents, and for everything but injections and their own Host. What an agent may
    /// write of which injection is `checkStatus`.
    func checkStatusWriter(_ name: String) throws(StatusError) {
        if let host = AgentRule.host(of: caller) {
            if resource.stored == .injection || (resource.stored == .host && host == name) { return }
        }
        throw statusRefusal(name, "is written by Rebound alone, from what it sees; \(properWay)")
    }

    /// Throws unless the caller is the agent that executes this injection and reports what may come next: 403 for
    /// another's injection, and 422 with every field that is wrong.
    func checkStatus(from old: ManifestDocument, to new: ManifestDocument) throws(StatusError) {
        guard case (.injection(let old), .injection(let new)) = (old, new) else {
            return try checkStatusWriter(new.key.name)
        }
        let name = new.metadata.name
        guard let host = AgentRule.host(of: caller), AgentRule.owns(host, old) else {
            throw statusRefusal(name, "is written by who executes the injection alone; \(properWay)")
        }
        let objections = AgentReport.objections(to: new.status, after: old.status)
        if !objections.isEmpty { throw .invalid(resource, name, objections) }
    }

    private func statusRefusal(_ name: String, _ why: String) -> StatusError {
        var error = StatusError.forbidden(
            "\(resource.qualified) \(Quoted.text(name)) is forbidden: status \(why)", resource, name: name)
        error.causes = [.init(reason: "FieldValueForbidden", message: why, field: "status")]
        return error
    }

    /// What somebody who wants to change a status can do instead.
    private var properWay: String {
        switch resource.stored {
        case .run:
            "to end the run and have everything put back, POST to its abort; how an undo that failed was dealt with is "
                + "said in its annotation \(RetentionPolicy.acknowledgement)"
        case .injection: "to have its fault put back, POST to the abort of its run"
        case .experiment: "change its spec, or POST to its run to have it executed"
        case .schedule: "set spec.suspend to stop it"
        case .policy: "change its spec; everything is stopped by POST to halt"
        case .namespace: "delete it to have it go"
        case .host: "the agent on it reports it; delete it if that host is no more"
        case .roleBinding, .clusterRoleBinding, nil: "change its spec, or delete it"
        }
    }
}

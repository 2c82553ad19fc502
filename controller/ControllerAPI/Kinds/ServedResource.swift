// SPDX-License-Identifier: Apache-2.0
import ChaosModel

/// One collection that the API serves, with what discovery says about it.
struct ServedResource: Sendable, Equatable {
    /// Empty for `v1`, Kubernetes's own group.
    var group: String
    var version: String
    var plural: String
    var singular: String
    var kind: String
    var isNamespaced: Bool
    var shortNames: [String]
    var categories: [String]
    var verbs: [String]
    var subresources: [Subresource]
    /// The stored kind; nil for what is computed.
    var stored: ResourceKind?

    /// A path below a resource's own.
    struct Subresource: Sendable, Equatable {
        var name: String
        /// The kind of what is sent and answered, with its group and version where they are not the resource's.
        var kind: String
        var verbs: [String]
    }

    /// `rebound.chaos/v1`, `v1`.
    var groupVersion: String { group.isEmpty ? version : "\(group)/\(version)" }
    /// `runs.rebound.chaos`, `namespaces`: how messages name it.
    var qualified: String { group.isEmpty ? plural : "\(plural).\(group)" }
}

extension ServedResource {
    static let group = "rebound.chaos"
    private static let all = ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"]
    private static let status = Subresource(name: "status", kind: "", verbs: ["get", "patch", "update"])

    private static func stored(_ kind: ResourceKind, short: [String], _ subresources: [Subresource] = [])
        -> ServedResource
    {
        let isCore = kind == .namespace
        return ServedResource(
            group: isCore ? "" : group, version: "v1", plural: kind.plural, singular: kind.rawValue.lowercased(),
            kind: kind.rawValue, isNamespaced: kind.isNamespaced, shortNames: short,
            categories: isCore || kind == .roleBinding || kind == .clusterRoleBinding ? [] : ["rebound", "all"],
            // All namespaces at once are not deleted, here as in Kubernetes.
            verbs: isCore ? all.filter { $0 != "deletecollection" } : all, subresources: [status] + subresources,
            stored: kind)
    }

    static let experiments = stored(
        .experiment, short: ["exp"],
        [
            Subresource(name: "plan", kind: "PlanReport", verbs: ["create"]),
            Subresource(name: "run", kind: "Run", verbs: ["create"]),
        ])
    static let runs = stored(
        .run, short: [],
        [
            Subresource(name: "abort", kind: "Run", verbs: ["create"]),
            Subresource(name: "approve", kind: "Run", verbs: ["create"]),
            Subresource(name: "observations", kind: "Observation", verbs: ["get"]),
            Subresource(name: "report", kind: "Report", verbs: ["get"]),
        ])
    static let injections = stored(.injection, short: ["inj"])
    static let schedules = stored(.schedule, short: ["sched"])
    static let policies = stored(.policy, short: ["pol"])
    static let hosts = stored(.host, short: [])
    static let namespaces = stored(.namespace, short: ["ns"])
    static let roleBindings = stored(.roleBinding, short: [])
    static let clusterRoleBindings = stored(.clusterRoleBinding, short: [])
    static let events = ServedResource(
        group: "", version: "v1", plural: "events", singular: "event", kind: "Event", isNamespaced: true,
        shortNames: ["ev"], categories: [], verbs: ["get", "list", "watch"], subresources: [], stored: nil)

    static let inReboundGroup = [
        experiments, runs, injections, schedules, policies, hosts, roleBindings, clusterRoleBindings,
    ]
    static let inCoreGroup = [namespaces, events]

    static func of(_ kind: ResourceKind) -> ServedResource {
        switch kind {
        case .experiment: experiments
        case .run: runs
        case .injection: injections
        case .schedule: schedules
        case .policy: policies
        case .host: hosts
        case .namespace: namespaces
        case .roleBinding: roleBindings
        case .clusterRoleBinding: clusterRoleBindings
        }
    }
}

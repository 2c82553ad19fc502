// SPDX-License-Identifier: Apache-2.0

/// The group and version that every manifest names.
package let reboundAPIVersion = "rebound.chaos/v1"

/// The kinds that Rebound keeps. The raw value is the manifest's `kind`.
package enum ResourceKind: String, Sendable, Codable, CaseIterable {
    case experiment = "Experiment"
    case run = "Run"
    case injection = "Injection"
    case schedule = "Schedule"
    case policy = "Policy"
    case host = "Host"
    case namespace = "Namespace"
    case roleBinding = "RoleBinding"
    case clusterRoleBinding = "ClusterRoleBinding"

    /// Whether resources of this kind live in a namespace. A Policy and a ClusterRoleBinding rule over all of them, and
    /// a Host is of the whole fleet.
    package var isNamespaced: Bool {
        switch self {
        case .experiment, .run, .injection, .schedule, .roleBinding: true
        case .policy, .host, .namespace, .clusterRoleBinding: false
        }
    }

    /// The group and version that a manifest of this kind names. Namespaces are Kubernetes's own `v1`, so that its
    /// clients find them where they look for them.
    package var apiVersion: String { self == .namespace ? "v1" : reboundAPIVersion }

    /// The kind as a collection in URLs, roles and commands: `runs`, `policies`.
    package var plural: String { self == .policy ? "policies" : rawValue.lowercased() + "s" }
}

/// What names one resource: kind, namespace (empty for cluster-wide kinds) and name.
package struct ResourceKey: Sendable, Hashable, Codable, CustomStringConvertible {
    package var kind: ResourceKind
    package var namespace: String
    package var name: String

    package init(kind: ResourceKind, namespace: String, name: String) {
        self.kind = kind
        self.namespace = kind.isNamespaced ? namespace : ""
        self.name = name
    }

    package var description: String {
        namespace.isEmpty ? "\(kind.rawValue)/\(name)" : "\(kind.rawValue)/\(namespace)/\(name)"
    }
}

/// Who owns a resource, as in Kubernetes: when the owner goes, so does the owned.
package struct OwnerReference: Sendable, Codable, Equatable {
    package var kind: ResourceKind
    package var name: String
    package var uid: String
    /// The group and version of the owner's kind.
    package var apiVersion: String?
    /// Whether the owner is the one that manages it.
    package var controller: Bool?
    /// Read and kept; our store does not delete in the foreground.
    package var blockOwnerDeletion: Bool?

    package init(kind: ResourceKind, name: String, uid: String) {
        apiVersion = kind.apiVersion
        self.kind = kind
        self.name = name
        self.uid = uid
    }
}

/// Metadata with the meaning it has in Kubernetes. `resourceVersion` is opaque to everyone but the store.
package struct ObjectMetadata: Sendable, Codable, Equatable {
    package var name: String
    /// Asks the server for a name that begins so; only in requests that create, never stored.
    package var generateName: String?
    package var namespace: String?
    package var uid: String?
    package var labels: [String: String]?
    package var annotations: [String: String]?
    package var resourceVersion: String?
    /// Counts changes of `spec`; set by the store.
    package var generation: Int64?
    package var creationTimestamp: Timestamp?
    package var deletionTimestamp: Timestamp?
    package var finalizers: [String]?
    package var ownerReferences: [OwnerReference]?

    package init(name: String, namespace: String? = nil, labels: [String: String]? = nil) {
        self.name = name
        self.namespace = namespace
        self.labels = labels
    }
}

/// A declared resource: people and the API write `spec`, one reconciler writes `status`.
package protocol Resource: Sendable, Codable, Equatable {
    associatedtype Spec: Sendable, Codable, Equatable
    associatedtype Status: Sendable, Codable, Equatable
    static var kind: ResourceKind { get }
    var apiVersion: String { get }
    var kind: ResourceKind { get }
    var metadata: ObjectMetadata { get set }
    var spec: Spec { get set }
    var status: Status? { get set }
}

extension Resource {
    /// The key under which a store keeps this resource; a missing namespace is `default`.
    package var key: ResourceKey {
        ResourceKey(kind: Self.kind, namespace: metadata.namespace ?? "default", name: metadata.name)
    }
}

/// A condition as in Kubernetes: one observed fact, with since when and why.
package struct Condition: Sendable, Codable, Equatable {
    package enum Value: String, Sendable, Codable { case yes = "True", no = "False", unknown = "Unknown" }
    package var type: String
    package var status: Value
    package var reason: String
    package var message: String
    package var lastTransitionTime: Timestamp

    package init(type: String, status: Value, reason: String, message: String, lastTransitionTime: Timestamp) {
        self.type = type
        self.status = status
        self.reason = reason
        self.message = message
        self.lastTransitionTime = lastTransitionTime
    }
}

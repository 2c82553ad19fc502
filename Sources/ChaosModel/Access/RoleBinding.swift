// SPDX-License-Identifier: Apache-2.0

/// What somebody may do, from reading to everything. What each role allows is a table in the API.
package enum Role: String, Sendable, Codable, CaseIterable {
    case viewer, planner, approver, `operator`, admin
    /// A machine of the fleet: reads and reports its own injections.
    case agent
}

/// Somebody, or a group of them, as their credential names them.
package struct RoleSubject: Sendable, Codable, Equatable {
    package enum Kind: String, Sendable, Codable, CaseIterable { case user = "User", group = "Group" }
    package var kind: Kind
    package var name: String

    package init(kind: Kind, name: String) {
        self.kind = kind
        self.name = name
    }
}

/// Who has which role.
package struct RoleBindingSpec: Sendable, Codable, Equatable {
    package var role: Role
    package var subjects: [RoleSubject]

    package init(role: Role, subjects: [RoleSubject]) {
        self.role = role
        self.subjects = subjects
    }
}

/// What is known of a binding.
package struct RoleBindingStatus: Sendable, Codable, Equatable {
    package var observedGeneration: Int64?

    package init(observedGeneration: Int64? = nil) { self.observedGeneration = observedGeneration }
}

/// Gives a role within one namespace.
package struct RoleBinding: Resource {
    package static let kind = ResourceKind.roleBinding
    package var apiVersion = reboundAPIVersion
    package var kind = ResourceKind.roleBinding
    package var metadata: ObjectMetadata
    package var spec: RoleBindingSpec
    package var status: RoleBindingStatus?

    package init(metadata: ObjectMetadata, spec: RoleBindingSpec) {
        self.metadata = metadata
        self.spec = spec
    }
}

/// Gives a role in every namespace, and over the kinds that are in none.
package struct ClusterRoleBinding: Resource {
    package static let kind = ResourceKind.clusterRoleBinding
    package var apiVersion = reboundAPIVersion
    package var kind = ResourceKind.clusterRoleBinding
    package var metadata: ObjectMetadata
    package var spec: RoleBindingSpec
    package var status: RoleBindingStatus?

    package init(metadata: ObjectMetadata, spec: RoleBindingSpec) {
        self.metadata = metadata
        self.spec = spec
    }
}

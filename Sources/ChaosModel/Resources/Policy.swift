// SPDX-License-Identifier: Apache-2.0

/// The guard rails over every run. Several policies all apply; the most restrictive wins.
package struct Policy: Resource {
    package static let kind = ResourceKind.policy
    package var apiVersion = reboundAPIVersion
    package var kind = ResourceKind.policy
    package var metadata: ObjectMetadata
    package var spec: PolicySpec
    package var status: PolicyStatus?

    package init(metadata: ObjectMetadata, spec: PolicySpec) {
        self.metadata = metadata
        self.spec = spec
    }
}

/// Each absent field restricts nothing, except the opt-in tag, which is always required unless a policy says otherwise.
package struct PolicySpec: Sendable, Codable, Equatable {
    /// While set, nothing is injected; what is under way is reverted.
    package var halt: HaltSpec?
    package var freezes: [FreezeSpec]?
    package var allowedAccounts: [String]?
    package var allowedRegions: [String]?
    /// Dotted names such as `ec2.terminate`.
    package var allowedFaults: [String]?
    package var maxTargetsPerRun: Int?
    package var maxTargetsPerDay: Int?
    package var maxDuration: WrittenDuration?
    package var minHealthy: Int?
    package var optIn: OptInSpec?
    /// A target with this tag, whatever its value, is never touched. Absent: `rebound:deny`.
    package var denyTag: String?

    package init() {}
}

/// The order to stop everything.
package struct HaltSpec: Sendable, Codable, Equatable {
    package var reason: String

    package init(reason: String) { self.reason = reason }
}

/// A stretch of time in which nothing starts.
package struct FreezeSpec: Sendable, Codable, Equatable {
    package var from: Timestamp
    package var until: Timestamp
    package var reason: String

    package init(from: Timestamp, until: Timestamp, reason: String) {
        self.from = from
        self.until = until
        self.reason = reason
    }
}

/// The tag by which a team allows chaos on a target.
package struct OptInSpec: Sendable, Codable, Equatable {
    package var tag: String
    package var value: String
    /// Absent: true.
    package var required: Bool?

    package init(tag: String, value: String, required: Bool? = nil) {
        self.tag = tag
        self.value = value
        self.required = required
    }
}

/// What is known of a policy.
package struct PolicyStatus: Sendable, Codable, Equatable {
    package var observedGeneration: Int64?

    package init() {}
}

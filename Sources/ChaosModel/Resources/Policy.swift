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
    /// While set and not resumed, nothing is injected; what is under way is reverted.
    package var halt: HaltSpec?
    /// True: everything is planned and nothing is done.
    package var leash: Bool?
    package var freezes: [FreezeSpec]?
    package var allowedAccounts: [String]?
    package var allowedRegions: [String]?
    /// Dotted names such as `ec2.terminate`.
    package var allowedFaults: [String]?
    package var maxTargetsPerRun: Int?
    package var maxTargetsPerDay: Int?
    /// Targets of one Auto Scaling group that runs under way hold together.
    package var maxTargetsPerGroup: Int?
    /// Targets of one Auto Scaling group in 24 hours, over all runs.
    package var maxTargetsPerGroupPerDay: Int?
    package var maxDuration: WrittenDuration?
    package var minHealthy: Int?
    package var optIn: OptInSpec?
    /// A target with this tag, whatever its value, is never touched. Absent: `rebound:deny`.
    package var denyTag: String?
    package var approvals: ApprovalRule?

    package init() {}
}

/// The order to stop everything. It holds until it says who resumed.
package struct HaltSpec: Sendable, Codable, Equatable {
    package var reason: String
    /// Who ordered it, as far as is known.
    package var requestedBy: String?
    package var at: Timestamp?
    /// Set by resuming; the order is then history.
    package var resumed: ResumeSpec?

    package init(reason: String, requestedBy: String? = nil, at: Timestamp? = nil) {
        self.reason = reason
        self.requestedBy = requestedBy
        self.at = at
    }
}

/// The end of a halt.
package struct ResumeSpec: Sendable, Codable, Equatable {
    package var reason: String
    package var requestedBy: String
    package var at: Timestamp

    package init(reason: String, requestedBy: String, at: Timestamp) {
        self.reason = reason
        self.requestedBy = requestedBy
        self.at = at
    }
}

/// A stretch of time in which nothing starts: either from one instant until another, or every week.
package struct FreezeSpec: Sendable, Codable, Equatable {
    package var from: Timestamp?
    package var until: Timestamp?
    package var weekly: WeeklyFreezeSpec?
    package var reason: String

    package init(from: Timestamp, until: Timestamp, reason: String) {
        self.from = from
        self.until = until
        self.reason = reason
    }

    package init(weekly: WeeklyFreezeSpec, reason: String) {
        self.weekly = weekly
        self.reason = reason
    }
}

/// A freeze that comes back every week, by the clocks of one zone.
package struct WeeklyFreezeSpec: Sendable, Codable, Equatable {
    /// The days on which it begins.
    package var days: [WindowSpec.Day]
    /// `HH:MM`; a `from` later than `to` goes past midnight.
    package var from: String
    package var to: String
    /// An IANA zone; there is no default.
    package var timeZone: String

    package init(days: [WindowSpec.Day], from: String, to: String, timeZone: String) {
        self.days = days
        self.from = from
        self.to = to
        self.timeZone = timeZone
    }
}

/// When runs wait for people, and for how many.
package struct ApprovalRule: Sendable, Codable, Equatable {
    /// How many people, none of whom asked for the run.
    package var count: Int
    /// Runs that have any of these labels with this value wait.
    package var whenLabels: [String: String]?
    /// Runs of at least this many targets wait.
    package var whenTargetsAtLeast: Int?
    /// How long an approval counts, and how long a run waits for one. Absent: 8h.
    package var validFor: WrittenDuration?

    package init(count: Int) { self.count = count }
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

extension Policy {
    /// The policy that `halt` writes and `resume` ends.
    package static let haltName = "halt"

    /// What a new installation of the service starts with: every run ends with its plan, until somebody who may change
    /// policies has looked and takes the leash off.
    package static var freshInstallation: Policy {
        var spec = PolicySpec()
        spec.leash = true
        return Policy(metadata: ObjectMetadata(name: "fresh-installation"), spec: spec)
    }
}

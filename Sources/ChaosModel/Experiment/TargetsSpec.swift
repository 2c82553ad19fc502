// SPDX-License-Identifier: Apache-2.0

/// What may be harmed: instances to pick from, or one Auto Scaling group. Exactly one of the two selectors is set.
package struct TargetsSpec: Sendable, Codable, Equatable {
    package var instances: InstanceSelector?
    package var autoScalingGroup: GroupSelector?
    /// Required with `instances`; refused with `autoScalingGroup`, which names one target.
    package var pick: PickSpec?

    package init(instances: InstanceSelector? = nil, autoScalingGroup: GroupSelector? = nil, pick: PickSpec? = nil) {
        self.instances = instances
        self.autoScalingGroup = autoScalingGroup
        self.pick = pick
    }
}

/// Instances for which every written criterion holds. At least one of ids, tags, autoScalingGroup, targetGroup is
/// written.
package struct InstanceSelector: Sendable, Codable, Equatable {
    package var region: String?
    package var assumeRole: AssumeRoleSpec?
    package var ids: [String]?
    package var tags: [String: String]?
    package var autoScalingGroup: String?
    /// A target group's ARN or name.
    package var targetGroup: String?
    package var zones: [String]?
    /// Instance states to take. Absent: running only. Only `running` and `stopped` can be asked for.
    package var states: [String]?
    /// Instances younger than this are left alone. Absent: the group's own default instance warm-up, if it has one.
    package var warmUp: WrittenDuration?

    package init(region: String? = nil) { self.region = region }

    package var scope: AWSScope { .init(region: region, assumeRole: assumeRole) }
}

/// One Auto Scaling group by name.
package struct GroupSelector: Sendable, Codable, Equatable {
    package var name: String
    package var region: String?
    package var assumeRole: AssumeRoleSpec?

    package init(name: String, region: String? = nil, assumeRole: AssumeRoleSpec? = nil) {
        self.name = name
        self.region = region
        self.assumeRole = assumeRole
    }

    package var scope: AWSScope { .init(region: region, assumeRole: assumeRole) }
}

/// How many of the selected are taken: exactly one of count, percent, all, oldest, newest.
package struct PickSpec: Sendable, Codable, Equatable {
    package enum Spread: String, Sendable, Codable, CaseIterable { case zones }
    package var count: Int?
    /// Percent of the selected, above 0 to 100, rounded down, at least one.
    package var percent: Double?
    package var all: Bool?
    package var oldest: Int?
    package var newest: Int?
    /// Never take more than this many, whatever `percent` or `all` come to.
    package var atMost: Int?
    /// `zones`: take from each zone in turn.
    package var spread: Spread?

    package init(count: Int? = nil, percent: Double? = nil, all: Bool? = nil) {
        self.count = count
        self.percent = percent
        self.all = all
    }
}

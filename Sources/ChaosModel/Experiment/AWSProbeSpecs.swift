// SPDX-License-Identifier: Apache-2.0

/// Where an AWS call goes and as whom. Every AWS part of a manifest has these two fields.
package struct AWSScope: Sendable, Hashable, Codable {
    /// Absent: AWS_REGION, then the profile's; none is an error.
    package var region: String?
    package var assumeRole: AssumeRoleSpec?

    package init(region: String? = nil, assumeRole: AssumeRoleSpec? = nil) {
        self.region = region
        self.assumeRole = assumeRole
    }
}

/// A role to take on for these calls, on top of the controller's own credentials.
package struct AssumeRoleSpec: Sendable, Hashable, Codable {
    package var roleArn: String
    package var externalId: String?

    package init(roleArn: String, externalId: String? = nil) {
        self.roleArn = roleArn
        self.externalId = externalId
    }
}

/// Passes while at least so many members are InService and Healthy.
package struct AutoScalingGroupProbeSpec: Sendable, Codable, Equatable {
    package var name: String
    package var inService: WantedCount
    package var region: String?
    package var assumeRole: AssumeRoleSpec?

    package init(name: String, inService: WantedCount, region: String? = nil, assumeRole: AssumeRoleSpec? = nil) {
        self.name = name
        self.inService = inService
        self.region = region
        self.assumeRole = assumeRole
    }
}

/// `desired` (what the group itself asks for), or a number.
package enum WantedCount: Sendable, Equatable {
    case desired
    case atLeast(Int)
}

/// Passes while at least so many targets are healthy. `desired` means every registered target.
package struct TargetGroupProbeSpec: Sendable, Codable, Equatable {
    /// A target group's ARN or name.
    package var targetGroup: String
    package var healthy: WantedCount
    package var region: String?
    package var assumeRole: AssumeRoleSpec?

    package init(targetGroup: String, healthy: WantedCount, region: String? = nil, assumeRole: AssumeRoleSpec? = nil) {
        self.targetGroup = targetGroup
        self.healthy = healthy
        self.region = region
        self.assumeRole = assumeRole
    }
}

/// Passes while each of these instances is in the state.
package struct InstanceStateProbeSpec: Sendable, Codable, Equatable {
    package var ids: [String]
    /// pending, running, stopping, stopped, shutting-down or terminated.
    package var state: String
    package var region: String?
    package var assumeRole: AssumeRoleSpec?

    package init(ids: [String], state: String, region: String? = nil, assumeRole: AssumeRoleSpec? = nil) {
        self.ids = ids
        self.state = state
        self.region = region
        self.assumeRole = assumeRole
    }
}

/// Passes while the alarm is in the state; INSUFFICIENT_DATA is unknown unless asked for.
package struct CloudWatchAlarmProbeSpec: Sendable, Codable, Equatable {
    package enum AlarmState: String, Sendable, Codable, CaseIterable {
        case ok = "OK", alarm = "ALARM", insufficientData = "INSUFFICIENT_DATA"
    }
    package var name: String
    /// Absent: OK.
    package var state: AlarmState?
    package var region: String?
    package var assumeRole: AssumeRoleSpec?

    package init(name: String, state: AlarmState? = nil, region: String? = nil, assumeRole: AssumeRoleSpec? = nil) {
        self.name = name
        self.state = state
        self.region = region
        self.assumeRole = assumeRole
    }
}

/// Passes while the newest value of a metric lies within bounds; no value is unknown.
package struct CloudWatchMetricProbeSpec: Sendable, Codable, Equatable {
    package var namespace: String
    package var metric: String
    package var dimensions: [String: String]?
    /// Average, Sum, Minimum, Maximum, SampleCount or a percentile such as p90.
    package var statistic: String
    /// The period of the metric, whole seconds.
    package var period: WrittenDuration
    package var atLeast: Double?
    package var atMost: Double?
    package var region: String?
    package var assumeRole: AssumeRoleSpec?

    package init(namespace: String, metric: String, statistic: String, period: WrittenDuration) {
        self.namespace = namespace
        self.metric = metric
        self.statistic = statistic
        self.period = period
    }
}

extension AutoScalingGroupProbeSpec { package var scope: AWSScope { .init(region: region, assumeRole: assumeRole) } }
extension TargetGroupProbeSpec { package var scope: AWSScope { .init(region: region, assumeRole: assumeRole) } }
extension InstanceStateProbeSpec { package var scope: AWSScope { .init(region: region, assumeRole: assumeRole) } }
extension CloudWatchAlarmProbeSpec { package var scope: AWSScope { .init(region: region, assumeRole: assumeRole) } }
extension CloudWatchMetricProbeSpec { package var scope: AWSScope { .init(region: region, assumeRole: assumeRole) } }

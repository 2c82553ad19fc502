// SPDX-License-Identifier: Apache-2.0
package import ChaosModel

/// What one look at one account and region gave: complete, or it was not made. Guards and choice work on this alone.
package struct Inventory: Sendable, Equatable {
    /// One instance, with what its groups and target groups say of it.
    package struct Instance: Sendable, Equatable {
        package var id: String
        package var state: String
        package var zone: String?
        package var launchedAt: Timestamp?
        package var tags: [String: String]
        package var autoScalingGroup: String?
        /// Healthy in every target group that it is registered in.
        package var targetHealth: [TargetHealth]

        package init(
            id: String, state: String, zone: String?, launchedAt: Timestamp?, tags: [String: String],
            autoScalingGroup: String?, targetHealth: [TargetHealth]
        ) {
            self.id = id
            self.state = state
            self.zone = zone
            self.launchedAt = launchedAt
            self.tags = tags
            self.autoScalingGroup = autoScalingGroup
            self.targetHealth = targetHealth
        }
    }

    /// One registration of an instance in a target group.
    package struct TargetHealth: Sendable, Equatable {
        package var targetGroupArn: String
        package var state: String
        package var port: Int?
        package var zone: String?

        package init(targetGroupArn: String, state: String, port: Int?, zone: String?) {
            self.targetGroupArn = targetGroupArn
            self.state = state
            self.port = port
            self.zone = zone
        }
    }

    /// One Auto Scaling group that selected instances belong to.
    package struct Group: Sendable, Equatable {
        package var name: String
        package var desired: Int
        package var minimum: Int
        package var members: [Member]
        package var tags: [String: String]
        package var suspendedProcesses: [String]
        package var targetGroupArns: [String]
        package var defaultWarmUp: Duration?

        package init(
            name: String, desired: Int, minimum: Int, members: [Member], tags: [String: String],
            suspendedProcesses: [String], targetGroupArns: [String], defaultWarmUp: Duration?
        ) {
            self.name = name
            self.desired = desired
            self.minimum = minimum
            self.members = members
            self.tags = tags
            self.suspendedProcesses = suspendedProcesses
            self.targetGroupArns = targetGroupArns
            self.defaultWarmUp = defaultWarmUp
        }
    }

    /// One member of a group.
    package struct Member: Sendable, Equatable {
        package var id: String
        package var lifecycleState: String
        package var healthStatus: String
        package var zone: String?

        package init(id: String, lifecycleState: String, healthStatus: String, zone: String?) {
            self.id = id
            self.lifecycleState = lifecycleState
            self.healthStatus = healthStatus
            self.zone = zone
        }

        /// Counted by the group as serving.
        package var isInService: Bool { lifecycleState == "InService" && healthStatus == "Healthy" }
    }

    package var account: String
    package var region: String
    package var instances: [Instance]
    package var groups: [Group]
    /// Every registered target of the target groups involved, by ARN.
    package var targetGroups: [String: [RegisteredTarget]]

    /// A registered target, instance or not.
    package struct RegisteredTarget: Sendable, Equatable {
        package var id: String
        package var port: Int?
        package var state: String

        package init(id: String, port: Int?, state: String) {
            self.id = id
            self.port = port
            self.state = state
        }
    }

    package init(
        account: String, region: String, instances: [Instance], groups: [Group],
        targetGroups: [String: [RegisteredTarget]]
    ) {
        self.account = account
        self.region = region
        self.instances = instances
        self.groups = groups
        self.targetGroups = targetGroups
    }

    package func group(named name: String?) -> Group? { groups.first { $0.name == name } }
}

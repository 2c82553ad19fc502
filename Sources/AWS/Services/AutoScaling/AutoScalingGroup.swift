// SPDX-License-Identifier: Apache-2.0

/// Where a member is in its life in the group
/// (https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-lifecycle.html).
package enum AutoScalingLifecycleState: AWSNamedValue {
    case pending, pendingWait, pendingProceed, inService, terminating, terminatingWait, terminatingProceed, terminated
    case terminatingRetained, detaching, detached, enteringStandby, standby, quarantined
    case warmedPending, warmedRunning, warmedStopped, warmedHibernated, warmedTerminating, warmedTerminated
    case other(String)

    package static let known: [(value: Self, name: String)] = [
        (.inService, "InService"), (.pending, "Pending"), (.pendingWait, "Pending:Wait"),
        (.pendingProceed, "Pending:Proceed"), (.terminating, "Terminating"), (.terminatingWait, "Terminating:Wait"),
        (.terminatingProceed, "Terminating:Proceed"), (.terminated, "Terminated"),
        (.terminatingRetained, "Terminating:Retained"), (.detaching, "Detaching"), (.detached, "Detached"),
        (.enteringStandby, "EnteringStandby"), (.standby, "Standby"), (.quarantined, "Quarantined"),
        (.warmedPending, "Warmed:Pending"), (.warmedRunning, "Warmed:Running"), (.warmedStopped, "Warmed:Stopped"),
        (.warmedHibernated, "Warmed:Hibernated"), (.warmedTerminating, "Warmed:Terminating"),
        (.warmedTerminated, "Warmed:Terminated"),
    ]
    package var unknownName: String? { if case .other(let name) = self { name } else { nil } }
}

/// Whether the group believes in a member.
package enum AutoScalingHealth: AWSNamedValue {
    case healthy, unhealthy
    case other(String)

    /// AWS writes `Healthy` in groups and `HEALTHY` in DescribeAutoScalingInstances.
    package static let known: [(value: Self, name: String)] = [
        (.healthy, "Healthy"), (.unhealthy, "Unhealthy"), (.healthy, "HEALTHY"), (.unhealthy, "UNHEALTHY"),
    ]
    package var unknownName: String? { if case .other(let name) = self { name } else { nil } }
}

/// What the group does by itself and can be told not to do.
package enum AutoScalingProcess: AWSNamedValue {
    case launch, terminate, addToLoadBalancer, alarmNotification, azRebalance, healthCheck, instanceRefresh
    case replaceUnhealthy, scheduledActions
    case other(String)

    package static let known: [(value: Self, name: String)] = [
        (.launch, "Launch"), (.terminate, "Terminate"), (.addToLoadBalancer, "AddToLoadBalancer"),
        (.alarmNotification, "AlarmNotification"), (.azRebalance, "AZRebalance"), (.healthCheck, "HealthCheck"),
        (.instanceRefresh, "InstanceRefresh"), (.replaceUnhealthy, "ReplaceUnhealthy"),
        (.scheduledActions, "ScheduledActions"),
    ]
    package var unknownName: String? { if case .other(let name) = self { name } else { nil } }
}

/// A process that is suspended, and why, in AWS's words.
package struct SuspendedProcess: Sendable, Hashable, Codable {
    package var process: AutoScalingProcess
    package var reason: String?

    /// Of these facts, as AWS would tell them.
    package init(process: AutoScalingProcess, reason: String? = nil) {
        self.process = process
        self.reason = reason
    }
}

/// A member of a group.
package struct AutoScalingMember: Sendable, Hashable, Codable, Identifiable {
    package var id: EC2InstanceID
    /// Known where it was asked for by instance; in a group's answer the group is the one that was asked.
    package var group: AutoScalingGroupName?
    package var availabilityZone: String
    package var lifecycleState: AutoScalingLifecycleState
    package var health: AutoScalingHealth
    package var instanceType: String?
    package var isProtectedFromScaleIn: Bool

    /// Of these facts, as AWS would tell them.
    package init(
        id: EC2InstanceID, group: AutoScalingGroupName? = nil, availabilityZone: String,
        lifecycleState: AutoScalingLifecycleState, health: AutoScalingHealth, instanceType: String? = nil,
        isProtectedFromScaleIn: Bool = false
    ) {
        self.id = id
        self.group = group
        self.availabilityZone = availabilityZone
        self.lifecycleState = lifecycleState
        self.health = health
        self.instanceType = instanceType
        self.isProtectedFromScaleIn = isProtectedFromScaleIn
    }
}

/// A tag of a group, and whether new members get it.
package struct AutoScalingTag: Sendable, Hashable, Codable {
    package var key: String
    package var value: String
    package var propagatesAtLaunch: Bool

    /// Of these facts, as AWS would tell them.
    package init(key: String, value: String, propagatesAtLaunch: Bool) {
        self.key = key
        self.value = value
        self.propagatesAtLaunch = propagatesAtLaunch
    }
}

/// What DescribeAutoScalingGroups says about one group.
package struct AutoScalingGroup: Sendable, Hashable, Codable {
    package var name: AutoScalingGroupName
    package var arn: String?
    package var minimumSize: Int
    package var maximumSize: Int
    package var desiredCapacity: Int
    package var availabilityZones: [String]
    package var subnetIDs: [String]
    package var targetGroups: [TargetGroupARN]
    /// Classic load balancers, by name.
    package var loadBalancerNames: [String]
    /// `EC2`, or with a comma `ELB`, `EBS`, `VPC_LATTICE`.
    package var healthCheckTypes: [String]
    package var healthCheckGracePeriodSeconds: Int?
    /// How long a new member counts as warming up; nil where the group sets nothing.
    package var defaultWarmUpSeconds: Int?
    package var defaultCooldownSeconds: Int?
    package var members: [AutoScalingMember]
    package var suspendedProcesses: [SuspendedProcess]
    package var tags: [AutoScalingTag]
    package var created: AWSInstant?
    /// Set while the group is being deleted.
    package var status: String?

    /// Of these facts, as AWS would tell them.
    package init(
        name: AutoScalingGroupName, arn: String? = nil, minimumSize: Int, maximumSize: Int, desiredCapacity: Int,
        availabilityZones: [String] = [], subnetIDs: [String] = [], targetGroups: [TargetGroupARN] = [],
        loadBalancerNames: [String] = [], healthCheckTypes: [String] = [], healthCheckGracePeriodSeconds: Int? = nil,
        defaultWarmUpSeconds: Int? = nil, defaultCooldownSeconds: Int? = nil, members: [AutoScalingMember] = [],
        suspendedProcesses: [SuspendedProcess] = [], tags: [AutoScalingTag] = [], created: AWSInstant? = nil,
        status: String? = nil
    ) {
        self.name = name
        self.arn = arn
        self.minimumSize = minimumSize
        self.maximumSize = maximumSize
        self.desiredCapacity = desiredCapacity
        self.availabilityZones = availabilityZones
        self.subnetIDs = subnetIDs
        self.targetGroups = targetGroups
        self.loadBalancerNames = loadBalancerNames
        self.healthCheckTypes = healthCheckTypes
        self.healthCheckGracePeriodSeconds = healthCheckGracePeriodSeconds
        self.defaultWarmUpSeconds = defaultWarmUpSeconds
        self.defaultCooldownSeconds = defaultCooldownSeconds
        self.members = members
        self.suspendedProcesses = suspendedProcesses
        self.tags = tags
        self.created = created
        self.status = status
    }

    /// Members that are in service and healthy: those that count as capacity.
    package var capacity: [AutoScalingMember] {
        members.filter { $0.lifecycleState == .inService && $0.health == .healthy }
    }
}

extension AutoScalingGroup: XMLDecodable {
    init(xml: XMLElement) throws(XMLFault) {
        name = try xml.requiredIdentifier("AutoScalingGroupName")
        arn = xml.text("AutoScalingGroupARN")
        minimumSize = try xml.requiredInt("MinSize")
        maximumSize = try xml.requiredInt("MaxSize")
        desiredCapacity = try xml.requiredInt("DesiredCapacity")
        availabilityZones = xml.texts("AvailabilityZones")
        subnetIDs = xml.commaSeparated("VPCZoneIdentifier")
        targetGroups = xml.texts("TargetGroupARNs").map { TargetGroupARN($0) }
        loadBalancerNames = xml.texts("LoadBalancerNames")
        healthCheckTypes = xml.commaSeparated("HealthCheckType")
        healthCheckGracePeriodSeconds = try xml.int("HealthCheckGracePeriod")
        defaultWarmUpSeconds = try xml.int("DefaultInstanceWarmup")
        defaultCooldownSeconds = try xml.int("DefaultCooldown")
        members = try xml.list("Instances")
        suspendedProcesses = try xml.list("SuspendedProcesses")
        tags = try xml.list("Tags")
        created = try xml.time("CreatedTime")
        status = xml.text("Status")
    }
}

extension AutoScalingMember: XMLDecodable {
    init(xml: XMLElement) throws(XMLFault) {
        id = try xml.requiredIdentifier("InstanceId")
        group = xml.identifier("AutoScalingGroupName")
        availabilityZone = try xml.required("AvailabilityZone")
        lifecycleState = try xml.requiredNamed("LifecycleState")
        health = try xml.requiredNamed("HealthStatus")
        instanceType = xml.text("InstanceType")
        isProtectedFromScaleIn = try xml.bool("ProtectedFromScaleIn") ?? false
    }
}

extension SuspendedProcess: XMLDecodable {
    init(xml: XMLElement) throws(XMLFault) {
        process = try xml.requiredNamed("ProcessName")
        reason = xml.text("SuspensionReason")
    }
}

extension AutoScalingTag: XMLDecodable {
    init(xml: XMLElement) throws(XMLFault) {
        key = try xml.required("Key")
        value = xml.text("Value") ?? ""
        propagatesAtLaunch = try xml.bool("PropagateAtLaunch") ?? false
    }
}

extension XMLElement {
    /// A text with commas, as its parts without the white space around them.
    func commaSeparated(_ name: StaticString) -> [String] {
        (text(name) ?? "").utf8.split(separator: UInt8(ascii: ",")).map { part in
            var part = part.drop { $0 == UInt8(ascii: " ") }
            while part.last == UInt8(ascii: " ") { part.removeLast() }
            return String(Substring(part))
        }
    }
}

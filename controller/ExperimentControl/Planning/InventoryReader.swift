// SPDX-License-Identifier: Apache-2.0
package import AWS
package import ChaosModel

/// Reads the inventory that a selector needs. Every listing is complete or the whole read fails.
package struct InventoryReader: Sendable {
    private let aws: AWSReader
    private let account: String
    private let region: String

    package init(aws: AWSReader, account: String, region: String) {
        self.aws = aws
        self.account = account
        self.region = region
    }

    /// Every instance that the selector's criteria match, whatever its state, with its groups and their health.
    package func inventory(for selector: InstanceSelector) async throws(AWSError) -> Inventory {
        let wantedTargetGroups = try await targetGroups(named: selector.targetGroup)
        var registered: [String: [TargetHealth]] = [:]
        for group in wantedTargetGroups { registered[group.rawValue] = try await health(of: group) }
        var filters = Self.filters(of: selector)
        if selector.targetGroup != nil {
            let ids = Set(registered.values.joined().map(\.target.id)).filter(OwnInstance.isInstanceID)
            if ids.isEmpty { return empty(registered) }
            filters.append(EC2Filter(name: "instance-id", values: ids.sorted()))
        }
        let instances = try await aws.ec2.describeInstances(filters: filters)
        var names = Set(instances.compactMap(\.autoScalingGroup))
        if let name = selector.autoScalingGroup { names.insert(AutoScalingGroupName(rawValue: name)) }
        return try await complete(instances, groups: names, registered: registered, everywhere: !instances.isEmpty)
    }

    /// The inventory around members of groups that are known by id, for the look right before an act: with the target
    /// groups of their groups, and those that they were found in when the plan was made.
    package func inventory(
        ofInstances ids: [String], targetGroups arns: [String]
    ) async throws(AWSError) -> Inventory {
        var registered: [String: [TargetHealth]] = [:]
        for arn in arns { registered[arn] = try await health(of: TargetGroupARN(rawValue: arn)) }
        let instances = try await aws.ec2.describeInstances(filters: [EC2Filter(name: "instance-id", values: ids)])
        let names = Set(instances.compactMap(\.autoScalingGroup))
        return try await complete(instances, groups: names, registered: registered, everywhere: false)
    }

    /// The inventory of one group, without its instances.
    package func inventory(ofGroup name: String) async throws(AWSError) -> Inventory {
        let groups = try await aws.autoScaling.describeGroups([AutoScalingGroupName(rawValue: name)])
        return Inventory(
            account: account, region: region, instances: [], groups: groups.map(Self.group), targetGroups: [:])
    }

    private func complete(
        _ instances: [EC2Instance], groups names: Set<AutoScalingGroupName>, registered: [String: [TargetHealth]],
        everywhere: Bool
    ) async throws(AWSError) -> Inventory {
        let groups =
            names.isEmpty ? [] : try await aws.autoScaling.describeGroups(names.sorted { $0.rawValue < $1.rawValue })
        var registered = registered
        var needed = Set(groups.flatMap(\.targetGroups))
        if everywhere { needed.formUnion(try await everyTargetGroup()) }
        for group in needed.sorted(by: { $0.rawValue < $1.rawValue }) where registered[group.rawValue] == nil {
            registered[group.rawValue] = try await health(of: group)
        }
        return Inventory(
            account: account, region: region, instances: instances.map { Self.instance($0, registered) },
            groups: groups.map(Self.group), targetGroups: registered.mapValues { $0.map(Self.registration) })
    }

    private func empty(_ registered: [String: [TargetHealth]]) -> Inventory {
        Inventory(
            account: account, region: region, instances: [], groups: [],
            targetGroups: registered.mapValues { $0.map(Self.registration) })
    }

    private func health(of group: TargetGroupARN) async throws(AWSError) -> [TargetHealth] {
        try await aws.loadBalancing.describeTargetHealth(of: group)
    }

    private func targetGroups(named name: String?) async throws(AWSError) -> [TargetGroupARN] {
        guard let name else { return [] }
        if name.hasPrefix("arn:") { return [TargetGroupARN(rawValue: name)] }
        return try await aws.loadBalancing.describeTargetGroups(named: [name]).map(\.arn)
    }

    /// Instances may stand behind load balancers that their group knows nothing of, as those of a Kubernetes
    /// controller; only looking at all of them tells.
    private func everyTargetGroup() async throws(AWSError) -> [TargetGroupARN] {
        try await aws.loadBalancing.describeEveryTargetGroup().filter { $0.targetType == .instance }.map(\.arn)
    }

    private static func filters(of selector: InstanceSelector) -> [EC2Filter] {
        var filters: [EC2Filter] = []
        if let ids = selector.ids { filters.append(EC2Filter(name: "instance-id", values: ids)) }
        for (key, value) in (selector.tags ?? [:]).sorted(by: { $0.key < $1.key }) { filters.append(.tag(key, value)) }
        if let group = selector.autoScalingGroup {
            filters.append(.autoScalingGroup(AutoScalingGroupName(rawValue: group)))
        }
        if let zones = selector.zones { filters.append(EC2Filter(name: "availability-zone", values: zones)) }
        return filters
    }
}

extension InventoryReader {
    private static func instance(
        _ instance: EC2Instance, _ registered: [String: [TargetHealth]]
    ) -> Inventory.Instance {
        let health = registered.sorted { $0.key < $1.key }.flatMap { arn, targets in
            targets.filter { $0.target.id == instance.id.rawValue }.map {
                Inventory.TargetHealth(
                    targetGroupArn: arn, state: $0.state.awsName, port: $0.target.port, zone: $0.target.availabilityZone
                )
            }
        }
        return Inventory.Instance(
            id: instance.id.rawValue, state: instance.state.awsName, zone: instance.availabilityZone,
            launchedAt: instance.launchTime.map { Timestamp(nanosecondsSinceEpoch: $0.nanoseconds) },
            tags: instance.tags, autoScalingGroup: instance.autoScalingGroup?.rawValue, targetHealth: health)
    }

    private static func group(_ group: AutoScalingGroup) -> Inventory.Group {
        Inventory.Group(
            name: group.name.rawValue, desired: group.desiredCapacity, minimum: group.minimumSize,
            members: group.members.map {
                .init(
                    id: $0.id.rawValue, lifecycleState: $0.lifecycleState.awsName, healthStatus: $0.health.awsName,
                    zone: $0.availabilityZone)
            }, tags: Dictionary(group.tags.map { ($0.key, $0.value) }, uniquingKeysWith: { first, _ in first }),
            suspendedProcesses: group.suspendedProcesses.map(\.process.awsName),
            targetGroupArns: group.targetGroups.map(\.rawValue),
            defaultWarmUp: group.defaultWarmUpSeconds.map { .seconds($0) })
    }

    private static func registration(_ health: TargetHealth) -> Inventory.RegisteredTarget {
        .init(id: health.target.id, port: health.target.port, state: health.state.awsName)
    }
}

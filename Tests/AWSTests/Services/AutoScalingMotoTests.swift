// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import AWS

@Suite("Auto Scaling and load balancing against moto")
struct AutoScalingMotoTests {
    /// A group `web` of `size` members, with a target group, in a region of the test's own.
    private func group(
        _ region: String, size: Int, names: [String] = ["web"]
    ) async throws -> (client: AWSClient, targetGroup: TargetGroupARN) {
        let client = ServiceClients.client(region: region)
        let subnets = try await client.set(.ec2, "DescribeSubnets", [:])
        let network = try await client.set(
            .elbv2, "CreateTargetGroup",
            [
                "Name": "web", "Protocol": "HTTP", "Port": "80", "VpcId": try subnets.element("vpcId"),
                "HealthCheckPath": "/health",
            ])
        let targetGroup = TargetGroupARN(try network.element("TargetGroupArn"))
        try await client.set(
            .autoScaling, "CreateLaunchConfiguration",
            ["LaunchConfigurationName": "web", "ImageId": "ami-12345678", "InstanceType": "t3.micro"])
        for name in names {
            try await client.set(
                .autoScaling, "CreateAutoScalingGroup",
                [
                    "AutoScalingGroupName": name, "LaunchConfigurationName": "web", "MinSize": "0", "MaxSize": "9",
                    "DesiredCapacity": "\(size)", "VPCZoneIdentifier": try subnets.element("subnetId"),
                    "TargetGroupARNs.member.1": targetGroup.rawValue, "HealthCheckType": "ELB",
                    "Tags.member.1.Key": "app", "Tags.member.1.Value": name,
                    "Tags.member.1.PropagateAtLaunch": "true",
                ])
        }
        return (client, targetGroup)
    }

    @Test("a group is described with members, tags and target groups, and an unknown one is not found")
    func describe() async throws {
        let (client, targetGroup) = try await group("eu-west-1", size: 3)
        let reader = AWSReader(client: client)
        let web = try await reader.autoScaling.describeGroup("web")
        #expect(web.desiredCapacity == 3)
        #expect(web.capacity.count == 3)
        #expect(web.targetGroups == [targetGroup])
        #expect(web.healthCheckTypes == ["ELB"])
        #expect(web.tags == [AutoScalingTag(key: "app", value: "web", propagatesAtLaunch: true)])
        let ids = web.members.map(\.id)
        let members = try await reader.autoScaling.describeMembers(ids)
        #expect(Set(members.map(\.id)) == Set(ids))
        #expect(members.allSatisfy { $0.group == "web" && $0.health == .healthy })
        let instances = try await reader.ec2.describeInstances(filters: [.autoScalingGroup("web")])
        #expect(Set(instances.map(\.id)) == Set(ids))
        #expect(instances.allSatisfy { $0.autoScalingGroup == "web" })
        #expect(try await reader.autoScaling.describeActivities(of: "web").isEmpty, "moto keeps none")
        let error = try await #require(throws: AWSError.self) {
            try await reader.autoScaling.describeGroup("nowhere")
        }
        #expect(error.code == .notFound)
    }

    @Test("more groups than a page holds are all found, or those with a tag")
    func manyGroups() async throws {
        let names = (0..<120).map { "group-\($0)" }
        let (client, _) = try await group("us-east-1", size: 0, names: names)
        let reader = AutoScalingReader(client: client)
        #expect(Set(try await reader.describeEveryGroup().map(\.name.rawValue)) == Set(names))
        #expect(Set(try await reader.describeGroups(names.map { .init($0) }).map(\.name.rawValue)) == Set(names))
        let tagged = try await reader.describeEveryGroup(
            filters: [AutoScalingFilter(name: "tag:app", values: ["group-7"])])
        #expect(tagged.map(\.name) == ["group-7"])
    }

    @Test("ending a member gives a replacement, or a smaller group")
    func terminate() async throws {
        let (client, _) = try await group("us-east-2", size: 3)
        let (reader, actor) = (AutoScalingReader(client: client), AutoScalingActor(client: client))
        let first = try await reader.describeGroup("web").members[0].id
        let activity = try await actor.terminateInstance(first, decrementDesiredCapacity: false)
        #expect(activity.status == .inProgress)
        let replaced = try await reader.describeGroup("web")
        #expect(replaced.desiredCapacity == 3)
        #expect(replaced.members.count == 3 && !replaced.members.map(\.id).contains(first))
        _ = try await actor.terminateInstance(replaced.members[0].id, decrementDesiredCapacity: true)
        let smaller = try await reader.describeGroup("web")
        #expect(smaller.desiredCapacity == 2)
        #expect(smaller.members.count == 2)
    }

    @Test("suspended processes are listed until they are resumed")
    func processes() async throws {
        let (client, _) = try await group("us-west-1", size: 1)
        let (reader, actor) = (AutoScalingReader(client: client), AutoScalingActor(client: client))
        try await actor.suspendProcesses([.launch, .azRebalance], of: "web")
        try await actor.suspendProcesses([.launch], of: "web")
        #expect(
            Set(try await reader.describeGroup("web").suspendedProcesses.map(\.process)) == [.launch, .azRebalance])
        try await actor.resumeProcesses([.launch], of: "web")
        #expect(try await reader.describeGroup("web").suspendedProcesses.map(\.process) == [.azRebalance])
        try await actor.resumeProcesses([.azRebalance], of: "web")
        #expect(try await reader.describeGroup("web").suspendedProcesses.isEmpty)
    }

    @Test("a detached instance runs on outside the group, and a sick one is called so")
    func detachAndHealth() async throws {
        let (client, _) = try await group("us-west-2", size: 3)
        let (reader, actor) = (AutoScalingReader(client: client), AutoScalingActor(client: client))
        let ids = try await reader.describeGroup("web").members.map(\.id)
        _ = try await actor.detachInstances([ids[0]], from: "web", decrementDesiredCapacity: true)
        #expect(Set(try await reader.describeGroup("web").members.map(\.id)) == Set(ids[1...]))
        #expect(try await EC2Reader(client: client).describeInstances(ids: [ids[0]]).map(\.state) == [.running])
        try await actor.setHealth(.unhealthy, of: ids[1], respectGracePeriod: false)
        let sick = try await reader.describeGroup("web").members.filter { $0.health == .unhealthy }
        #expect(sick.map(\.id) == [ids[1]])
    }

    @Test("a group's policies are listed")
    func policies() async throws {
        let (client, _) = try await group("ap-south-1", size: 1)
        try await client.set(
            .autoScaling, "PutScalingPolicy",
            [
                "AutoScalingGroupName": "web", "PolicyName": "one more", "PolicyType": "SimpleScaling",
                "AdjustmentType": "ChangeInCapacity", "ScalingAdjustment": "1",
            ])
        let policies = try await AutoScalingReader(client: client).describePolicies(of: "web")
        #expect(policies.map(\.name) == ["one more"])
        #expect(policies.map(\.scalingAdjustment) == [1])
    }

    @Test("a deregistered target is gone until it is registered again")
    func targets() async throws {
        let (client, group) = try await group("ap-northeast-1", size: 2)
        let (reader, actor) = (ELBReader(client: client), ELBActor(client: client))
        #expect(try await reader.describeTargetGroups([group]).map(\.name) == ["web"])
        #expect(try await reader.describeTargetGroups(named: ["web"]).map(\.arn) == [group])
        #expect(try await reader.describeEveryTargetGroup().map(\.healthCheck.path) == ["/health"])
        let before = try await reader.describeTargetHealth(of: group)
        #expect(before.map(\.state) == [.healthy, .healthy])
        let target = try #require(before.first?.target)
        try await actor.deregisterTargets([target], from: group)
        #expect(try await reader.describeTargetHealth(of: group).count == 1)
        let asked = try await reader.describeTargetHealth(of: group, targets: [target])
        #expect(asked.map(\.state) == [.unused])
        #expect(asked.map(\.reason) == ["Target.NotRegistered"])
        try await actor.registerTargets([target], in: group)
        #expect(try await reader.describeTargetHealth(of: group).map(\.state) == [.healthy, .healthy])
    }

    @Test("a target group that does not exist is not found")
    func unknownTargetGroup() async throws {
        let reader = ELBReader(client: ServiceClients.client(region: "ap-northeast-2"))
        let arn: TargetGroupARN =
            "arn:aws:elasticloadbalancing:ap-northeast-2:123456789012:targetgroup/no/0123456789abcdef"
        let error = try await #require(throws: AWSError.self) { try await reader.describeTargetHealth(of: arn) }
        #expect(error.code == .notFound)
        #expect(error.awsCode == "TargetGroupNotFound")
    }

    @Test("a second full page of target groups is followed by its marker")
    func manyTargetGroups() async throws {
        let client = ServiceClients.client(region: "ap-southeast-1")
        let vpc = try await client.set(.ec2, "DescribeSubnets", [:]).element("vpcId")
        for number in 0..<60 {
            try await client.set(
                .elbv2, "CreateTargetGroup",
                ["Name": "t-\(number)", "Protocol": "HTTP", "Port": "80", "VpcId": vpc])
        }
        #expect(try await ELBReader(client: client).describeEveryTargetGroup().count == 60)
    }
}

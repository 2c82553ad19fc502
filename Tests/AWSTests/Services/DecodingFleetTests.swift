// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import AWS

@Suite("Decoding the answers of Auto Scaling, load balancing, CloudWatch and STS")
struct DecodingFleetTests {
    private func page<Item: XMLDecodable>(_ fixture: String, _ shape: ReplyShape) throws -> Page<Item> {
        try ServiceFixture.page(try ServiceFixture.bytes(fixture), shape)
    }

    @Test("every field of a group is read")
    func group() throws {
        let found: Page<AutoScalingGroup> = try page("shape-auto-scaling-group", AutoScalingReader.groups.shape)
        #expect(found.nextToken == "more")
        let group = try #require(found.items.first)
        #expect(group.name == "wäb & co")
        #expect([group.minimumSize, group.maximumSize, group.desiredCapacity] == [1, 9, 3])
        #expect(group.availabilityZones == ["eu-west-1a", "eu-west-1b"])
        #expect(group.subnetIDs == ["subnet-1", "subnet-2"])
        #expect(group.targetGroups == ["arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/web/1"])
        #expect(group.loadBalancerNames == ["classic"])
        #expect(group.healthCheckTypes == ["EBS", "ELB"])
        #expect(group.healthCheckGracePeriodSeconds == 60)
        #expect(group.defaultWarmUpSeconds == 30)
        #expect(group.defaultCooldownSeconds == 300)
        #expect(group.created?.description == "2026-01-02T03:04:05.678Z")
        #expect(group.status == "Delete in progress")
        #expect(group.members.map(\.id) == ["i-01", "i-02", "i-03"])
        #expect(group.members.map(\.lifecycleState) == [.inService, .terminatingWait, .other("Levitating")])
        #expect(group.members.map(\.isProtectedFromScaleIn) == [false, true, false])
        #expect(group.capacity.map(\.id) == ["i-01"])
        #expect(group.suspendedProcesses.map(\.process) == [.azRebalance])
        #expect(group.tags == [AutoScalingTag(key: "app", value: "", propagatesAtLaunch: true)])
    }

    @Test("moto's group is read")
    func motoGroup() throws {
        let found: Page<AutoScalingGroup> = try page(
            "moto-describe-auto-scaling-groups", AutoScalingReader.groups.shape)
        #expect(found.items.first?.members.count == 2)
        #expect(Set(found.items.first?.suspendedProcesses.map(\.process) ?? []) == [.launch, .azRebalance])
        #expect(found.nextToken == nil)
    }

    @Test("members asked for by instance name their group, with either spelling of health")
    func members() throws {
        let found: Page<AutoScalingMember> = try page(
            "moto-describe-auto-scaling-instances", AutoScalingReader.members)
        #expect(found.items.map(\.group) == ["web", "web"])
        #expect(AutoScalingHealth(awsName: "HEALTHY") == .healthy)
        #expect(AutoScalingHealth.healthy.awsName == "Healthy")
    }

    @Test("activities tell what, when and about which instance")
    func activities() throws {
        let found: Page<ScalingActivity> = try page("shape-scaling-activities", AutoScalingReader.activities)
        #expect(found.items.map(\.instance) == ["i-0b22222222222222b", "i-0a11111111111111a", nil])
        #expect(found.items.map(\.status) == [.preInService, .successful, .other("WaitingForTheMoon")])
        #expect(found.items.map(\.status.isOver) == [false, true, false])
        #expect(found.items[0].started.description == "2026-11-24T05:42:52.731Z")
        #expect(found.items[0].ended == nil)
        #expect(found.items[0].progressPercent == 30)
        #expect(found.items[0].details?.contains("subnet-1") == true)
        #expect(found.items[1].ended?.description == "2026-11-24T05:43:30Z")
        #expect(found.items[1].cause.contains("EC2 health check"))
        #expect(found.items[2].statusMessage == "It is new.")
    }

    @Test("a policy tells its kind and target")
    func policies() throws {
        let found: Page<ScalingPolicy> = try page("moto-describe-policies", AutoScalingReader.policies)
        let policy = try #require(found.items.first)
        #expect(policy.name == "half")
        #expect(policy.type == "TargetTrackingScaling")
        #expect(policy.targetValue == 50)
        #expect(policy.isEnabled)
    }

    @Test("every state of a target is told apart, unknown ones are kept")
    func targetHealth() throws {
        let found: Page<TargetHealth> = try page("shape-target-health", ELBReader.targetHealth)
        #expect(
            found.items.map(\.state) == [
                .healthy, .initial, .unhealthy, .unhealthyDraining, .draining, .unused, .unavailable,
                .other("dreaming"),
            ])
        #expect(found.items[2].reason == "Target.Timeout")
        #expect(found.items[2].description == "Request timed out")
        #expect(found.items[0].target == LoadBalancerTarget(id: "i-00", port: 80))
        #expect(found.items[0].healthCheckPort == "8080")
    }

    @Test("a target group tells how it checks health")
    func targetGroups() throws {
        let found: Page<TargetGroup> = try page("moto-describe-target-groups", ELBReader.targetGroups)
        let group = try #require(found.items.first)
        #expect(group.name == "web")
        #expect(group.port == 80)
        #expect(group.targetType == .instance)
        #expect(group.healthCheck.path == "/health")
        #expect(group.healthCheck.isEnabled)
        #expect(group.healthCheck.matcher == "200")
    }

    @Test("an alarm tells its state")
    func alarms() throws {
        let reply = ServiceFixture.reply(try ServiceFixture.bytes("moto-describe-alarms"))
        let page: AlarmPage = try reply.value(
            of: ServiceFixture.call, root: "DescribeAlarmsResponse", at: ["DescribeAlarmsResult"])
        let alarm = try #require(page.alarms.first)
        #expect(alarm.name == "slow")
        #expect(alarm.state == .ok)
        #expect(alarm.threshold == 0.5)
        #expect(alarm.periodSeconds == 60)
        #expect(alarm.stateUpdated != nil)
    }

    @Test("a series with more times than values is refused")
    func series() throws {
        let found: Page<MetricSeries> = try page("moto-get-metric-data", CloudWatchReader.metricData)
        #expect(found.items.first?.points.map(\.value) == [0.25])
        let text = """
            <GetMetricDataResponse><GetMetricDataResult><MetricDataResults><member><Id>a</Id><Timestamps><member>
            2026-11-24T06:03:12Z</member></Timestamps><Values/></member></MetricDataResults></GetMetricDataResult>
            </GetMetricDataResponse>
            """
        let error = try #require(throws: AWSError.self) {
            let _: Page<MetricSeries> = try ServiceFixture.page(Array(text.utf8), CloudWatchReader.metricData)
        }
        #expect(error.message.hasSuffix("MetricDataResults.member.Values has 0 values for 1 times"))
    }

    @Test("sessions of roles are read and do not show their secrets")
    func sessions() throws {
        let session = try STSProtocol.parseAssumeRole(
            ServiceFixture.reply(try ServiceFixture.bytes("moto-assume-role")))
        #expect(session.accessKeyID.hasPrefix("ASIA"))
        #expect(!session.sessionToken.isEmpty)
        var dumped = ""
        dump(session, to: &dumped)
        for text in ["\(session)", "\(String(reflecting: session))", dumped] {
            #expect(!text.contains(session.secretAccessKey) && !text.contains(session.sessionToken))
        }
        let web = try STSProtocol.parseAssumeRoleWithWebIdentity(
            ServiceFixture.reply(try ServiceFixture.bytes("moto-assume-role-with-web-identity")))
        #expect(web.assumedRoleARN?.contains("assumed-role/r/session") == true)
        #expect(throws: AWSError.self) {
            try STSProtocol.parseAssumeRole(
                ServiceFixture.reply(try ServiceFixture.bytes("moto-assume-role-with-web-identity")))
        }
    }

    @Test("instants are written with as much fraction as they have")
    func instants() {
        let texts = ["2026-11-24T05:42:42Z", "2026-11-24T05:42:42.250Z", "1969-12-31T23:59:59.999999999Z"]
        for text in texts { #expect(AWSInstant(iso8601: text)?.description == text) }
    }
}

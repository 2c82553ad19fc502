// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import AWS

@Suite("Decoding EC2's answers")
struct DecodingEC2Tests {
    private func instances(_ body: [UInt8]) throws -> [EC2Instance] {
        try ServiceFixture.page(body, EC2Reader.instances).items
    }

    @Test("every field of a running instance is read")
    func runningInstance() throws {
        let all = try instances(try ServiceFixture.bytes("moto-describe-instances"))
        #expect(all.count == 3)
        let web = try #require(all.first)
        #expect(web.id == "i-67ab1fc5d88e65063")
        #expect(web.state == .running)
        #expect(web.launchTime?.description == "2026-11-24T06:03:12Z")
        #expect(web.instanceType == "t3.micro")
        #expect(web.imageID == "ami-12345678")
        #expect(web.availabilityZone == "eu-west-1a")
        #expect(web.subnetID?.hasPrefix("subnet-") == true)
        #expect(web.vpcID == "vpc-81332b2d5def9f1c4")
        #expect(web.privateAddress == "10.107.53.166")
        #expect(web.publicAddress == "54.214.229.129")
        #expect(web.privateDNSName == "ip-10-107-53-166.eu-west-1.compute.internal")
        #expect(web.publicDNSName == "ec2-54-214-229-129.eu-west-1.compute.amazonaws.com")
        #expect(web.instanceProfileARN == "arn:aws:iam::123456789012:instance-profile/web")
        #expect(web.tags == ["Name": "Zürich <web> & \"co\"", "empty": ""])
        #expect(web.lifecycle == .onDemand)
        #expect(web.stateReason == nil)
        #expect(web.transitionReason == nil)
        #expect(web.autoScalingGroup == nil)
    }

    @Test("spot and stopped instances say so")
    func otherInstances() throws {
        let all = try instances(try ServiceFixture.bytes("moto-describe-instances"))
        #expect(all[1].lifecycle == .spot)
        #expect(all[2].state == .stopped)
        #expect(all[2].stateReason?.code == "Client.UserInitiatedShutdown")
        #expect(all[2].transitionReason?.hasPrefix("User initiated (") == true)
        #expect(all[2].publicAddress == nil)
    }

    @Test("the group's tag names the group, and an unknown state is kept")
    func groupAndUnknownState() throws {
        let text = """
            <DescribeInstancesResponse><reservationSet><item><instancesSet><item><instanceId>i-1</instanceId>
            <instanceState><code>99</code><name>dreaming</name></instanceState><tagSet><item>
            <key>aws:autoscaling:groupName</key><value>wäb</value></item></tagSet></item></instancesSet></item>
            </reservationSet><nextToken>more</nextToken></DescribeInstancesResponse>
            """
        let page: Page<EC2Instance> = try ServiceFixture.page(Array(text.utf8), EC2Reader.instances)
        #expect(page.items.first?.state == .other("dreaming"))
        #expect(page.items.first?.autoScalingGroup == "wäb")
        #expect(page.nextToken == "more")
    }

    @Test(
        "a part that must be there and is not is named by its path",
        arguments: [
            ("<DescribeInstancesResponse/>", "DescribeInstancesResponse.reservationSet is missing"),
            ("<ListAllMyBucketsResult/>", "the reply is <ListAllMyBucketsResult>"),
            (
                """
                <DescribeInstancesResponse><reservationSet><item><instancesSet><item><instanceState><name>running</name>
                </instanceState></item></instancesSet></item></reservationSet></DescribeInstancesResponse>
                """, "DescribeInstancesResponse.reservationSet.item.instancesSet.item.instanceId is missing"
            ),
            (
                """
                <DescribeInstancesResponse><reservationSet><item><instancesSet><item><instanceId>i-1</instanceId>
                </item></instancesSet></item></reservationSet></DescribeInstancesResponse>
                """, "DescribeInstancesResponse.reservationSet.item.instancesSet.item.instanceState is missing"
            ),
            (
                """
                <DescribeInstancesResponse><reservationSet><item><instancesSet><item><instanceId>i-1</instanceId>
                <instanceState><name>running</name></instanceState><launchTime>yesterday</launchTime>
                </item></instancesSet></item></reservationSet></DescribeInstancesResponse>
                """, "item.launchTime is not an ISO 8601 time: \"yesterday\""
            ),
        ])
    func missing(xml: String, problem: String) throws {
        let error = try #require(throws: AWSError.self) { try instances(Array(xml.utf8)) }
        #expect(error.code == .malformedReply)
        #expect(error.requestID == "r-0")
        #expect(error.message.contains(problem), "\(error.message)")
        #expect(!error.mayHaveActed)
    }

    @Test("an impaired instance's status is read to the last check and event")
    func impairedStatus() throws {
        let body = try ServiceFixture.bytes("shape-instance-status-impaired")
        let page: Page<EC2InstanceStatus> = try ServiceFixture.page(body, EC2Reader.statuses)
        let status = try #require(page.items.first)
        #expect(status.id == "i-0a11111111111111a")
        #expect(status.state == .running)
        #expect(status.system.status == .impaired)
        #expect(status.system.checks.first?.status == .failed)
        #expect(status.system.checks.first?.impairedSince?.description == "2026-11-24T05:42:00Z")
        #expect(status.instance.status == .insufficientData)
        #expect(status.attachedStorage?.status == .ok)
        let event = try #require(status.events.first)
        #expect(event.code == "instance-retirement")
        #expect(event.notBefore?.description == "2026-11-30T00:00:00Z")
        #expect(event.notBeforeDeadline == nil)
    }

    @Test("moto's statuses are read, of instances that do not run too")
    func motoStatus() throws {
        let body = try ServiceFixture.bytes("moto-describe-instance-status")
        let page: Page<EC2InstanceStatus> = try ServiceFixture.page(body, EC2Reader.statuses)
        #expect(page.items.map(\.state) == [.running, .running, .stopped])
    }

    @Test("a state change tells before and after")
    func stateChange() throws {
        let body = try ServiceFixture.bytes("moto-terminate")
        let shape = ReplyShape(root: "TerminateInstancesResponse", list: ["instancesSet"], item: ["item"])
        let page: Page<EC2StateChange> = try ServiceFixture.page(body, shape)
        #expect(page.items.map(\.current) == [.shuttingDown])
        #expect(page.items.map(\.previous) == [.stopped] || page.items.map(\.previous) == [.running])
    }
}

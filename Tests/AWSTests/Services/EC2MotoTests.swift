// SPDX-License-Identifier: Apache-2.0
import TestSupport
import Testing

@testable import AWS

@Suite("EC2 against moto")
struct EC2MotoTests {
    /// Launches instances in a region of the test's own and returns their ids.
    private func launch(_ count: Int, in client: AWSClient, name: String = "web") async throws -> [EC2InstanceID] {
        let answer = try await client.set(
            .ec2, "RunInstances",
            [
                "ImageId": "ami-12345678", "MinCount": "\(count)", "MaxCount": "\(count)", "InstanceType": "t3.micro",
                "TagSpecification.1.ResourceType": "instance", "TagSpecification.1.Tag.1.Key": "Name",
                "TagSpecification.1.Tag.1.Value": name, "TagSpecification.1.Tag.2.Key": "note",
                "TagSpecification.1.Tag.2.Value": "Grüße & <東京> 🦊 +%",
            ])
        return answer.split(separator: "<instanceId>").dropFirst().map {
            EC2InstanceID(String($0.prefix { $0 != "<" }))
        }
    }

    @Test("instances are found by id, by tag and by state, and unknown ids are not found")
    func describe() async throws {
        let client = ServiceClients.client(region: "eu-west-1")
        let reader = EC2Reader(client: client)
        let ids = try await launch(3, in: client, name: "describe*")
        let found = try await reader.describeInstances(ids: ids)
        #expect(Set(found.map(\.id)) == Set(ids))
        #expect(found.allSatisfy { $0.tags["note"] == "Grüße & <東京> 🦊 +%" && $0.state == .running })
        _ = try await EC2Actor(client: client).terminate([ids[0]])
        let running = try await reader.describeInstances(
            filters: [EC2Filter(name: "tag:Name", values: ["describe*"]), .state(.running)])
        #expect(Set(running.map(\.id)) == Set(ids.dropFirst()))
        let error = try await #require(throws: AWSError.self) {
            try await reader.describeInstances(ids: ["i-0123456789abcdef0"])
        }
        #expect(error.code == .notFound)
        #expect(error.awsCode == "InvalidInstanceID.NotFound")
    }

    @Test("a tag's value is meant literally")
    func literalTags() {
        #expect(EC2Filter.tag("app", "a*b?c\\d").values == ["a\\*b\\?c\\\\d"])
        #expect(EC2Filter.autoScalingGroup("web").name == "tag:aws:autoscaling:groupName")
    }

    @Test("a thousand instances are all there")
    func thousand() async throws {
        // A server of its own: moto's time grows with the square of the instances, and others would wait for it.
        let moto = TestSupport.MotoServer()
        defer { moto.stop() }
        let client = ServiceClients.client(region: "eu-west-2", endpoint: moto.url)
        var ids: Set<EC2InstanceID> = []
        for count in [500, 400, 50, 50] { ids.formUnion(try await launch(count, in: client)) }
        #expect(ids.count == 1000)
        let found = try await EC2Reader(client: client).describeEveryInstance()
        #expect(found.count == 1000)
        #expect(Set(found.map(\.id)) == ids)
        let chosen = try await EC2Reader(client: client).describeEveryInstance { $0.id.rawValue.hasSuffix("0") }
        #expect(Set(chosen.map(\.id)) == ids.filter { $0.rawValue.hasSuffix("0") })
    }

    @Test("stop, start, reboot and terminate do what they say")
    func acts() async throws {
        let client = ServiceClients.client(region: "eu-west-3")
        let (reader, actor) = (EC2Reader(client: client), EC2Actor(client: client))
        let ids = try await launch(2, in: client)
        let stopped = try await actor.stop(ids, force: true)
        #expect(stopped.map(\.previous) == [.running, .running])
        #expect(stopped.map(\.current) == [.stopping, .stopping])
        let state = try await reader.describeInstances(ids: ids)
        #expect(state.allSatisfy { $0.state == .stopped })
        #expect(state.allSatisfy { $0.stateReason?.code == "Client.UserInitiatedShutdown" })
        #expect(try await actor.start(ids).map(\.current) == [.pending, .pending])
        try await actor.reboot(ids)
        try await actor.createTags([AWSTag(key: "rebound:run", value: "r 1 & <ü>")], on: ids)
        let tagged = try await reader.describeInstances(ids: ids)
        #expect(tagged.allSatisfy { $0.tags["rebound:run"] == "r 1 & <ü>" && $0.state == .running })
        #expect(try await actor.terminate(ids).map(\.current) == [.shuttingDown, .shuttingDown])
        #expect(try await reader.describeInstances(ids: ids).allSatisfy { $0.state == .terminated })
    }

    @Test("statuses leave out what does not run unless all are asked for")
    func statuses() async throws {
        let client = ServiceClients.client(region: "eu-north-1")
        let reader = EC2Reader(client: client)
        let ids = try await launch(2, in: client)
        _ = try await EC2Actor(client: client).stop([ids[0]], force: false)
        #expect(try await reader.describeInstanceStatus(ids: ids, includeAll: false).map(\.id) == [ids[1]])
        let all = try await reader.describeInstanceStatus(ids: ids, includeAll: true)
        #expect(Set(all.map(\.state)) == [.running, .stopped])
        let running = try #require(all.first { $0.state == .running })
        #expect(running.system.status == .ok && running.instance.status == .ok)
    }

    @Test("a dry run tells whether, and changes nothing")
    func dryRun() async throws {
        let client = ServiceClients.client(region: "eu-south-1")
        let reader = EC2Reader(client: client)
        let ids = try await launch(1, in: client)
        #expect(try await reader.canTerminate(ids).isAllowed)
        #expect(try await reader.canStop(ids, force: true).isAllowed)
        #expect(try await reader.canReboot(ids).isAllowed)
        #expect(try await reader.canStart(ids).isAllowed)
        let tags = [AWSTag(key: "a", value: "b")]
        #expect(try await reader.canCreateTags(tags, on: ids).isAllowed)
        let after = try await reader.describeInstances(ids: ids)
        #expect(after.map(\.state) == [.running])
        #expect(after.first?.tags["a"] == nil)
    }

    @Test("protection is seen, and a protected instance is not ended")
    func protection() async throws {
        let client = ServiceClients.client(region: "ca-central-1")
        let reader = EC2Reader(client: client)
        let ids = try await launch(1, in: client)
        #expect(try await !reader.isProtected(ids[0], against: .termination))
        #expect(try await !reader.isProtected(ids[0], against: .stop))
        for attribute in ["DisableApiTermination", "DisableApiStop"] {
            try await client.set(
                .ec2, "ModifyInstanceAttribute", ["InstanceId": ids[0].rawValue, "\(attribute).Value": "true"])
        }
        #expect(try await reader.isProtected(ids[0], against: .termination))
        #expect(try await reader.isProtected(ids[0], against: .stop))
        let error = try await #require(throws: AWSError.self) { try await EC2Actor(client: client).terminate(ids) }
        #expect(error.code == .conflict)
        #expect(error.awsCode == "OperationNotPermitted")
        #expect(!error.mayHaveActed)
    }

    @Test("what moto cannot answer is an error, not a list")
    func unsupported() async throws {
        let client = ServiceClients.client(region: "sa-east-1")
        let reader = EC2Reader(client: client)
        _ = try await launch(1, in: client)
        let error = try await #require(throws: AWSError.self) {
            try await reader.describeInstances(filters: [EC2Filter(name: "launch-time", values: ["2026"])])
        }
        #expect(error.code == .serviceUnavailable)
        #expect(error.httpStatus == 500)
    }
}

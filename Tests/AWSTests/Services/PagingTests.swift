// SPDX-License-Identifier: Apache-2.0
import TestSupport
import Testing

@testable import AWS

@Suite("Following pages")
struct PagingTests {
    /// Answers page `n` to the request with `NextToken=n` and the first to one without, as a closure says.
    private func server(_ answer: @escaping @Sendable (Int) -> (status: String, body: String)) -> RawServer {
        RawServer { connection in
            while let request = connection.readRequest() {
                let token = request.firstRange(of: "NextToken=").map {
                    request[$0.upperBound...].prefix { $0.isNumber }
                }
                let (status, body) = answer(token.flatMap { Int($0) } ?? 1)
                connection.write("HTTP/1.1 \(status)\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)")
            }
        }
    }

    private static func page(_ number: Int, next: Int?, instances: [String]? = nil) -> String {
        let items = (instances ?? ["i-\(number)a", "i-\(number)b"]).map { id in
            """
            <item><instanceId>\(id)</instanceId><instanceState><name>running</name></instanceState>\
            <instanceType>page-\(number)</instanceType></item>
            """
        }
        return """
            <DescribeInstancesResponse><reservationSet><item><instancesSet>\(items.joined())</instancesSet></item>\
            </reservationSet>\(next.map { "<nextToken>\($0)</nextToken>" } ?? "")</DescribeInstancesResponse>
            """
    }

    private func list(_ server: RawServer) async throws(AWSError) -> [EC2Instance] {
        let client = ServiceClients.client(region: "eu-west-1", endpoint: server.url(""))
        return try await EC2Reader(client: client).describeEveryInstance()
    }

    @Test("seven pages are one list, in order, each asked for once")
    func sevenPages() async throws {
        let server = server { ("200 OK", Self.page($0, next: $0 < 7 ? $0 + 1 : nil)) }
        defer { server.stop() }
        let ids = try await list(server).map(\.id.rawValue)
        #expect(ids == (1...7).flatMap { ["i-\($0)a", "i-\($0)b"] })
        #expect(server.requests.count == 7)
        #expect(server.requests.allSatisfy { $0.contains("MaxResults=1000") })
    }

    @Test(
        "a page that fails makes the whole list fail",
        arguments: [
            ("403 Forbidden", AWSErrorCode.accessDenied),
            ("503 Service Unavailable", .throttled), ("200 OK", .malformedReply),
        ])
    func fourthPageFails(status: String, code: AWSErrorCode) async throws {
        let codes = ["403 Forbidden": "UnauthorizedOperation", "503 Service Unavailable": "RequestLimitExceeded"]
        let failure = codes[status].map {
            "<Response><Errors><Error><Code>\($0)</Code><Message>no</Message></Error></Errors></Response>"
        }
        let server = server {
            let page = Self.page($0, next: $0 < 7 ? $0 + 1 : nil)
            return $0 == 4 ? (status, failure ?? String(page.dropLast(10))) : ("200 OK", page)
        }
        defer { server.stop() }
        let error = try await #require(throws: AWSError.self) { try await list(server) }
        #expect(error.code == code)
        #expect(error.action == "DescribeInstances")
        #expect(server.requests.count == 4)
    }

    @Test("a token that comes again ends the listing as malformed", arguments: [1, 2, 4])
    func repeatedToken(goesBackTo page: Int) async throws {
        let server = server { ("200 OK", Self.page($0, next: $0 < 4 ? $0 + 1 : page)) }
        defer { server.stop() }
        let error = try await #require(throws: AWSError.self) { try await list(server) }
        #expect(error.code == .malformedReply)
        #expect(error.message.contains("came twice"))
        #expect(server.requests.count <= 8)
    }

    @Test("an instance that moves between pages is listed once, as it was said last")
    func movedInstance() async throws {
        let server = server {
            $0 == 1
                ? ("200 OK", Self.page(1, next: 2, instances: ["i-1", "i-2"]))
                : ("200 OK", Self.page(2, next: nil, instances: ["i-3", "i-1"]))
        }
        defer { server.stop() }
        let all = try await list(server)
        #expect(all.map(\.id) == ["i-1", "i-2", "i-3"])
        #expect(all.first?.instanceType == "page-2")
    }

    @Test("an empty page with a token is not the end")
    func emptyPage() async throws {
        let server = server { ("200 OK", Self.page($0, next: $0 < 3 ? $0 + 1 : nil, instances: $0 == 3 ? nil : [])) }
        defer { server.stop() }
        #expect(try await list(server).count == 2)
    }

    @Test("no ids means no call, and no filter is refused")
    func nothingAsked() async throws {
        let server = server { _ in ("200 OK", Self.page(1, next: nil)) }
        defer { server.stop() }
        let reader = AWSReader(client: ServiceClients.client(region: "eu-west-1", endpoint: server.url("")))
        #expect(try await reader.ec2.describeInstances(ids: []).isEmpty)
        #expect(try await reader.ec2.describeInstanceStatus(ids: [], includeAll: true).isEmpty)
        #expect(try await reader.autoScaling.describeGroups([]).isEmpty)
        #expect(try await reader.autoScaling.describeMembers([]).isEmpty)
        #expect(try await reader.loadBalancing.describeTargetGroups([]).isEmpty)
        #expect(try await reader.cloudWatch.describeAlarms([]).isEmpty)
        for filters in [[], [EC2Filter(name: "tag:app", values: [])]] as [[EC2Filter]] {
            let error = try await #require(throws: AWSError.self) {
                try await reader.ec2.describeInstances(filters: filters)
            }
            #expect(error.code == .invalidRequest)
        }
        #expect(server.requests.isEmpty)
    }

    @Test("an acting call without a name is refused and never sent")
    func nothingNamed() async throws {
        let server = server { _ in ("200 OK", "") }
        defer { server.stop() }
        let actor = AWSActor(client: ServiceClients.client(region: "eu-west-1", endpoint: server.url("")))
        let calls: [@Sendable () async throws -> Void] = [
            { _ = try await actor.ec2.terminate([]) }, { _ = try await actor.ec2.terminate([""]) },
            { _ = try await actor.ec2.stop([], force: false) }, { _ = try await actor.ec2.start([]) },
            { try await actor.ec2.reboot([]) }, { try await actor.ec2.createTags([], on: ["i-1"]) },
            { try await actor.autoScaling.suspendProcesses([], of: "web") },
            { try await actor.autoScaling.resumeProcesses([], of: "web") },
            { _ = try await actor.autoScaling.detachInstances([], from: "web", decrementDesiredCapacity: false) },
            { _ = try await actor.autoScaling.terminateInstance("", decrementDesiredCapacity: false) },
            { try await actor.loadBalancing.deregisterTargets([], from: "arn") },
        ]
        for call in calls {
            let error = try await #require(throws: AWSError.self) { try await call() }
            #expect(error.code == .invalidRequest)
            #expect(!error.mayHaveActed)
        }
        #expect(server.requests.isEmpty)
    }

    @Test("the list of activities ends where the asked-for time does")
    func activitiesSince() async throws {
        func page(_ number: Int, next: Int?) -> String {
            let items = (0..<2).map { item in
                "<member><ActivityId>\(number)-\(item)</ActivityId><AutoScalingGroupName>web</AutoScalingGroupName>"
                    + "<StartTime>2026-11-24T0\(9 - number):0\(2 - item):00Z</StartTime>"
                    + "<StatusCode>Successful</StatusCode></member>"
            }
            let token = next.map { "<NextToken>\($0)</NextToken>" } ?? ""
            return "<DescribeScalingActivitiesResponse><DescribeScalingActivitiesResult><Activities>"
                + "\(items.joined())</Activities>\(token)</DescribeScalingActivitiesResult>"
                + "</DescribeScalingActivitiesResponse>"
        }
        let pages = (1...7).map { page($0, next: $0 < 7 ? $0 + 1 : nil) }
        let server = server { ("200 OK", pages[$0 - 1]) }
        defer { server.stop() }
        let reader = AutoScalingReader(client: ServiceClients.client(region: "eu-west-1", endpoint: server.url("")))
        let since = try #require(AWSInstant(iso8601: "2026-11-24T06:02:00Z"))
        #expect(
            try await reader.describeActivities(of: "web", since: since).map(\.id) == [
                "1-0", "1-1", "2-0", "2-1", "3-0",
            ])
        #expect(server.requests.count == 4)
        #expect(try await reader.describeActivities(of: "web").count == 14)
    }
}

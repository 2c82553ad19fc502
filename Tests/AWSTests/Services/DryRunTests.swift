// SPDX-License-Identifier: Apache-2.0
import TestSupport
import Testing

@testable import AWS

@Suite("Dry runs that moto does not play")
struct DryRunTests {
    private func answer(_ status: String, _ body: String) -> (RawServer, EC2Reader) {
        let server = RawServer.answering(status: status, body: body)
        return (server, EC2Reader(client: ServiceClients.client(region: "eu-west-1", endpoint: server.url(""))))
    }

    private func refusal(_ code: String) -> String {
        "<Response><Errors><Error><Code>\(code)</Code><Message>no</Message></Error></Errors></Response>"
    }

    @Test("the request is the acting one, with DryRun")
    func request() async throws {
        let (server, reader) = answer("412 Precondition Failed", refusal("DryRunOperation"))
        defer { server.stop() }
        #expect(try await reader.canStop(["i-1", "i-2"], force: true).isAllowed)
        let request = try #require(server.requests.first)
        for part in ["Action=StopInstances", "InstanceId.2=i-2", "Force=true", "Hibernate=false", "DryRun=true"] {
            #expect(request.contains(part))
        }
    }

    @Test("who may not is denied, and what would fail says why")
    func refused() async throws {
        for (status, code) in [
            ("403 Forbidden", "UnauthorizedOperation"), ("400 Bad Request", "OperationNotPermitted"),
        ] {
            let (server, reader) = answer(status, refusal(code))
            defer { server.stop() }
            let permission = try await reader.canTerminate(["i-1"])
            #expect(!permission.isAllowed)
            switch permission {
            case .denied(let error): #expect(error.awsCode == "UnauthorizedOperation")
            case .wouldFail(let error): #expect(error.awsCode == "OperationNotPermitted")
            case .allowed: Issue.record("allowed")
            }
        }
    }

    @Test("no answer to the question is no permission")
    func noAnswer() async throws {
        let (server, reader) = answer("503 Service Unavailable", refusal("RequestLimitExceeded"))
        defer { server.stop() }
        let error = try await #require(throws: AWSError.self) { try await reader.canReboot(["i-1"]) }
        #expect(error.code == .throttled)
    }

    @Test("an endpoint that does what it was only asked about is found out")
    func ignored() async throws {
        let (server, reader) = answer("200 OK", "<TerminateInstancesResponse/>")
        defer { server.stop() }
        let error = try await #require(throws: AWSError.self) { try await reader.canTerminate(["i-1"]) }
        #expect(error.code == .malformedReply)
        #expect(error.mayHaveActed)
    }

    @Test("an instance that is left out of the answer is not found")
    func leftOut() async throws {
        let body = """
            <DescribeInstancesResponse><reservationSet><item><instancesSet><item><instanceId>i-1</instanceId>
            <instanceState><name>running</name></instanceState></item></instancesSet></item></reservationSet>
            </DescribeInstancesResponse>
            """
        let (server, reader) = answer("200 OK", body)
        defer { server.stop() }
        #expect(try await reader.describeInstances(ids: ["i-1"]).count == 1)
        #expect(try await reader.describeInstances(ids: ["i-1", "i-2"], filters: [.state(.running)]).count == 1)
        let error = try await #require(throws: AWSError.self) {
            try await reader.describeInstances(ids: ["i-1", "i-2"])
        }
        #expect(error.code == .notFound)
        #expect(error.message.contains("i-2"))
    }
}

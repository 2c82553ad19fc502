// SPDX-License-Identifier: Apache-2.0
import TestSupport
import Testing

@testable import AWS

@Suite("What is repeated when the answer is lost")
struct RepetitionTests {
    /// A call, and whether it may be sent again after it may have arrived.
    struct Case: Sendable, CustomTestStringConvertible {
        var name: String
        var isRepeated: Bool
        var call: @Sendable (AWSClient) async throws -> Void
        var testDescription: String { name }
    }

    private static let topic = "arn:aws:sns:eu-west-1:123456789012:t"

    private static let cases: [Case] = [
        Case(name: "DescribeInstances", isRepeated: true) {
            _ = try await EC2Reader(client: $0).describeEveryInstance()
        },
        Case(name: "TerminateInstances", isRepeated: true) { _ = try await EC2Actor(client: $0).terminate(["i-1"]) },
        Case(name: "StopInstances", isRepeated: true) {
            _ = try await EC2Actor(client: $0).stop(["i-1"], force: false)
        },
        Case(name: "StartInstances", isRepeated: true) { _ = try await EC2Actor(client: $0).start(["i-1"]) },
        Case(name: "RebootInstances", isRepeated: false) { try await EC2Actor(client: $0).reboot(["i-1"]) },
        Case(name: "RebootInstances, dry", isRepeated: true) { _ = try await EC2Reader(client: $0).canReboot(["i-1"]) },
        Case(name: "CreateTags", isRepeated: true) {
            try await EC2Actor(client: $0).createTags([AWSTag(key: "a", value: "b")], on: ["i-1"])
        },
        Case(name: "TerminateInstanceInAutoScalingGroup", isRepeated: false) {
            _ = try await AutoScalingActor(client: $0).terminateInstance("i-1", decrementDesiredCapacity: true)
        },
        Case(name: "DetachInstances", isRepeated: false) {
            _ = try await AutoScalingActor(client: $0).detachInstances(
                ["i-1"], from: "web", decrementDesiredCapacity: false)
        },
        Case(name: "SuspendProcesses", isRepeated: true) {
            try await AutoScalingActor(client: $0).suspendProcesses([.launch], of: "web")
        },
        Case(name: "ResumeProcesses", isRepeated: true) {
            try await AutoScalingActor(client: $0).resumeProcesses([.launch], of: "web")
        },
        Case(name: "SetInstanceHealth", isRepeated: true) {
            try await AutoScalingActor(client: $0).setHealth(.unhealthy, of: "i-1", respectGracePeriod: false)
        },
        Case(name: "RegisterTargets", isRepeated: true) {
            try await ELBActor(client: $0).registerTargets([LoadBalancerTarget(id: "i-1")], in: "arn")
        },
        Case(name: "DeregisterTargets", isRepeated: true) {
            try await ELBActor(client: $0).deregisterTargets([LoadBalancerTarget(id: "i-1")], from: "arn")
        },
        Case(name: "Publish", isRepeated: false) {
            _ = try await SNSPublisher(client: $0).publish(SNSMessage(body: "x"), to: TopicARN(topic))
        },
        Case(name: "Publish, FIFO with content ids", isRepeated: false) {
            let message = SNSMessage(body: "x", groupID: "g")
            _ = try await SNSPublisher(client: $0).publish(message, to: TopicARN("\(topic).fifo"))
        },
        Case(name: "Publish, FIFO with an id", isRepeated: true) {
            let message = SNSMessage(body: "x", groupID: "g", deduplicationID: "1")
            _ = try await SNSPublisher(client: $0).publish(message, to: TopicARN("\(topic).fifo"))
        },
        Case(name: "Invoke", isRepeated: false) {
            _ = try await LambdaInvoker(client: $0).invoke("f", payload: [])
        },
        Case(name: "Invoke, event", isRepeated: false) {
            _ = try await LambdaInvoker(client: $0).invokeLater("f", payload: [])
        },
        Case(name: "PutMetricData", isRepeated: false) {
            let datum = MetricDatum(name: "a", value: 1, unit: "Count")
            try await CloudWatchActor(client: $0).putMetricData([datum], namespace: "Rebound")
        },
    ]

    @Test(
        "only calls that name what they do are sent again, and the error says that they may have acted",
        arguments: cases)
    func lostAnswer(_ item: Case) async throws {
        let server = RawServer { connection in
            _ = connection.readRequest()
            connection.reset()
        }
        defer { server.stop() }
        let client = ServiceClients.client(
            region: "eu-west-1", endpoint: server.url(""),
            retry: RetryPolicy(maxAttempts: 3, baseDelay: .milliseconds(1), maxDelay: .milliseconds(1)))
        let error = try await #require(throws: AWSError.self) { try await item.call(client) }
        #expect(server.requests.count == (item.isRepeated ? 3 : 1))
        #expect(error.code == .network)
        let isReading = item.name.hasPrefix("Describe") || item.name.hasSuffix("dry")
        #expect(error.mayHaveActed == !isReading)
    }
}

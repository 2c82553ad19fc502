// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials
import Testing

@testable import AWS

@Suite("SNS against moto")
struct SNSMotoTests {
    private static let sqs = AWSService(
        signingName: "sqs", endpointPrefix: "sqs", apiVersion: "2012-11-05",
        wire: .json(version: "1.0", targetPrefix: "AmazonSQS"), endpointVariable: "SQS")

    private struct Received: Decodable {
        struct Message: Decodable { var body: String }
        var messages: [Message]?
    }

    private struct Envelope: Decodable {
        struct Attribute: Decodable, Equatable { var type: String, value: String }
        var messageId: String, message: String
        var subject: String?
        var messageAttributes: [String: Attribute]?
    }

    private struct Key: CodingKey {
        var stringValue: String
        var intValue: Int? { nil }
        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    /// AWS writes names with a capital letter.
    private func decode<Value: Decodable>(_ text: String) throws -> Value {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .custom { keys in
            let name = keys.last?.stringValue ?? ""
            return Key(stringValue: name.prefix(1).lowercased() + name.dropFirst())
        }
        return try decoder.decode(Value.self, from: Data(text.utf8))
    }

    /// A topic with a queue that gets what is published.
    private func topic(_ region: String, _ name: String) async throws -> (AWSClient, TopicARN, queue: String) {
        let client = ServiceClients.client(region: region)
        let isFIFO = name.hasSuffix(".fifo")
        let fifoTopic: KeyValuePairs = [
            "Name": name, "Attributes.entry.1.key": "FifoTopic", "Attributes.entry.1.value": "true",
        ]
        let topic = try await client.set(.sns, "CreateTopic", isFIFO ? fifoTopic : ["Name": name]).element("TopicArn")
        let attributes = isFIFO ? ",\"Attributes\":{\"FifoQueue\":\"true\"}" : ""
        let made = try await client.set(Self.sqs, "CreateQueue", json: "{\"QueueName\":\"\(name)\"\(attributes)}")
        let answer: [String: String] = try decode(made)
        let queue = answer["queueUrl"] ?? answer["QueueUrl"] ?? ""
        try await client.set(
            .sns, "Subscribe",
            ["TopicArn": topic, "Protocol": "sqs", "Endpoint": "arn:aws:sqs:\(region):123456789012:\(name)"])
        return (client, TopicARN(topic), queue)
    }

    private func receive(_ client: AWSClient, _ queue: String) async throws -> [Envelope] {
        let json = "{\"QueueUrl\":\"\(queue)\",\"MaxNumberOfMessages\":10}"
        let text = try await client.set(Self.sqs, "ReceiveMessage", json: json)
        let received: Received = try decode(text)
        return try (received.messages ?? []).map { try decode($0.body) }
    }

    @Test("a message arrives as it was, with its subject and every kind of attribute")
    func attributes() async throws {
        let (client, topic, queue) = try await topic("eu-west-1", "events")
        let body = "{\"recovery\": 1.5, \"text\": \"Zürich & 東京 🦊 + % = \\n\"}"
        let message = SNSMessage(
            body: body, subject: "Run über, verdict: pass",
            attributes: [
                "event": .string("verdict & more"), "seconds": .number("1.500"), "raw": .binary([0, 255, 10, 43]),
                "tags": .stringArray(["a\"b", "c\\d", "ü\n"]),
            ])
        let receipt = try await SNSPublisher(client: client).publish(message, to: topic)
        #expect(receipt.sequenceNumber == nil)
        let arrived = try await receive(client, queue)
        #expect(arrived.map(\.messageId) == [receipt.messageID])
        #expect(arrived.first?.message == body)
        #expect(arrived.first?.subject == "Run über, verdict: pass")
        let attributes = try #require(arrived.first?.messageAttributes)
        #expect(attributes["event"] == .init(type: "String", value: "verdict & more"))
        #expect(attributes["seconds"].map { Double($0.value) } == 1.5)
        #expect(attributes["raw"] == .init(type: "Binary", value: "AP8KKw=="))
        let tags = try #require(attributes["tags"])
        #expect(tags.type == "String.Array")
        #expect(try JSONDecoder().decode([String].self, from: Data(tags.value.utf8)) == ["a\"b", "c\\d", "ü\n"])
    }

    @Test("a FIFO topic drops a message that comes again")
    func duplicates() async throws {
        let (client, topic, queue) = try await topic("eu-west-2", "events.fifo")
        let publisher = SNSPublisher(client: client)
        func message(_ id: String) -> SNSMessage {
            SNSMessage(body: "event \(id)", groupID: "run-1", deduplicationID: id)
        }
        for id in ["1", "2", "1"] { #expect(try await !publisher.publish(message(id), to: topic).messageID.isEmpty) }
        var arrived: [String] = []
        while case let more = try await receive(client, queue), !more.isEmpty { arrived += more.map(\.message) }
        #expect(arrived.sorted() == ["event 1", "event 2"])
    }

    @Test("a message of exactly the greatest size is taken")
    func greatestSize() async throws {
        let (client, topic, queue) = try await topic("eu-west-3", "large")
        let attributes = ["event": SNSAttribute.string("x")]
        let rest = SNSMessage(body: "", attributes: attributes).size
        let message = SNSMessage(
            body: String(repeating: "x", count: SNSMessage.mostBytes - rest), attributes: attributes)
        #expect(message.size == SNSMessage.mostBytes)
        _ = try await SNSPublisher(client: client).publish(message, to: topic)
        #expect(try await receive(client, queue).first?.message == message.body)
    }

    @Test("a topic that does not exist is not found")
    func unknownTopic() async throws {
        let publisher = SNSPublisher(client: ServiceClients.client(region: "eu-north-1"))
        let error = try await #require(throws: AWSError.self) {
            try await publisher.publish(SNSMessage(body: "x"), to: "arn:aws:sns:eu-north-1:123456789012:nowhere")
        }
        #expect(error.code == .notFound)
        #expect(!error.mayHaveActed)
    }

    private static let standard: TopicARN = "arn:aws:sns:eu-west-1:123456789012:t"
    private static let fifo: TopicARN = "arn:aws:sns:eu-west-1:123456789012:t.fifo"

    @Test(
        "what SNS would refuse is refused before it is sent",
        arguments: [
            (SNSMessage(body: ""), standard, "empty"),
            (SNSMessage(body: String(repeating: "ü", count: 131_073)), standard, "262146 bytes"),
            (
                SNSMessage(body: String(repeating: "x", count: 262_140), attributes: ["ab": .string("c")]), standard,
                "262149"
            ),
            (SNSMessage(body: "x", subject: "a\nb"), standard, "subject"),
            (SNSMessage(body: "x", subject: ""), standard, "subject"),
            (SNSMessage(body: "x", subject: String(repeating: "x", count: 100)), standard, "subject"),
            (SNSMessage(body: "x", attributes: ["a b": .string("c")]), standard, "attribute name \"a b\""),
            (SNSMessage(body: "x", attributes: ["aws.x": .string("c")]), standard, "attribute name"),
            (SNSMessage(body: "x", attributes: ["a..b": .string("c")]), standard, "attribute name"),
            (SNSMessage(body: "x", attributes: ["a": .string("")]), standard, "attribute a is empty"),
            (SNSMessage(body: "x", attributes: ["a": .number("1e")]), standard, "no number"),
            (SNSMessage(body: "x"), fifo, "needs a message group"),
            (SNSMessage(body: "x", deduplicationID: "1"), standard, "not FIFO"),
        ])
    func refused(message: SNSMessage, topic: TopicARN, problem: String) async throws {
        let publisher = SNSPublisher(client: ServiceClients.client(region: "eu-west-1", endpoint: "http://127.0.0.1:1"))
        let error = try await #require(throws: AWSError.self) { try await publisher.publish(message, to: topic) }
        #expect(error.code == .invalidRequest)
        #expect(error.message.contains(problem), "\(error.message)")
        #expect(!error.hint.isEmpty && !error.mayHaveActed)
    }
}

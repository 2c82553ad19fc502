// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials

/// What SNS calls a message it has taken.
package struct SNSReceipt: Sendable, Hashable, Codable {
    package var messageID: String
    /// FIFO topics only: grows with each message of the topic. A dropped duplicate gets the first one's.
    package var sequenceNumber: String?

    /// Of these facts, as AWS would tell them.
    package init(messageID: String, sequenceNumber: String? = nil) {
        self.messageID = messageID
        self.sequenceNumber = sequenceNumber
    }
}

/// Publishes to SNS topics.
package struct SNSPublisher: Sendable {
    let client: AWSClient

    /// Publishes with this client's account and region; the topic must be in that region.
    package init(client: AWSClient) { self.client = client }

    /// Gives `message` to the topic's subscribers. What SNS would refuse is `.invalidRequest` before anything is sent.
    ///
    /// To a FIFO topic with a deduplication id the call may be repeated. Otherwise it is not repeated after it may
    /// have arrived (`mayHaveActed`): who wants it delivered at least once publishes again with the same id inside.
    package func publish(_ message: SNSMessage, to topic: TopicARN) async throws(AWSError) -> SNSReceipt {
        if let (problem, hint) = message.problem(for: topic) { throw .invalid(.sns, "Publish", problem, hint: hint) }
        var form = QueryForm()
        form.add("TopicArn", topic.rawValue)
        form.add("Message", message.body)
        form.add("Subject", message.subject)
        form.add("MessageGroupId", message.groupID)
        form.add("MessageDeduplicationId", message.deduplicationID)
        for (index, attribute) in message.attributes.sorted(by: { $0.key < $1.key }).enumerated() {
            form.add(attribute.value, named: attribute.key, at: "MessageAttributes.entry.\(index + 1)")
        }
        let isRepeatable = topic.isFIFO && message.deduplicationID != nil
        let call = AWSCall.act(.sns, "Publish", form, isRepeatable ? .idempotent : .actsOnce)
        return try await client.call(call).value(of: call, root: "PublishResponse", at: ["PublishResult"])
    }
}

extension SNSReceipt: XMLDecodable {
    init(xml: XMLElement) throws(XMLFault) {
        messageID = try xml.required("MessageId")
        sequenceNumber = xml.text("SequenceNumber")
    }
}

extension QueryForm {
    fileprivate mutating func add(_ attribute: SNSAttribute, named name: String, at prefix: String) {
        add("\(prefix).Name", name)
        add("\(prefix).Value.DataType", attribute.dataType)
        add("\(prefix).Value.StringValue", attribute.text)
        if case .binary(let bytes) = attribute {
            add("\(prefix).Value.BinaryValue", Data(bytes).base64EncodedString())
        }
    }
}

extension SNSMessage {
    /// Why SNS would refuse it, and what to do.
    fileprivate func problem(for topic: TopicARN) -> (problem: String, hint: String)? {
        if body.isEmpty { return ("the message is empty", "Give the message a text.") }
        if size > Self.mostBytes {
            return (
                "the message has \(size) bytes with its attributes, SNS takes \(Self.mostBytes)",
                "Make it shorter, or send where the rest is to be found."
            )
        }
        return subjectProblem ?? orderingProblem(for: topic) ?? attributeProblem
    }

    private var subjectProblem: (String, String)? {
        guard let subject else { return nil }
        let isPlain = subject.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7F }
        if isPlain, (1..<100).contains(subject.count) { return nil }
        return (
            "the subject \(subject.prefix(120).debugDescription) is not 1 to 99 characters on one line",
            "Shorten the subject and keep line breaks out of it."
        )
    }

    private func orderingProblem(for topic: TopicARN) -> (String, String)? {
        if topic.isFIFO, groupID?.isEmpty ?? true {
            return ("the FIFO topic \(topic) needs a message group", "Give the message a group id.")
        }
        if !topic.isFIFO, deduplicationID != nil {
            return ("the topic \(topic) is not FIFO and drops no duplicates", "Leave the deduplication id out.")
        }
        return nil
    }

    private var attributeProblem: (String, String)? {
        for (name, value) in attributes.sorted(by: { $0.key < $1.key }) {
            guard Self.isAttributeName(name) else {
                return (
                    "the attribute name \(name.prefix(80).debugDescription) is not SNS's kind of name",
                    "Use 1 to 256 letters, digits, '_', '-' and single '.' inside, not beginning with AWS or Amazon."
                )
            }
            if value.size == 0 { return ("the attribute \(name) is empty", "Give it a value or leave it out.") }
            if case .number(let text) = value, Double(text)?.isFinite != true {
                return ("the attribute \(name) is no number: \(text.debugDescription)", "Give a number, or a string.")
            }
        }
        return nil
    }

    private static func isAttributeName(_ name: String) -> Bool {
        let isSpelledRight = name.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
            case UInt8(ascii: "0")...UInt8(ascii: "9"): true
            default: byte == UInt8(ascii: "_") || byte == UInt8(ascii: "-") || byte == UInt8(ascii: ".")
            }
        }
        let lower = name.lowercased()
        return isSpelledRight && (1...256).contains(name.utf8.count) && !name.hasPrefix(".") && !name.hasSuffix(".")
            && !name.contains("..") && !lower.hasPrefix("aws.") && !lower.hasPrefix("amazon.")
    }
}

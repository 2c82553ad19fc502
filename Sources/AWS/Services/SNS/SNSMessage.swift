// SPDX-License-Identifier: Apache-2.0

/// A value that subscribers can filter by
/// (https://docs.aws.amazon.com/sns/latest/dg/sns-message-attributes.html).
package enum SNSAttribute: Sendable, Hashable {
    case string(String)
    /// A whole or broken number, kept as text so that its digits arrive as they were.
    case number(String)
    case binary([UInt8])
    /// Several texts: a filter holds if one of them matches.
    case stringArray([String])

    /// SNS's word for the type.
    package var dataType: String {
        switch self {
        case .string: "String"
        case .number: "Number"
        case .binary: "Binary"
        case .stringArray: "String.Array"
        }
    }
}

/// A message as it goes to a topic.
package struct SNSMessage: Sendable, Hashable {
    /// What SNS takes: body and attributes together, in bytes.
    package static let mostBytes = 262_144

    package var body: String
    /// For e-mail subscribers: fewer than 100 characters, no line breaks or control characters.
    package var subject: String?
    package var attributes: [String: SNSAttribute]
    /// FIFO topics only: messages of one group arrive in order.
    package var groupID: String?
    /// FIFO topics only: a second message with this id within five minutes is dropped.
    package var deduplicationID: String?

    /// A message of these.
    package init(
        body: String, subject: String? = nil, attributes: [String: SNSAttribute] = [:], groupID: String? = nil,
        deduplicationID: String? = nil
    ) {
        self.body = body
        self.subject = subject
        self.attributes = attributes
        self.groupID = groupID
        self.deduplicationID = deduplicationID
    }

    /// What SNS counts: the body, and the names, types and values of the attributes.
    package var size: Int {
        attributes.reduce(body.utf8.count) { sum, attribute in
            sum + attribute.key.utf8.count + attribute.value.dataType.utf8.count + attribute.value.size
        }
    }
}

extension SNSAttribute {
    /// Bytes of the value as SNS counts it: before base64.
    var size: Int {
        switch self {
        case .string(let text), .number(let text): text.utf8.count
        case .binary(let bytes): bytes.count
        case .stringArray(let texts): Self.json(texts).utf8.count
        }
    }

    /// The value as text, or nil for bytes.
    var text: String? {
        switch self {
        case .string(let text), .number(let text): text
        case .stringArray(let texts): Self.json(texts)
        case .binary: nil
        }
    }

    /// A JSON array of strings: SNS takes `String.Array` in no other form (RFC 8259, section 7).
    private static func json(_ texts: [String]) -> String {
        "[" + texts.map { "\"" + $0.unicodeScalars.reduce(into: "", escape) + "\"" }.joined(separator: ",") + "]"
    }

    private static func escape(_ result: inout String, _ scalar: Unicode.Scalar) {
        switch scalar {
        case "\"", "\\": result += "\\\(scalar)"
        case "\u{0}"..<" ":
            let code = String(scalar.value, radix: 16)
            result += "\\u" + String(repeating: "0", count: 4 - code.count) + code
        default: result.unicodeScalars.append(scalar)
        }
    }
}

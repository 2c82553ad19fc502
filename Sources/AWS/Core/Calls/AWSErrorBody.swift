// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials
package import HTTPTransport

/// Reads what AWS says went wrong, from any of its shapes: EC2's and the Query services' XML, REST XML, JSON with its
/// headers, OAuth's. A body that is none of these (a proxy's page) gives nil fields, never an error.
package enum AWSErrorBody {
    /// An error is short. Of anything longer only this much is looked at.
    static let largest = 64 * 1_024

    /// The code without prefix or suffix (`ns#Code:url` is `Code`); the message; the request id of body or headers.
    package static func parse(
        body: [UInt8], contentType: String?, headers: [HTTPHeader]
    ) -> (code: String?, message: String?, requestID: String?) {
        let body = body.count > largest ? Array(body[..<largest]) : body
        var fields = ErrorFields()
        switch body.first(where: { !isSpace($0) }) {
        case UInt8(ascii: "<"): fields = ErrorFields(xml: body)
        case UInt8(ascii: "{"): fields = ErrorFields(json: body)
        default: break
        }
        // The header of a service that moved from Query to JSON keeps the old code, which is the one documented.
        let queryCode = value("x-amzn-query-error", headers)?.split(separator: ";").first.map(String.init)
        let code = queryCode ?? value("x-amzn-errortype", headers) ?? fields.code
        return (code.map(bare), fields.message, fields.requestID ?? requestID(headers))
    }

    /// The id AWS support asks for, whatever the service calls its header.
    package static func requestID(_ headers: [HTTPHeader]) -> String? {
        value("x-amzn-requestid", headers) ?? value("x-amz-request-id", headers)
    }

    private static func bare(_ code: String) -> String {
        let withoutPrefix = code.split(separator: "#").last ?? ""
        return String(withoutPrefix.split(separator: ":").first ?? "")
    }

    private static func value(_ name: String, _ headers: [HTTPHeader]) -> String? {
        headers.first { $0.name.lowercased() == name }.flatMap { $0.value.isEmpty ? nil : $0.value }
    }

    private static func isSpace(_ byte: UInt8) -> Bool {
        byte == 0x20 || (0x09...0x0D).contains(byte) || byte == 0xEF || byte == 0xBB || byte == 0xBF
    }
}

/// What was found in a body.
struct ErrorFields: Equatable {
    var code: String?
    var message: String?
    var requestID: String?

    init() {}

    /// Bodies cut short and pages of HTML give what they hold, usually nothing.
    init(xml: [UInt8]) {
        guard let document = XMLReader.salvage(xml) else { return }
        code = document.firstText("Code", in: "Error")
        message = document.firstText("Message", in: "Error") ?? document.firstText("message", in: "Error")
        requestID =
            document.firstText("RequestId") ?? document.firstText("RequestID") ?? document.firstText("requestId")
    }

    /// Lost on purpose when it does not parse: the HTTP status still tells enough.
    init(json: [UInt8]) {
        guard let shape = try? JSONDecoder().decode(JSONShape.self, from: Data(json)) else { return }
        code = shape.code
        message = shape.message
    }
}

/// Takes the first of each field's spellings that is a string.
private struct JSONShape: Decodable {
    var code: String?
    var message: String?

    private struct Name: CodingKey {
        var stringValue: String
        var intValue: Int? { nil }
        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: Name.self)
        // A field of another type is passed over: this is reading what a stranger wrote.
        func first(_ names: [String]) -> String? {
            names.lazy.compactMap { try? fields.decode(String.self, forKey: Name(stringValue: $0)) }.first
        }
        code = first(["__type", "code", "Code", "error"])
        message = first(["message", "Message", "errorMessage", "error_description"])
    }
}

// SPDX-License-Identifier: Apache-2.0
import CExpat

/// Picks an error's code, message and request id out of XML with Expat, whatever stands around them.
///
/// A class, because Expat hands a pointer to it back to C callbacks; it lives for one `read`, on one thread.
final class ErrorXMLReader {
    private var fields = ErrorFields()
    private var text: [UInt8] = []
    private var isInError = false

    /// What was read before the first mistake in the XML; nothing of a page of HTML.
    static func read(_ body: [UInt8]) -> ErrorFields {
        guard let parser = XML_ParserCreate(nil) else { return ErrorFields() }
        defer { XML_ParserFree(parser) }
        let reader = ErrorXMLReader()
        XML_SetUserData(parser, Unmanaged.passUnretained(reader).toOpaque())
        XML_SetElementHandler(
            parser,
            { context, name, _ in ErrorXMLReader.from(context)?.begin(name.map { String(cString: $0) } ?? "") },
            { context, name in ErrorXMLReader.from(context)?.end(name.map { String(cString: $0) } ?? "") })
        XML_SetCharacterDataHandler(parser) { context, bytes, count in
            guard let bytes else { return }
            let part = UnsafeBufferPointer(start: bytes, count: Int(count))
            ErrorXMLReader.from(context)?.text += part.map { UInt8(bitPattern: $0) }
        }
        // No AWS answer declares entities; refusing the declaration keeps out every trick with them.
        XML_SetEntityDeclHandler(parser) { context, _, _, _, _, _, _, _, _ in
            ErrorXMLReader.from(context)?.fields = ErrorFields()
        }
        // A mistake is not looked at: what came before it is the answer, and the caller has the HTTP status.
        _ = body.withUnsafeBytes {
            XML_Parse(parser, $0.baseAddress?.assumingMemoryBound(to: CChar.self), Int32($0.count), 1)
        }
        return withExtendedLifetime(reader) { reader.fields }
    }

    private static func from(_ context: UnsafeMutableRawPointer?) -> ErrorXMLReader? {
        context.map { Unmanaged<ErrorXMLReader>.fromOpaque($0).takeUnretainedValue() }
    }

    private func begin(_ name: String) {
        text = []
        if name == "Error" { isInError = true }
    }

    private func end(_ name: String) {
        let value = String(decoding: text, as: UTF8.self)
        text = []
        guard !value.isEmpty else { return }
        switch name {
        case "Code" where isInError: fields.code = fields.code ?? value
        case "Message" where isInError, "message" where isInError: fields.message = fields.message ?? value
        case "RequestId", "RequestID", "requestId": fields.requestID = fields.requestID ?? value
        default: break
        }
    }
}

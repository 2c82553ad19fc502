// SPDX-License-Identifier: Apache-2.0
import CExpat

/// An element that holds text and no elements.
struct XMLLeaf: Equatable {
    var parent: String
    var name: String
    var text: String
}

/// Lists the leaves of a small XML document with Expat: enough for errors and for the answers of the token services,
/// whose field names occur once.
///
/// A class, because Expat hands a pointer to it back to C callbacks; it lives for one `read`, on one thread.
final class LeafXMLReader {
    private(set) var leaves: [XMLLeaf] = []
    private(set) var isWellFormed = false
    private var path: [String] = []
    private var text: [UInt8] = []
    private var isLeaf = false
    /// Valid while `read` runs.
    private var parser: XML_Parser?

    /// What was read before the first mistake in the XML; `isWellFormed` tells whether there was one.
    static func read(_ body: [UInt8]) -> LeafXMLReader {
        let reader = LeafXMLReader()
        guard let parser = XML_ParserCreate(nil) else { return reader }
        defer { XML_ParserFree(parser) }
        XML_SetUserData(parser, Unmanaged.passUnretained(reader).toOpaque())
        XML_SetElementHandler(
            parser,
            { context, name, _ in LeafXMLReader.from(context)?.begin(name.map { String(cString: $0) } ?? "") },
            { context, _ in LeafXMLReader.from(context)?.end() })
        XML_SetCharacterDataHandler(parser) { context, bytes, count in
            guard let bytes else { return }
            let part = UnsafeBufferPointer(start: bytes, count: Int(count))
            LeafXMLReader.from(context)?.text += part.map { UInt8(bitPattern: $0) }
        }
        // No AWS answer declares entities; who does means to expand them.
        XML_SetEntityDeclHandler(parser) { context, _, _, _, _, _, _, _, _ in LeafXMLReader.from(context)?.stop() }
        reader.parser = parser
        defer { reader.parser = nil }
        let status = body.withUnsafeBytes {
            XML_Parse(parser, $0.baseAddress?.assumingMemoryBound(to: CChar.self), Int32($0.count), 1)
        }
        reader.isWellFormed = status == XML_STATUS_OK
        return withExtendedLifetime(reader) { reader }
    }

    /// The text of the first leaf of that name; with a parent, only of one directly inside it.
    func first(_ name: String, in parent: String? = nil) -> String? {
        leaves.first { $0.name == name && (parent == nil || $0.parent == parent) && !$0.text.isEmpty }?.text
    }

    private static func from(_ context: UnsafeMutableRawPointer?) -> LeafXMLReader? {
        context.map { Unmanaged<LeafXMLReader>.fromOpaque($0).takeUnretainedValue() }
    }

    private func stop() {
        if let parser { _ = XML_StopParser(parser, XML_Bool(XML_FALSE)) }
    }

    private func begin(_ name: String) {
        path.append(name)
        text = []
        isLeaf = true
    }

    private func end() {
        let name = path.popLast() ?? ""
        if isLeaf {
            leaves.append(XMLLeaf(parent: path.last ?? "", name: name, text: String(decoding: text, as: UTF8.self)))
        }
        isLeaf = false
    }
}

// SPDX-License-Identifier: Apache-2.0
internal import CExpat
import Glibc

/// Where the repeated items of a reply stand, and what in them is not wanted.
struct XMLItems {
    /// From below the root down to an item, `["reservationSet", "item", "instancesSet", "item"]`.
    var path: [StaticString]
    /// Elements of these names are skipped with everything inside them, wherever they stand.
    var ignoring: [StaticString] = []
}

/// How much of a reply is believed. A reply past a limit is a fault; AWS's own stay far below.
struct XMLLimits {
    var bytes = 64 << 20
    var depth = 64
    /// Elements held at one time: those of one item and those outside all items.
    var elements = 1 << 20
}

/// Reads one reply with Expat, in one pass: each item is handed over as soon as it is complete and then forgotten;
/// what stands outside the items is left at the end. A document type, and with it every entity beside XML's own five,
/// is refused. Character data must be UTF-8.
///
/// A class, because Expat hands its callbacks one pointer to it; it lives for one reply and on one thread.
final class XMLReader {
    fileprivate(set) var tree = XMLTree()
    /// Nil: any.
    private let root: StaticString?
    private let path: [StaticString]
    private let ignoring: [StaticString]
    private let limits: XMLLimits
    private let receive: (XMLElement) throws(XMLFault) -> Void
    /// The innermost element whose end was not read yet; -1 outside the root.
    private(set) var open: Int32 = -1
    private var depth = 0
    private var matched = 0
    private var skipping = 0
    private var mark = (nodes: 0, bytes: 0)
    private var fault: XMLFault?
    private var expat: XML_Parser?

    private init(
        root: StaticString?, items: XMLItems?, limits: XMLLimits,
        receive: @escaping (XMLElement) throws(XMLFault) -> Void
    ) {
        self.root = root
        self.path = if let root, let items { [root] + items.path } else { [] }
        self.ignoring = items?.ignoring ?? []
        self.limits = limits
        self.receive = receive
    }

    /// Reads `body`, whose outermost element must be `root`, gives each item to `receive`, and returns the root with
    /// what stands outside the items. Throws at the first thing that is not as it should be, also what `receive`
    /// throws.
    static func read(
        _ body: [UInt8], root: StaticString, items: XMLItems? = nil, limits: XMLLimits = XMLLimits(),
        receive: @escaping (XMLElement) throws(XMLFault) -> Void = { (_) throws(XMLFault) in }
    ) throws(XMLFault) -> XMLElement {
        let reader = XMLReader(root: root, items: items, limits: limits, receive: receive)
        try reader.parse(body)
        return XMLElement(reader: reader, index: 0)
    }

    /// Reads what there is of a document with any root, up to the first thing that is not as it should be: for errors,
    /// which may be cut short or a proxy's page. Nil where not even a root began.
    static func salvage(_ body: [UInt8], limits: XMLLimits = XMLLimits()) -> XMLElement? {
        let reader = XMLReader(root: nil, items: nil, limits: limits) { (_) throws(XMLFault) in }
        // Lost on purpose: whatever was wrong with it, what stood before is what is wanted.
        try? reader.parse(body)
        return reader.tree.nodes.isEmpty ? nil : XMLElement(reader: reader, index: 0)
    }

    private var rootName: String { root.map { "\($0)" } ?? "the reply" }

    private func parse(_ body: [UInt8]) throws(XMLFault) {
        guard body.count <= limits.bytes else {
            throw XMLFault(path: rootName, problem: "is longer than \(limits.bytes) bytes")
        }
        guard let parser = ExpatParser(reader: self) else {
            throw XMLFault(path: rootName, problem: "cannot be read: out of memory")
        }
        expat = parser.raw
        defer { expat = nil }
        let complete = parser.feed(body)
        if let fault { throw fault }
        guard complete else {
            let place = open >= 0 ? tree.path(of: open) : rootName
            throw XMLFault(path: place, problem: "is not well-formed XML: \(parser.problem)")
        }
    }

    private func stop(_ fault: XMLFault) {
        self.fault = self.fault ?? fault
        if let expat { _ = XML_StopParser(expat, XML_Bool(XML_FALSE)) }
    }
}

// What Expat calls, in document order. Names and texts are valid only during the call.
extension XMLReader {
    fileprivate func start(_ name: UnsafeBufferPointer<UInt8>) {
        guard fault == nil else { return }
        depth += 1
        if skipping > 0 {
            skipping += 1
            if depth > limits.depth { stop(tooDeep) }
            return
        }
        if depth > limits.depth { return stop(tooDeep) }
        if depth == 1, let root, !root.matches(name) {
            let found = String(decoding: name.prefix(80), as: UTF8.self)
            return stop(XMLFault(path: rootName, problem: "is missing, the reply is <\(found)>"))
        }
        if depth > 1, ignoring.contains(where: { $0.matches(name) }) {
            tree.noteElement(in: open)
            skipping = 1
            return
        }
        guard tree.nodes.count < limits.elements else {
            return stop(XMLFault(path: tree.path(of: open), problem: "holds more than \(limits.elements) elements"))
        }
        openElement(name)
    }

    private func openElement(_ name: UnsafeBufferPointer<UInt8>) {
        let onPath = matched == depth - 1 && matched < path.count && path[matched].matches(name)
        let isItem = onPath && matched == path.count - 1
        if onPath { matched += 1 }
        if isItem { mark = (tree.nodes.count, tree.bytes.count) }
        open = tree.open(name: name, parent: open, linked: !isItem)
    }

    fileprivate func end() {
        guard fault == nil else { return }
        depth -= 1
        if skipping > 0 {
            skipping -= 1
            return
        }
        let closed = open
        open = tree.nodes[Int(closed)].parent
        guard matched == depth + 1 else { return }
        matched -= 1
        guard matched == path.count - 1, !path.isEmpty else { return }
        do throws(XMLFault) { try receive(XMLElement(reader: self, index: closed)) } catch { return stop(error) }
        tree.cut(nodes: mark.nodes, bytes: mark.bytes)
    }

    fileprivate func text(_ text: UnsafeBufferPointer<UInt8>) {
        guard fault == nil, skipping == 0, open >= 0 else { return }
        tree.append(text, to: open)
    }

    fileprivate func documentType() {
        stop(XMLFault(path: rootName, problem: "has a document type, which AWS never sends"))
    }

    private var tooDeep: XMLFault {
        XMLFault(path: rootName, problem: "is nested deeper than \(limits.depth) elements")
    }
}

/// Owns one Expat parser. Expat's memory is its own and is freed here.
private struct ExpatParser: ~Copyable {
    /// Expat keeps a copy of what it is fed, so it is fed in pieces.
    private static let piece = 64 << 10
    let raw: XML_Parser

    /// `reader` must outlive the parser; Expat holds it unretained.
    init?(reader: XMLReader) {
        guard let raw = XML_ParserCreate("UTF-8") else { return nil }
        self.raw = raw
        XML_SetUserData(raw, Unmanaged.passUnretained(reader).toOpaque())
        XML_SetElementHandler(
            raw,
            { context, name, _ in
                guard let name else { return }
                XMLReader.from(context)?.start(name.upToNull)
            },
            { context, _ in XMLReader.from(context)?.end() })
        XML_SetCharacterDataHandler(raw) { context, text, count in
            guard let text else { return }
            XMLReader.from(context)?.text(text.bytes(Int(count)))
        }
        XML_SetStartDoctypeDeclHandler(raw) { context, _, _, _, _ in XMLReader.from(context)?.documentType() }
    }

    deinit { XML_ParserFree(raw) }

    /// False if Expat stopped, by itself or because it was told to.
    func feed(_ body: [UInt8]) -> Bool {
        body.withUnsafeBytes { buffer in
            var offset = 0
            repeat {
                let count = min(Self.piece, buffer.count - offset)
                let isLast: Int32 = offset + count == buffer.count ? 1 : 0
                let start = buffer.baseAddress.map { ($0 + offset).assumingMemoryBound(to: CChar.self) }
                guard XML_Parse(raw, start, Int32(count), isLast) == XML_STATUS_OK else { return false }
                offset += count
            } while offset < buffer.count
            return true
        }
    }

    /// Expat's own words and the place.
    var problem: String {
        let words = XML_ErrorString(XML_GetErrorCode(raw)).map { String(cString: $0) } ?? "unknown error"
        return "\(words), line \(XML_GetCurrentLineNumber(raw)), column \(XML_GetCurrentColumnNumber(raw) + 1)"
    }
}

extension XMLReader {
    fileprivate static func from(_ context: UnsafeMutableRawPointer?) -> XMLReader? {
        context.map { Unmanaged<XMLReader>.fromOpaque($0).takeUnretainedValue() }
    }
}

extension UnsafePointer<CChar> {
    fileprivate func bytes(_ count: Int) -> UnsafeBufferPointer<UInt8> {
        let start = UnsafeRawPointer(self).assumingMemoryBound(to: UInt8.self)
        return UnsafeBufferPointer(start: start, count: count)
    }

    fileprivate var upToNull: UnsafeBufferPointer<UInt8> { bytes(strlen(self)) }
}

extension StaticString {
    fileprivate func matches(_ name: UnsafeBufferPointer<UInt8>) -> Bool {
        guard name.count == utf8CodeUnitCount, let base = name.baseAddress else { return false }
        return memcmp(base, utf8Start, name.count) == 0
    }
}

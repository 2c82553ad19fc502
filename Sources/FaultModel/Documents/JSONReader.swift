// SPDX-License-Identifier: Apache-2.0

/// Reads one or more JSON texts (RFC 8259), strictly, into trees with places; keys written twice are reported all at
/// once. Several documents stand one after the other.
package struct JSONReader {
    private struct Failure: Error {
        var problem: Problem
    }

    private let bytes: [UInt8]
    private var index = 0
    private var problems: [Problem] = []
    private var counted = 0
    private var place = ManifestPosition(line: 1, column: 1)

    private init(_ text: String) { bytes = Array(text.utf8) }

    package static func read(_ text: String) -> (documents: [ManifestNode], problems: [Problem]) {
        var reader = JSONReader(text)
        var documents: [ManifestNode] = []
        do {
            reader.skipSpace()
            while reader.index < reader.bytes.count {
                documents.append(try reader.value(depth: 1))
                reader.skipSpace()
                if documents.count > ManifestLimits.documents {
                    throw reader.failure("more than \(ManifestLimits.documents) documents")
                }
            }
        } catch let failure as Failure {
            reader.problems.append(failure.problem)
        } catch {
            reader.problems.append(Problem(path: "", message: "not JSON: \(error)"))
        }
        return (documents, reader.problems)
    }

    // MARK: Values

    private mutating func value(depth: Int) throws -> ManifestNode {
        if depth > ManifestLimits.depth { throw failure("nested deeper than \(ManifestLimits.depth) levels") }
        let start = position(at: index)
        switch peek {
        case UInt8(ascii: "{"): return ManifestNode(.mapping(try object(depth: depth)), position: start)
        case UInt8(ascii: "["): return ManifestNode(.sequence(try array(depth: depth)), position: start)
        case UInt8(ascii: "\""): return ManifestNode(.text(try string()), position: start)
        default: return ManifestNode(try literal(), position: start)
        }
    }

    private mutating func object(depth: Int) throws -> [ManifestNode.Entry] {
        var entries: [ManifestNode.Entry] = []
        var seen: Set<String> = []
        index += 1
        skipSpace()
        if take("}") { return [] }
        repeat {
            skipSpace()
            guard peek == UInt8(ascii: "\"") else { throw failure("a key in quotes was expected") }
            let start = position(at: index)
            let key = try string()
            if !seen.insert(key).inserted {
                problems.append(
                    Problem(path: "", message: "written twice in one mapping: `\(key)`", position: start))
            }
            skipSpace()
            guard take(":") else { throw failure("a colon was expected after the key `\(key)`") }
            skipSpace()
            entries.append(.init(key: key, position: start, value: try value(depth: depth + 1)))
            skipSpace()
        } while take(",")
        guard take("}") else { throw failure("a comma or } was expected") }
        return entries
    }

    private mutating func array(depth: Int) throws -> [ManifestNode] {
        var items: [ManifestNode] = []
        index += 1
        skipSpace()
        if take("]") { return [] }
        repeat {
            skipSpace()
            items.append(try value(depth: depth + 1))
            skipSpace()
        } while take(",")
        guard take("]") else { throw failure("a comma or ] was expected") }
        return items
    }

    private mutating func literal() throws -> ManifestNode.Content {
        let stops = Set(" \t\r\n,:[]{}\"".utf8)
        let word = bytes[index...].prefix { !stops.contains($0) }
        let text = String(decoding: word, as: UTF8.self)
        let content: ManifestNode.Content
        switch text {
        case "true": content = .boolean(true)
        case "false": content = .boolean(false)
        case "null": content = .null
        default:
            guard PlainScalar.isJSONNumber(text) else { throw failure("not JSON: a value was expected") }
            content = .number(text)
        }
        index = word.endIndex
        return content
    }

    // MARK: Strings

    private mutating func string() throws -> String {
        index += 1
        var text: [UInt8] = []
        while index < bytes.count {
            let byte = bytes[index]
            if byte == UInt8(ascii: "\"") {
                index += 1
                return String(decoding: text, as: UTF8.self)
            }
            if byte < 0x20 { throw failure("a line end or control character inside a text") }
            index += 1
            if byte == UInt8(ascii: "\\") { try escape(into: &text) } else { text.append(byte) }
        }
        throw failure("a text is not closed")
    }

    private mutating func escape(into text: inout [UInt8]) throws {
        guard index < bytes.count else { throw failure("a text is not closed") }
        let byte = bytes[index]
        index += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(byte)
        case UInt8(ascii: "b"): text.append(0x08)
        case UInt8(ascii: "f"): text.append(0x0C)
        case UInt8(ascii: "n"): text.append(0x0A)
        case UInt8(ascii: "r"): text.append(0x0D)
        case UInt8(ascii: "t"): text.append(0x09)
        case UInt8(ascii: "u"): text.append(contentsOf: Array(String(try unicodeScalar()).utf8))
        default: throw failure("not a JSON escape")
        }
    }

    /// RFC 8259 section 7: beyond the basic plane, two escapes make one character.
    private mutating func unicodeScalar() throws -> Unicode.Scalar {
        let first = try hexDigits()
        if let scalar = Unicode.Scalar(first) { return scalar }
        guard (0xD800..<0xDC00).contains(first), take("\\"), take("u") else { throw failure("half a surrogate pair") }
        let second = try hexDigits()
        guard (0xDC00..<0xE000).contains(second),
            let scalar = Unicode.Scalar(0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00))
        else { throw failure("half a surrogate pair") }
        return scalar
    }

    private mutating func hexDigits() throws -> UInt32 {
        let digits = bytes[index...].prefix(4)
        let isHex = digits.allSatisfy { PlainScalar.isDigit($0) || (97...102).contains($0 | 0x20) }
        guard digits.count == 4, isHex, let value = UInt32(String(decoding: digits, as: UTF8.self), radix: 16) else {
            throw failure("four hexadecimal digits were expected")
        }
        index += 4
        return value
    }

    // MARK: Places

    private var peek: UInt8? { index < bytes.count ? bytes[index] : nil }

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard peek == UInt8(ascii: character) else { return false }
        index += 1
        return true
    }

    private mutating func skipSpace() {
        while let byte = peek, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { index += 1 }
    }

    private mutating func failure(_ message: String) -> Failure {
        Failure(problem: Problem(path: "", message: message, position: position(at: index)))
    }

    /// The place of an offset. Offsets are asked for in rising order, so that the text is walked once.
    private mutating func position(at offset: Int) -> ManifestPosition {
        while counted < offset {
            let byte = bytes[counted]
            if byte == 0x0A {
                place = ManifestPosition(line: place.line + 1, column: 1)
            } else if byte & 0xC0 != 0x80 {  // The first byte of a scalar.
                place.column += 1
            }
            counted += 1
        }
        return place
    }
}

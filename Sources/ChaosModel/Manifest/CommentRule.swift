// SPDX-License-Identifier: Apache-2.0

/// Keeps comments from swallowing fields. A comment is `# text`, `## text`, `#!` and text, or a lone `#`; and it may
/// not look like a line of a manifest, which is what a lost newline or a `#` typed over a space leaves behind. A
/// deliberate one begins with `##`.
///
/// Every `#` at which a YAML reader could begin a comment, namely after a space, a bracket, a comma, a colon, a quote
/// or at the start of a line, must be a good comment, unless it lies in a text in quotes that the YAML reader found.
struct CommentRule {
    /// Keys of the schema: inside a comment they are looked for behind a bracket or comma as well.
    let knownKeys: Set<String>

    private static let space = UInt8(ascii: " ")
    private static let hash = UInt8(ascii: "#")
    private static let colon = UInt8(ascii: ":")
    private static let dash = UInt8(ascii: "-")
    private static let scalarMarks = Set("/._-=&?%+~@();".utf8)

    /// `quoted` holds, by line from 0, the bytes of texts in quotes.
    func problems(in lines: [[UInt8]], quoted: [Int: [Range<Int>]]) -> [Problem] {
        var found: [Problem] = []
        for (index, line) in lines.enumerated() where line.contains(Self.hash) {
            guard let start = commentStart(in: line, quoted: quoted[index] ?? []),
                let message = fault(of: line[start...])
            else { continue }
            let column = String(decoding: line[..<start], as: UTF8.self).unicodeScalars.count + 1
            found.append(
                Problem(
                    path: "", message: message, value: String(decoding: line[start...], as: UTF8.self),
                    position: ManifestPosition(line: index + 1, column: column),
                    hint: "write `# ` before a comment, and `##` before a line that is commented out on purpose"))
        }
        return found
    }

    /// The first `#` that a reader may take for the beginning of a comment; the rest of the line then belongs to it.
    private func commentStart(in bytes: [UInt8], quoted: [Range<Int>]) -> Int? {
        var previous = Self.space
        for (index, byte) in bytes.enumerated() {
            let isQuoted = quoted.contains { $0.contains(index) }
            if byte == Self.hash, !isQuoted, !continuesScalar(previous) { return index }
            previous = byte
        }
        return nil
    }

    private func continuesScalar(_ byte: UInt8) -> Bool {
        byte >= 0x80 || PlainScalar.isDigit(byte) || isLetter(byte) || Self.scalarMarks.contains(byte)
    }

    private func isLetter(_ byte: UInt8) -> Bool { (65...90).contains(byte & 0xDF) }

    private func fault(of comment: ArraySlice<UInt8>) -> String? {
        let body = comment.dropFirst()
        guard let first = body.first, body.contains(where: { $0 != Self.space }) else { return nil }
        if first == Self.hash || first == UInt8(ascii: "!") { return nil }
        guard first == Self.space else { return "a `#` begins a comment only when a space follows it" }
        return swallowedKey(in: body).map { "the comment hides what looks like the field `\($0)`" }
    }

    /// A key at the comment's beginning or after two spaces, or one of our own keys behind a bracket or a comma.
    private func swallowedKey(in body: ArraySlice<UInt8>) -> String? {
        var spaces = 0
        var atStart = true
        var index = body.startIndex
        while index < body.endIndex {
            if body[index] == Self.space {
                spaces += 1
                index += 1
                continue
            }
            let word = body[index...].prefix { $0 != Self.space }
            let isDash = word.count == 1 && word.first == Self.dash
            if !isDash, let key = key(in: body[index...], inKeyPosition: atStart || spaces >= 2) { return key }
            if !isDash { atStart = false }
            spaces = isDash ? spaces : 0
            index = word.endIndex
        }
        return nil
    }

    /// The key that `rest` begins with: a word or a quoted text, then a colon, then a space, a bracket or the end.
    private func key(in rest: ArraySlice<UInt8>, inKeyPosition: Bool) -> String? {
        let opened = rest.drop { $0 == UInt8(ascii: "{") || $0 == UInt8(ascii: "[") || $0 == UInt8(ascii: ",") }
        let isOpened = opened.startIndex != rest.startIndex
        guard let name = name(in: opened) else { return nil }
        let after = opened[name.endIndex...].drop { $0 == Self.space }
        guard after.first == Self.colon else { return nil }
        let next = after.dropFirst().first
        guard next == nil || next == Self.space || next == UInt8(ascii: "{") || next == UInt8(ascii: "[") else {
            return nil
        }
        let text = String(decoding: name, as: UTF8.self)
        return inKeyPosition || isOpened && knownKeys.contains(text) ? text : nil
    }

    private func name(in bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
        guard let first = bytes.first else { return nil }
        if first == UInt8(ascii: "\"") || first == UInt8(ascii: "'") {
            let inner = bytes.dropFirst().prefix { $0 != first }
            return inner.endIndex < bytes.endIndex ? bytes[bytes.startIndex...inner.endIndex] : nil
        }
        let word = bytes.prefix { $0 != Self.colon && $0 != Self.space }
        return word.isEmpty ? nil : word
    }
}

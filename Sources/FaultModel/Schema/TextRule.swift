// SPDX-License-Identifier: Apache-2.0

/// What a text must look like.
package struct TextRule: Sendable {
    /// In words, after "must be": `a region such as eu-west-1`.
    package var words: String
    /// The same as a regular expression (ECMA-262), for the JSON Schema; nil when none says it.
    package var pattern: String?
    package var maximumLength: Int
    /// Whether the text must be the name of a time zone that exists where it is checked.
    package var namesTimeZone = false
    /// True when the text, which is neither empty nor too long, is such a text.
    package var accepts: @Sendable (String) -> Bool

    package init(
        _ words: String, pattern: String? = nil, maximumLength: Int, accepts: @escaping @Sendable (String) -> Bool
    ) {
        self.words = words
        self.pattern = pattern
        self.maximumLength = maximumLength
        self.accepts = accepts
    }

    /// Whether the text is such a text.
    package func matches(_ text: String) -> Bool {
        !text.isEmpty && text.unicodeScalars.count <= maximumLength && accepts(text)
    }
}

/// Bytes that texts are checked by.
package enum TextBytes {
    package static func isLower(_ byte: UInt8) -> Bool { (97...122).contains(byte) }
    package static func isLetter(_ byte: UInt8) -> Bool { isLower(byte | 0x20) && byte < 0x80 }
    package static func isDigit(_ byte: UInt8) -> Bool { (48...57).contains(byte) }
    package static func isAlphanumeric(_ byte: UInt8) -> Bool { isLetter(byte) || isDigit(byte) }

    package static func all(_ text: some StringProtocol, _ extra: String, _ accepts: (UInt8) -> Bool) -> Bool {
        text.utf8.allSatisfy { accepts($0) || extra.utf8.contains($0) }
    }

    /// No control characters; line ends only when asked for.
    package static func isPrintable(_ text: String, lines: Bool = false) -> Bool {
        text.unicodeScalars.allSatisfy { scalar in
            switch scalar.value {
            case 0x0A, 0x09, 0x0D: lines
            case 0..<0x20, 0x7F..<0xA0, 0x2028, 0x2029, 0xFEFF: false
            default: true
            }
        }
    }

    /// EC2's filters read `*` and `?` as wildcards, and a backslash as their escape; none of them may stand in what
    /// selects.
    package static func hasWildcard(_ text: String) -> Bool { text.utf8.contains { "*?\\".utf8.contains($0) } }
}

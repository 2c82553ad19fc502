// SPDX-License-Identifier: Apache-2.0

/// The bounds on a text that is read as manifests. Beyond them it is refused unread.
package enum ManifestLimits {
    package static let bytes = 1 << 20
    package static let depth = 64
    package static let documents = 1_000
    /// Problems reported for one text; the rest are counted.
    package static let problems = 200
}

/// Checks that hold for any text, before any parser sees it.
package enum TextBounds {
    package static func problem(in text: String) -> Problem? {
        if text.utf8.count > ManifestLimits.bytes {
            return Problem(
                path: "", message: "the text has \(text.utf8.count) bytes; at most \(ManifestLimits.bytes) are read")
        }
        return controlCharacter(in: text) ?? excessiveNesting(in: text)
    }

    /// C0 and C1 controls but newline, carriage return and tab; byte order marks; line and paragraph separators.
    private static func controlCharacter(in text: String) -> Problem? {
        var position = ManifestPosition(line: 1, column: 1)
        var previous: UInt32 = 0
        for scalar in text.unicodeScalars {
            let loneReturn = previous == 0x0D && scalar.value != 0x0A
            if loneReturn || isForbidden(scalar.value) {
                let code = loneReturn ? 0x0D : scalar.value
                return Problem(
                    path: "", message: "the character U+\(hex(code)) may not stand in a manifest", position: position)
            }
            previous = scalar.value
            position.column += 1
            if scalar.value == 0x0A { position = ManifestPosition(line: position.line + 1, column: 1) }
        }
        return nil
    }

    private static func isForbidden(_ value: UInt32) -> Bool {
        switch value {
        case 0x09, 0x0A, 0x0D: false
        case 0x00..<0x20, 0x7F..<0xA0, 0x2028, 0x2029, 0xFEFF, 0xFFFE, 0xFFFF: true
        default: false
        }
    }

    private static func hex(_ value: UInt32) -> String {
        let text = String(value, radix: 16, uppercase: true)
        return String(repeating: "0", count: max(0, 4 - text.count)) + text
    }

    /// Counts brackets without looking for quotes: an upper bound on how deep flow collections nest.
    private static func excessiveNesting(in text: String) -> Problem? {
        var depth = 0
        for byte in text.utf8 {
            if byte == UInt8(ascii: "[") || byte == UInt8(ascii: "{") { depth += 1 }
            if byte == UInt8(ascii: "]") || byte == UInt8(ascii: "}") { depth = max(0, depth - 1) }
            if depth > 4 * ManifestLimits.depth {
                return Problem(path: "", message: "nested deeper than \(ManifestLimits.depth) levels")
            }
        }
        return nil
    }
}

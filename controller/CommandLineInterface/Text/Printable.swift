// SPDX-License-Identifier: Apache-2.0

extension String {
    /// This text without anything a terminal would obey: control characters (C0, DEL, C1), line breaks, and the marks
    /// that reorder or hide text are written as `\u{1b}`. Names of instances, error texts and answers of servers come
    /// from outside, and an escape sequence in one of them could rewrite what the operator reads.
    package var printable: String {
        guard unicodeScalars.contains(where: \.isUnprintable) else { return self }
        var text = ""
        for scalar in unicodeScalars {
            if scalar.isUnprintable {
                text += "\\u{" + String(scalar.value, radix: 16) + "}"
            } else {
                text.unicodeScalars.append(scalar)
            }
        }
        return text
    }
}

extension Unicode.Scalar {
    /// C0, DEL, C1, line and paragraph separators, bidirectional controls (Unicode TR9), tags and the byte order mark.
    /// The zero width joiners stay: names of people and emoji need them.
    var isUnprintable: Bool {
        switch value {
        case 0...0x1F, 0x7F...0x9F, 0xAD, 0x061C, 0x200E...0x200F, 0x2028...0x202E, 0x2066...0x206F, 0xFEFF,
            0xFFF9...0xFFFB, 0xE0000...0xE007F:
            true
        default: false
        }
    }
}

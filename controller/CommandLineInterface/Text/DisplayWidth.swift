// SPDX-License-Identifier: Apache-2.0

extension Character {
    /// How many cells a terminal gives to this character: 0, 1 or 2 (Unicode TR11; emoji are wide).
    var displayWidth: Int {
        guard let first = unicodeScalars.first else { return 0 }
        if first.isASCII { return 1 }
        if unicodeScalars.contains(where: { $0.value == 0xFE0F }) || first.properties.isEmojiPresentation { return 2 }
        switch first.properties.generalCategory {
        case .nonspacingMark, .enclosingMark, .format: return 0
        default: return first.isWide ? 2 : 1
        }
    }
}

extension Unicode.Scalar {
    /// The blocks that East Asian Width (TR11) calls wide or full width, joined where nothing narrow lies between.
    fileprivate var isWide: Bool {
        switch value {
        case 0x1100...0x115F, 0x2E80...0x303E, 0x3041...0x33FF, 0x3400...0x4DBF, 0x4E00...0x9FFF, 0xA000...0xA4CF,
            0xA960...0xA97F, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE6F, 0xFF00...0xFF60, 0xFFE0...0xFFE6,
            0x17000...0x18AFF, 0x1B000...0x1B2FF, 0x1F200...0x1F2FF, 0x1F300...0x1F64F, 0x1F900...0x1F9FF,
            0x20000...0x3FFFD:
            true
        default: false
        }
    }
}

extension StringProtocol {
    /// The cells that a terminal gives to this text.
    package var displayWidth: Int { reduce(0) { $0 + $1.displayWidth } }

    /// This text with spaces after it, to `width` cells; longer texts stay as they are.
    package func padded(to width: Int) -> String {
        String(self) + String(repeating: " ", count: Swift.max(0, width - displayWidth))
    }

    /// This text with spaces before it, to `width` cells.
    func paddedLeft(to width: Int) -> String {
        String(repeating: " ", count: Swift.max(0, width - displayWidth)) + String(self)
    }

    /// As much of this text as fits into `width` cells; when something is left out, the last cell says so.
    package func cut(to width: Int, mark: String = "…") -> String {
        guard displayWidth > width else { return String(self) }
        let room = Swift.max(0, width - mark.displayWidth)
        var taken = 0
        let kept = prefix { character in
            taken += character.displayWidth
            return taken <= room
        }
        return width < mark.displayWidth ? "" : kept + mark
    }
}

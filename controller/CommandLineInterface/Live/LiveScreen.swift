// SPDX-License-Identifier: Apache-2.0

/// Draws pages over each other, at the place where the first was drawn, in plain ECMA-48. The cursor is never hidden
/// and rests below the page, so that there is nothing to restore: not after Ctrl-C, and not after `kill -9`.
package struct LiveScreen: Sendable {
    private var shownWidths: [Int] = []

    package init() {}

    /// The text that replaces what is shown by `page`, below `notices`, which stay.
    package mutating func replacing(
        with page: [StyledLine], below notices: [StyledLine] = [], size: TerminalSize, palette: Palette
    ) -> String {
        var text = toTop(size)
        for line in notices + page { text += palette.text(line) + "\u{1b}[K\n" }
        shownWidths = page.map(\.width)
        return text + "\u{1b}[J"
    }

    /// The text that takes the page away.
    package mutating func erasing(size: TerminalSize) -> String {
        let text = shownWidths.isEmpty ? "" : toTop(size) + "\u{1b}[J"
        shownWidths = []
        return text
    }

    /// To the first line of what is shown. A terminal that became narrower has broken long lines into several rows.
    private func toTop(_ size: TerminalSize) -> String {
        let columns = max(1, size.columns)
        let rows = shownWidths.reduce(0) { $0 + max(1, ($1 + columns - 1) / columns) }
        let up = min(rows, max(0, size.rows - 1))
        return up > 0 ? "\r\u{1b}[\(up)A" : "\r"
    }
}

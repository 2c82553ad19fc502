// SPDX-License-Identifier: Apache-2.0

/// Rows under headings, each column as wide as its widest cell.
package struct TextTable: Sendable {
    package var headings: [String]
    /// The columns, by index, that are aligned at their right edge.
    package var rightAligned: Set<Int>
    package var rows: [[StyledLine]] = []

    package init(_ headings: [String], rightAligned: Set<Int> = []) {
        self.headings = headings
        self.rightAligned = rightAligned
    }

    package mutating func add(_ cells: StyledLine...) { rows.append(cells) }

    private var all: [[StyledLine]] { [headings.map { StyledLine($0, .dim) }] + rows }

    /// The widest cell of each column, headings included.
    package var widths: [Int] {
        let all = all
        return headings.indices.map { column in
            all.reduce(0) { max($0, column < $1.count ? $1[column].width : 0) }
        }
    }

    /// The table, indented by `indent` cells, with columns of at least these widths. A row shorter than the headings
    /// ends early.
    package func lines(indent: Int = 0, atLeast least: [Int] = []) -> [StyledLine] {
        let widths = widths.enumerated().map { max($0.element, $0.offset < least.count ? least[$0.offset] : 0) }
        return all.map { row in
            row.indices.reduce(StyledLine(String(repeating: " ", count: indent))) { line, column in
                let width = widths[column]
                let cell = rightAligned.contains(column) ? row[column].paddedLeft(to: width) : row[column]
                let isLast = column == row.count - 1
                return line + (isLast ? cell : cell.padded(to: width + 2))
            }
        }
    }
}

// SPDX-License-Identifier: Apache-2.0

/// Cuts a stream of bytes at its line ends, with a bound on a line that does not end.
struct LineSplitter {
    /// More than any resource may weigh.
    static let longestLine = 16 * 1_048_576

    private var rest: [UInt8] = []
    private var lines: ArraySlice<[UInt8]> = []

    /// False when a line is over the bound.
    mutating func add(_ piece: [UInt8]) -> Bool {
        var found: [[UInt8]] = []
        var start = piece.startIndex
        while let end = piece[start...].firstIndex(of: 0x0A) {
            rest += piece[start..<end]
            found.append(rest)
            rest = []
            start = piece.index(after: end)
        }
        rest += piece[start...]
        lines += found
        return rest.count <= Self.longestLine
    }

    /// The next whole line without its end; empty ones are passed over.
    mutating func next() -> [UInt8]? {
        while let line = lines.popFirst() {
            if line.contains(where: { $0 != 0x20 && $0 != 0x0D }) { return line }
        }
        return nil
    }

    /// What came after the last line end; to be asked at the end.
    mutating func last() -> [UInt8]? {
        defer { rest = [] }
        return rest.contains(where: { $0 != 0x20 && $0 != 0x0D }) ? rest : nil
    }
}

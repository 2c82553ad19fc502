// SPDX-License-Identifier: Apache-2.0

/// Reads fixed runs of ASCII digits from a text, left to right.
package struct DigitReader {
    private var rest: Substring.UTF8View

    package init(_ text: String) { rest = Substring(text).utf8 }

    package var isAtEnd: Bool { rest.isEmpty }

    package mutating func digits(_ count: Int) -> Int64? {
        guard rest.count >= count else { return nil }
        var value: Int64 = 0
        for byte in rest.prefix(count) {
            guard (48...57).contains(byte) else { return nil }
            value = value * 10 + Int64(byte - 48)
        }
        rest = rest.dropFirst(count)
        return value
    }

    package mutating func take(_ character: Character) -> Bool { takeAny(String(character)) }

    package mutating func takeAny(_ characters: String) -> Bool {
        guard let first = rest.first, characters.utf8.contains(first) else { return false }
        rest = rest.dropFirst()
        return true
    }

    /// Zero without a point; nil for a point without digits or with more than nine.
    package mutating func fractionNanoseconds() -> Int64? {
        guard take(".") else { return 0 }
        let run = rest.prefix { (48...57).contains($0) }
        guard (1...9).contains(run.count), let value = digits(run.count) else { return nil }
        return (run.count..<9).reduce(value) { scaled, _ in scaled * 10 }
    }

    /// Seconds east of UTC, from `Z` or `+hh:mm`.
    package mutating func offsetSeconds() -> Int64? {
        if takeAny("Zz") { return 0 }
        let sign: Int64 = rest.first == UInt8(ascii: "-") ? -1 : 1
        guard takeAny("+-"), let hours = digits(2), hours < 24, take(":"), let minutes = digits(2), minutes < 60 else {
            return nil
        }
        return sign * (hours * 3_600 + minutes * 60)
    }
}

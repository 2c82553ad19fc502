// SPDX-License-Identifier: Apache-2.0

/// A length of time as manifests write it: whole numbers with units, largest first: `500ms`, `1m30s`, `2h`.
/// A number without a unit is refused. Units: ns, us, ms, s, m, h, d.
package struct WrittenDuration: Sendable, Hashable, Comparable, Codable, CustomStringConvertible {
    package var duration: Duration

    package init(_ duration: Duration) { self.duration = duration }

    package static func < (a: Self, b: Self) -> Bool { a.duration < b.duration }

    private static let units: [(name: String, nanoseconds: Int64)] = [
        ("d", 86_400_000_000_000), ("h", 3_600_000_000_000), ("m", 60_000_000_000), ("s", 1_000_000_000),
        ("ms", 1_000_000), ("us", 1_000), ("ns", 1),
    ]

    /// Nil when the text is not a written duration, is out of order, or exceeds 292 years.
    package init?(_ text: String) {
        var rest = Substring(text)
        var total: Int64 = 0
        var nextUnit = 0
        guard !rest.isEmpty else { return nil }
        while !rest.isEmpty {
            let digits = rest.prefix { ($0.asciiValue.map { (48...57).contains($0) }) ?? false }
            rest = rest.dropFirst(digits.count)
            let unitName = rest.prefix { $0.isASCII && $0.isLetter }
            rest = rest.dropFirst(unitName.count)
            guard let number = Int64(digits),
                let unit = Self.units.firstIndex(where: { $0.name == unitName }), unit >= nextUnit
            else { return nil }
            nextUnit = unit + 1
            let (part, overflow) = number.multipliedReportingOverflow(by: Self.units[unit].nanoseconds)
            let (sum, more) = total.addingReportingOverflow(part)
            if overflow || more { return nil }
            total = sum
        }
        duration = .nanoseconds(total)
    }

    /// The shortest form: `90s` is written `1m30s`.
    package var description: String {
        var rest = duration.wholeNanoseconds
        if rest <= 0 { return "0s" }
        var text = ""
        for unit in Self.units where rest >= unit.nanoseconds {
            text += "\(rest / unit.nanoseconds)\(unit.name)"
            rest %= unit.nanoseconds
        }
        return text
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard let value = Self(text) else {
            throw DecodingError.dataCorruptedError(
                in: container, debugDescription: "\(text) is not a duration such as 500ms")
        }
        self = value
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}

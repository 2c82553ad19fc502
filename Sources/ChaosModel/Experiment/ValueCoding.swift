// SPDX-License-Identifier: Apache-2.0

extension WantedCount: Codable {
    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let number = try? container.decode(Int.self) {  // A text is the other form; its error is thrown below.
            self = .atLeast(number)
            return
        }
        guard try container.decode(String.self) == "desired" else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "desired or a number expected")
        }
        self = .desired
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .desired: try container.encode("desired")
        case .atLeast(let number): try container.encode(number)
        }
    }
}

extension StatusSet: Codable {
    /// `200` or `"200-299"`; nil for anything else.
    package static func range(_ text: String) -> ClosedRange<Int>? {
        // Three digits each: Int would also read "0200" and "+200", which the published pattern does not.
        let parts = text.split(separator: "-", omittingEmptySubsequences: false).map { part in
            part.utf8.count == 3 && TextBytes.all(String(part), "", TextBytes.isDigit) ? Int(part) : nil
        }
        guard let first = parts.first ?? nil, let last = parts.last ?? nil, parts.count <= 2,
            100 <= first, first <= last, last <= 599
        else { return nil }
        return first...last
    }

    package init(from decoder: any Decoder) throws {
        if var list = try? decoder.unkeyedContainer() {  // Not a list: one value, decoded below.
            var ranges: [ClosedRange<Int>] = []
            while !list.isAtEnd { ranges.append(try list.decode(Item.self).range) }
            self.ranges = ranges
        } else {
            ranges = [try Item(from: decoder).range]
        }
    }

    package func encode(to encoder: any Encoder) throws {
        if ranges.count == 1 { return try Item(range: ranges[0]).encode(to: encoder) }
        var list = encoder.unkeyedContainer()
        for range in ranges { try list.encode(Item(range: range)) }
    }

    private struct Item: Codable {
        var range: ClosedRange<Int>

        init(range: ClosedRange<Int>) { self.range = range }

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            let number = try? container.decode(Int.self)  // A text is the other form.
            let text = try number.map(String.init) ?? container.decode(String.self)
            guard let range = StatusSet.range(text) else {
                throw DecodingError.dataCorruptedError(
                    in: container, debugDescription: "\(text) is no HTTP status or range")
            }
            self.range = range
        }

        func encode(to encoder: any Encoder) throws {
            var container = encoder.singleValueContainer()
            if range.count == 1 {
                try container.encode(range.lowerBound)
            } else {
                try container.encode("\(range.lowerBound)-\(range.upperBound)")
            }
        }
    }
}

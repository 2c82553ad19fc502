// SPDX-License-Identifier: Apache-2.0

extension AWSInstant: CustomStringConvertible {
    /// UTC, RFC 3339, with as much of the fraction as the instant has, in groups of three digits.
    package var description: String {
        let fraction = nanoseconds - seconds * 1_000_000_000
        let digits = String(String(1_000_000_000 + fraction).dropFirst())
        let wanted = fraction == 0 ? 0 : fraction % 1_000_000 == 0 ? 3 : fraction % 1000 == 0 ? 6 : 9
        return wanted == 0 ? iso8601 : "\(iso8601.dropLast()).\(digits.prefix(wanted))Z"
    }
}

extension AWSInstant: Codable {
    /// Read from RFC 3339; a text that is no time is a data-corrupted error.
    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard let instant = AWSInstant(iso8601: text) else {
            throw DecodingError.dataCorruptedError(
                in: container, debugDescription: "\(text.debugDescription) is no RFC 3339 time")
        }
        self = instant
    }

    /// Written as RFC 3339, to the nanosecond.
    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}

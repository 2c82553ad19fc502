// SPDX-License-Identifier: Apache-2.0

/// A closed list of names that AWS may lengthen any day: what we do not know is kept as it was spelled, in `other`.
package protocol AWSNamedValue: Sendable, Hashable, Codable, CustomStringConvertible {
    /// Every value we know and how AWS spells it.
    static var known: [(value: Self, name: String)] { get }
    /// A value we do not know, as AWS spelled it.
    static func other(_ name: String) -> Self
    /// The spelling inside `other`, nil for the values we know.
    var unknownName: String? { get }
}

extension AWSNamedValue {
    /// The value AWS spelled so; never fails.
    package init(awsName: String) {
        self = Self.known.first { $0.name == awsName }?.value ?? .other(awsName)
    }

    /// How AWS spells it.
    package var awsName: String {
        unknownName ?? Self.known.first { $0.value == self }?.name ?? ""
    }

    /// AWS's spelling.
    package var description: String { awsName }

    /// Read from AWS's spelling.
    package init(from decoder: any Decoder) throws {
        self.init(awsName: try decoder.singleValueContainer().decode(String.self))
    }

    /// Written in AWS's spelling.
    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(awsName)
    }
}

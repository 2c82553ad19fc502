// SPDX-License-Identifier: Apache-2.0

/// What may stand in a manifest, as data: strict checking, `rebound explain`, the JSON Schemas and the reference pages
/// all come from it.
package indirect enum SchemaType: Sendable {
    case text(TextRule)
    /// A whole number in a range; the unit is in the field's sentence.
    case integer(ClosedRange<Int>)
    case decimal(DecimalRange)
    case boolean
    /// `true`; false would say what leaving the field out says.
    case onlyTrue
    /// A whole number from 0 to 2^64 - 1.
    case unsigned
    /// Written with units, as `500ms`, within bounds that are written the same way.
    case duration(DurationRange)
    case timestamp
    case choice([String])
    /// A list with at least one item; `unique` items are all different.
    case list(of: SchemaType, unique: Bool)
    /// Free keys, each with a text.
    case textMap(keys: TextRule, values: TextRule)
    /// Free keys, each with the same kind of value; may be empty.
    case anyMap(of: SchemaType)
    case object(ObjectSchema)
    /// Either a whole number in the range, or a text.
    case integerOrText(ClosedRange<Int>, TextRule)
    /// One item, or a list of them.
    case oneOrMany(SchemaType)
}

/// The numbers that a decimal field takes.
package struct DecimalRange: Sendable {
    package var low: Double
    package var high: Double
    /// Whether `low` itself is refused.
    package var excludesLow: Bool

    package init(_ low: Double, _ high: Double, excludesLow: Bool = false) {
        self.low = low
        self.high = high
        self.excludesLow = excludesLow
    }

    package static let any = Self(-Double.greatestFiniteMagnitude, Double.greatestFiniteMagnitude)

    package func contains(_ value: Double) -> Bool { (excludesLow ? value > low : value >= low) && value <= high }
}

/// The lengths of time that a field takes.
package struct DurationRange: Sendable {
    package var low: WrittenDuration
    package var high: WrittenDuration

    package init(_ low: Duration, _ high: Duration) {
        self.low = WrittenDuration(low)
        self.high = WrittenDuration(high)
    }

    package func contains(_ value: WrittenDuration) -> Bool { low <= value && value <= high }
}

/// One field of an object.
package struct FieldSchema: Sendable {
    package var name: String
    package var type: SchemaType
    package var isRequired: Bool
    /// One or two sentences: meaning, unit, what its absence means, limits.
    package var doc: String
    package var example: String?

    package init(_ name: String, _ type: SchemaType, required: Bool = false, _ doc: String, example: String? = nil) {
        self.name = name
        self.type = type
        isRequired = required
        self.doc = doc
        self.example = example
    }
}

/// How many of a set of fields must be written.
package struct FieldGroup: Sendable {
    package enum Rule: Sendable { case exactlyOne, atMostOne, atLeastOne }
    package var rule: Rule
    package var names: [String]

    package init(_ rule: Rule, _ names: [String]) {
        self.rule = rule
        self.names = names
    }
}

/// A mapping with known keys.
package struct ObjectSchema: Sendable {
    /// The name used in the JSON Schema's definitions.
    package var name: String
    package var doc: String
    package var fields: [FieldSchema]
    package var groups: [FieldGroup]
    /// Fields of later versions, with what to tell those who write them now.
    package var notYet: [String: String] = [:]
    /// Written by Rebound: lists, maps and texts in it, and in what it holds, may be empty.
    package var allowsEmpty = false

    package init(_ name: String, _ doc: String, fields: [FieldSchema], groups: [FieldGroup] = []) {
        self.name = name
        self.doc = doc
        self.fields = fields
        self.groups = groups
    }

    package func field(_ name: String) -> FieldSchema? { fields.first { $0.name == name } }
}

extension ObjectSchema {
    /// A part of a status: written by Rebound, so that empty lists, maps and texts have a meaning.
    package static func reported(_ name: String, _ doc: String, _ fields: [FieldSchema], groups: [FieldGroup] = [])
        -> Self
    {
        var schema = ObjectSchema(name, doc, fields: fields, groups: groups)
        schema.allowsEmpty = true
        return schema
    }
}

extension FieldSchema {
    /// A field that is always there.
    package static func always(_ name: String, _ type: SchemaType, _ doc: String) -> Self {
        FieldSchema(name, type, required: true, doc)
    }

    /// A field that may be absent.
    package static func maybe(_ name: String, _ type: SchemaType, _ doc: String) -> Self {
        FieldSchema(name, type, doc)
    }
}

// SPDX-License-Identifier: Apache-2.0

/// JSON Schema 2020-12 of the kinds, made from the same declarations that the reader checks by.
package enum JSONSchemaDocument {
    /// The file name of a kind's schema in `docs/schemas`.
    package static func fileName(for kind: ResourceKind) -> String { "\(kind.rawValue.lowercased()).json" }

    /// The schema of a kind, indented, with a line end at the end.
    package static func text(for kind: ResourceKind) -> String {
        let root = ResourceSchema.schema(for: kind)
        var builder = SchemaBuilder()
        let body = builder.object(root, allowsEmpty: root.allowsEmpty)
        var entries: [ManifestNode.Entry] = [
            .init(key: "$schema", value: .init(.text("https://json-schema.org/draft/2020-12/schema"))),
            .init(key: "$id", value: .init(.text("urn:rebound:chaos:v1:\(kind.rawValue.lowercased())"))),
            .init(key: "title", value: .init(.text(kind.rawValue))),
        ]
        entries += body.entries ?? []
        entries.append(.init(key: "$defs", value: .init(.mapping(builder.sortedDefinitions))))
        return JSONText.pretty(ManifestNode(.mapping(entries)))
    }
}

/// Builds the tree of a schema; named objects become definitions.
private struct SchemaBuilder {
    private var definitions: [String: ManifestNode] = [:]

    var sortedDefinitions: [ManifestNode.Entry] {
        definitions.keys.sorted().map { .init(key: $0, value: definitions[$0] ?? ManifestNode(.null)) }
    }

    mutating func object(_ schema: ObjectSchema, allowsEmpty: Bool) -> ManifestNode {
        let empty = allowsEmpty || schema.allowsEmpty
        var properties: [ManifestNode.Entry] = []
        for field in schema.fields {
            var node = type(field.type, allowsEmpty: empty)
            if case .mapping(let entries) = node.content {
                node = map([("description", text(field.doc))] + entries.map { ($0.key, $0.value) })
            }
            properties.append(.init(key: field.name, value: node))
        }
        let required = schema.fields.filter(\.isRequired).map { text($0.name) }
        var entries: [(String, ManifestNode)] = [
            ("description", text(schema.doc)), ("type", text("object")),
            ("properties", ManifestNode(.mapping(properties))), ("additionalProperties", ManifestNode(.boolean(false))),
        ]
        if !required.isEmpty { entries.append(("required", ManifestNode(.sequence(required)))) }
        let groups = schema.groups.map(group)
        if !groups.isEmpty { entries.append(("allOf", ManifestNode(.sequence(groups)))) }
        return map(entries)
    }

    /// `oneOf` matches exactly one alternative, `anyOf` at least one; "at most one" also lets none match.
    private func group(_ group: FieldGroup) -> ManifestNode {
        var choices = group.names.map { map([("required", ManifestNode(.sequence([text($0)])))]) }
        if group.rule == .atMostOne {
            choices.append(map([("not", map([("anyOf", ManifestNode(.sequence(choices)))]))]))
        }
        return map([(group.rule == .atLeastOne ? "anyOf" : "oneOf", ManifestNode(.sequence(choices)))])
    }

    private mutating func type(_ type: SchemaType, allowsEmpty: Bool) -> ManifestNode {
        switch type {
        case .object(let schema): return reference(to: schema, allowsEmpty: allowsEmpty)
        case .list(let item, let unique):
            var entries = [("type", text("array")), ("items", self.type(item, allowsEmpty: allowsEmpty))]
            if !allowsEmpty { entries.append(("minItems", number(1))) }
            if unique { entries.append(("uniqueItems", ManifestNode(.boolean(true)))) }
            return map(entries)
        case .oneOrMany(let item):
            let one = self.type(item, allowsEmpty: allowsEmpty)
            let many = self.type(.list(of: item, unique: true), allowsEmpty: allowsEmpty)
            return map([("anyOf", ManifestNode(.sequence([one, many])))])
        case .textMap(let keys, let values):
            var entries = [
                ("type", text("object")), ("propertyNames", textRule(keys, allowsEmpty: false)),
                ("additionalProperties", textRule(values, allowsEmpty: allowsEmpty)),
            ]
            if !allowsEmpty { entries.append(("minProperties", number(1))) }
            return map(entries)
        case .anyMap(let item):
            return map([("type", text("object")), ("additionalProperties", self.type(item, allowsEmpty: true))])
        case .text, .integer, .decimal, .boolean, .onlyTrue, .unsigned, .duration, .timestamp, .choice, .integerOrText:
            return scalar(type, allowsEmpty: allowsEmpty)
        }
    }

    private mutating func reference(to schema: ObjectSchema, allowsEmpty: Bool) -> ManifestNode {
        let name = allowsEmpty && !schema.allowsEmpty ? "Reported" + schema.name : schema.name
        if definitions[name] == nil {
            definitions[name] = ManifestNode(.null)  // Stops the recursion, were a schema ever to hold itself.
            definitions[name] = object(schema, allowsEmpty: allowsEmpty)
        }
        return map([("$ref", text("#/$defs/\(name)"))])
    }

    // MARK: Scalars

    private func scalar(_ type: SchemaType, allowsEmpty: Bool) -> ManifestNode {
        switch type {
        case .text(let rule): textRule(rule, allowsEmpty: allowsEmpty)
        case .integer(let range): integer(range)
        case .unsigned: map([("type", text("integer")), ("minimum", number(0))])
        case .decimal(let range): decimal(range)
        case .boolean: map([("type", text("boolean"))])
        case .onlyTrue: map([("const", ManifestNode(.boolean(true)))])
        case .duration: map([("type", text("string")), ("pattern", text(Self.durationPattern))])
        case .timestamp: map([("type", text("string")), ("format", text("date-time"))])
        case .choice(let words): map([("enum", ManifestNode(.sequence(words.map(text))))])
        case .integerOrText(let range, let rule):
            map([("anyOf", ManifestNode(.sequence([integer(range), textRule(rule, allowsEmpty: allowsEmpty)])))])
        case .list, .textMap, .anyMap, .object, .oneOrMany: map([])
        }
    }

    /// Whole numbers with units, the largest first, at least one.
    private static let durationPattern =
        "^(?=.)([0-9]+d)?([0-9]+h)?([0-9]+m)?([0-9]+s)?([0-9]+ms)?([0-9]+us)?([0-9]+ns)?$"

    private func textRule(_ rule: TextRule, allowsEmpty: Bool) -> ManifestNode {
        var entries = [("type", text("string"))]
        if !allowsEmpty { entries.append(("minLength", number(1))) }
        entries.append(("maxLength", number(rule.maximumLength)))
        if let pattern = rule.pattern, !allowsEmpty { entries.append(("pattern", text(pattern))) }
        return map(entries)
    }

    private func integer(_ range: ClosedRange<Int>) -> ManifestNode {
        var entries = [("type", text("integer")), ("minimum", number(range.lowerBound))]
        if range.upperBound != Int.max { entries.append(("maximum", number(range.upperBound))) }
        return map(entries)
    }

    private func decimal(_ range: DecimalRange) -> ManifestNode {
        var entries = [("type", text("number"))]
        if range.high != Double.greatestFiniteMagnitude {
            entries.append((range.excludesLow ? "exclusiveMinimum" : "minimum", number(Int(range.low))))
            entries.append(("maximum", number(Int(range.high))))
        }
        return map(entries)
    }

    // MARK: Nodes

    private func text(_ value: String) -> ManifestNode { ManifestNode(.text(value)) }
    private func number(_ value: Int) -> ManifestNode { ManifestNode(.number(String(value))) }
    private func map(_ entries: [(String, ManifestNode)]) -> ManifestNode {
        ManifestNode(.mapping(entries.map { .init(key: $0.0, value: $0.1) }))
    }
}

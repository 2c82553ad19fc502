// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials

/// Writes resources as JSON or YAML that `ManifestReader` reads back to the same resource. Keys stand in the order of
/// the schema, free keys (tags, labels) in alphabetical order.
package enum ManifestWriter {
    /// Indented JSON with a line end at the end. Throws what the encoder throws: a number that JSON cannot write.
    package static func json(_ resource: some Resource) throws -> String { JSONText.pretty(try tree(of: resource)) }

    /// JSON on one line, without a line end.
    package static func compactJSON(_ resource: some Resource) throws -> String {
        JSONText.compact(try tree(of: resource))
    }

    /// YAML in block style, with a line end at the end. Throws as `json` does.
    package static func yaml(_ resource: some Resource) throws -> String { YAMLText.text(try tree(of: resource)) }

    /// Several resources as one YAML text.
    package static func yaml(_ resources: [some Resource]) throws -> String {
        try resources.map { try yaml($0) }.joined(separator: "---\n")
    }

    /// Any value as indented JSON with its keys in alphabetical order.
    package static func json(value: some Encodable) throws -> String { JSONText.pretty(try tree(encoding: value)) }

    /// Any value as YAML with its keys in alphabetical order.
    package static func yaml(value: some Encodable) throws -> String { YAMLText.text(try tree(encoding: value)) }

    /// The tree that `json` writes. Throws as it does.
    package static func tree<R: Resource>(of resource: R) throws -> ManifestNode {
        SchemaOrder.ordered(try tree(encoding: resource), by: .object(ResourceSchema.schema(for: R.kind)))
    }

    /// The standard encoder writes JSON, and our own reader turns it into a tree: numbers keep their digits.
    private static func tree(encoding value: some Encodable) throws -> ManifestNode {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let text = String(decoding: try encoder.encode(value), as: UTF8.self)
        let (documents, problems) = JSONReader.read(text)
        guard let tree = documents.first, problems.isEmpty else {
            throw ValidationFailure(problems: problems, file: "-")
        }
        return PlainNumbers.written(tree)
    }
}

/// Puts the keys of a tree into the schema's order.
enum SchemaOrder {
    static func ordered(_ node: ManifestNode, by type: SchemaType) -> ManifestNode {
        switch (node.content, type) {
        case (.mapping(let entries), .object(let schema)):
            let rank = Dictionary(uniqueKeysWithValues: schema.fields.enumerated().map { ($0.element.name, $0.offset) })
            let sorted = entries.sorted { (rank[$0.key] ?? .max, $0.key) < (rank[$1.key] ?? .max, $1.key) }
            return ManifestNode(
                .mapping(
                    sorted.map { entry in
                        guard let field = schema.field(entry.key) else { return entry }
                        return .init(key: entry.key, value: ordered(entry.value, by: field.type))
                    }))
        case (.mapping(let entries), .anyMap(let item)):
            return ManifestNode(.mapping(entries.map { .init(key: $0.key, value: ordered($0.value, by: item)) }))
        case (.sequence(let items), .list(let item, _)), (.sequence(let items), .oneOrMany(let item)):
            return ManifestNode(.sequence(items.map { ordered($0, by: item) }))
        default:
            return node
        }
    }
}

/// Writes numbers out without exponents, so that YAML readers of every version agree about them.
enum PlainNumbers {
    static func written(_ node: ManifestNode) -> ManifestNode {
        switch node.content {
        case .number(let text): ManifestNode(.number(plain(text)))
        case .sequence(let items): ManifestNode(.sequence(items.map(written)))
        case .mapping(let entries): ManifestNode(.mapping(entries.map { .init(key: $0.key, value: written($0.value)) }))
        case .text, .boolean, .null, .ambiguous: node
        }
    }

    /// `1.5e-05` as `0.000015`; the value is the same to the last digit.
    static func plain(_ text: String) -> String {
        guard let mark = text.firstIndex(where: { $0 == "e" || $0 == "E" }),
            let exponent = Int(text[text.index(after: mark)...].drop { $0 == "+" }), exponent.magnitude <= 400
        else { return text }
        let isNegative = text.first == "-"
        let parts = text[..<mark].drop { $0 == "-" }.split(separator: ".", omittingEmptySubsequences: false)
        let fraction = parts.count > 1 ? String(parts[1]) : ""
        var digits = String(parts[0]) + fraction
        var point = parts[0].count + exponent
        if point <= 0 {
            digits = String(repeating: "0", count: 1 - point) + digits
            point = 1
        }
        if point > digits.count { digits += String(repeating: "0", count: point - digits.count) }
        let whole = digits.prefix(point)
        let rest = digits.dropFirst(point)
        let trimmed = whole.drop { $0 == "0" }
        return (isNegative ? "-" : "") + (trimmed.isEmpty ? "0" : trimmed) + (rest.isEmpty ? "" : "." + rest)
    }
}

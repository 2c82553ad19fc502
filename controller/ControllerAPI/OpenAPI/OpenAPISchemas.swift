// SPDX-License-Identifier: Apache-2.0
import ChaosModel

/// The two versions of OpenAPI that Kubernetes's clients read. 3.0 (https://spec.openapis.org/oas/v3.0.3) can say more.
enum OpenAPIDialect: Sendable {
    case version2, version3

    var reference: String { self == .version2 ? "#/definitions/" : "#/components/schemas/" }
}

/// Schemas in OpenAPI, from the declarations that manifests are checked by.
struct OpenAPISchemas {
    let dialect: OpenAPIDialect
    private(set) var definitions: [String: ManifestNode] = [:]

    init(_ dialect: OpenAPIDialect) { self.dialect = dialect }

    /// Sorted, so that the document is the same every time.
    var sorted: ManifestNode { .map(pairs: definitions.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }) }

    mutating func add(_ resource: ServedResource) {
        guard let kind = resource.stored else {
            definitions[SchemaNames.event] = MetaSchemas(dialect: dialect).event
            addList(resource)
            return
        }
        let schema = ResourceSchema.schema(for: kind)
        var node = object(schema, allowsEmpty: false)
        node.set("x-kubernetes-group-version-kind", Self.identity(resource, resource.kind))
        definitions[SchemaNames.kind(resource)] = node
        addList(resource)
    }

    private mutating func addList(_ resource: ServedResource) {
        var node = ManifestNode.map([
            "description": .text("A list of \(resource.kind)."), "type": .text("object"),
            "required": .texts(["items"]),
            "properties": .map([
                "apiVersion": MetaSchemas.string("The group and version of the format."),
                "kind": MetaSchemas.string("The kind."),
                "metadata": reference(to: SchemaNames.listMeta, "What is said of the list as a whole."),
                "items": .map([
                    "description": .text("The resources."), "type": .text("array"),
                    "items": plainReference(to: SchemaNames.kind(resource)),
                ]),
            ]),
        ])
        node.set("x-kubernetes-group-version-kind", Self.identity(resource, resource.kind + "List"))
        definitions[SchemaNames.list(resource)] = node
    }

    mutating func addShared() {
        for (name, node) in MetaSchemas(dialect: dialect).all { definitions[name] = node }
    }

    static func identity(_ resource: ServedResource, _ kind: String) -> ManifestNode {
        .list([identityOf(resource, kind)])
    }

    static func identityOf(_ resource: ServedResource, _ kind: String) -> ManifestNode {
        .map(["group": .text(resource.group), "kind": .text(kind), "version": .text(resource.version)])
    }

    // MARK: References

    func plainReference(to name: String) -> ManifestNode { .map(["$ref": .text(dialect.reference + name)]) }

    /// In 3.0 nothing may stand beside a reference, so it stands in an `allOf`; readers of 2.0 look beside it.
    func reference(to name: String, _ doc: String) -> ManifestNode {
        switch dialect {
        case .version2: .map(["description": .text(doc), "$ref": .text(dialect.reference + name)])
        case .version3: .map(["description": .text(doc), "allOf": .list([plainReference(to: name)])])
        }
    }

    // MARK: Objects

    private mutating func object(_ schema: ObjectSchema, allowsEmpty: Bool) -> ManifestNode {
        let empty = allowsEmpty || schema.allowsEmpty
        var properties: [(String, ManifestNode)] = []
        for field in schema.fields { properties.append((field.name, property(field, allowsEmpty: empty))) }
        let required = schema.fields.filter(\.isRequired).map(\.name)
        let doc = ([schema.doc] + schema.groups.map(\.sentence)).joined(separator: " ")
        return .map([
            "description": .text(doc), "type": .text("object"),
            "required": required.isEmpty ? nil : .texts(required),
            "properties": properties.isEmpty ? nil : .map(pairs: properties),
        ])
    }

    private mutating func property(_ field: FieldSchema, allowsEmpty: Bool) -> ManifestNode {
        let example = field.example.map { " For example: \($0)" } ?? ""
        if case .object(let schema) = field.type {
            return reference(to: define(schema, allowsEmpty: allowsEmpty), field.doc + example)
        }
        let node = type(field.type, allowsEmpty: allowsEmpty)
        var described = ManifestNode.map(["description": .text(field.doc + example)])
        for entry in node.entries ?? [] { described.set(entry.key, entry.value) }
        return described
    }

    private mutating func define(_ schema: ObjectSchema, allowsEmpty: Bool) -> String {
        let name = SchemaNames.object(schema, allowsEmpty: allowsEmpty)
        if name == SchemaNames.objectMeta || definitions[name] != nil { return name }
        definitions[name] = .emptyMap  // Stops the recursion, were a schema ever to hold itself.
        definitions[name] = object(schema, allowsEmpty: allowsEmpty)
        return name
    }

    // MARK: Types

    private mutating func type(_ type: SchemaType, allowsEmpty: Bool) -> ManifestNode {
        switch type {
        case .object(let schema): return plainReference(to: define(schema, allowsEmpty: allowsEmpty))
        case .list(let item, let unique):
            return .map([
                "type": .text("array"), "items": self.type(item, allowsEmpty: allowsEmpty),
                "minItems": allowsEmpty ? nil : .number(1), "uniqueItems": unique ? .boolean(true) : nil,
            ])
        case .textMap(_, let values):
            return .map([
                "type": .text("object"), "additionalProperties": text(values, allowsEmpty: allowsEmpty),
            ])
        case .anyMap(let item):
            return .map(["type": .text("object"), "additionalProperties": self.type(item, allowsEmpty: true)])
        case .oneOrMany(let item):
            let one = self.type(item, allowsEmpty: allowsEmpty)
            return either(one, .map(["type": .text("array"), "items": one]))
        case .text, .integer, .decimal, .boolean, .onlyTrue, .unsigned, .duration, .timestamp, .choice, .integerOrText:
            return scalar(type, allowsEmpty: allowsEmpty)
        }
    }

    private func scalar(_ type: SchemaType, allowsEmpty: Bool) -> ManifestNode {
        switch type {
        case .text(let rule): text(rule, allowsEmpty: allowsEmpty)
        case .integer(let range): integer(range)
        case .unsigned: .map(["type": .text("integer"), "minimum": .number(0)])
        case .decimal: .map(["type": .text("number"), "format": .text("double")])
        case .boolean: .map(["type": .text("boolean")])
        case .onlyTrue: .map(["type": .text("boolean"), "enum": .list([.boolean(true)])])
        case .duration: .map(["type": .text("string"), "minLength": .number(1)])
        case .timestamp: .map(["type": .text("string"), "format": .text("date-time")])
        case .choice(let words): .map(["type": .text("string"), "enum": .texts(words)])
        case .integerOrText(let range, let rule): either(integer(range), text(rule, allowsEmpty: allowsEmpty))
        case .list, .textMap, .anyMap, .object, .oneOrMany: .emptyMap
        }
    }

    /// 2.0 cannot say "either": then anything is taken, and the server checks.
    private func either(_ one: ManifestNode, _ other: ManifestNode) -> ManifestNode {
        dialect == .version2 ? .emptyMap : .map(["anyOf": .list([one, other])])
    }

    private func integer(_ range: ClosedRange<Int>) -> ManifestNode {
        .map([
            "type": .text("integer"), "format": .text("int64"), "minimum": .number(range.lowerBound),
            "maximum": range.upperBound == Int.max ? nil : .number(range.upperBound),
        ])
    }

    private func text(_ rule: TextRule, allowsEmpty: Bool) -> ManifestNode {
        .map([
            "type": .text("string"), "minLength": allowsEmpty ? nil : .number(1),
            "maxLength": .number(rule.maximumLength),
            "pattern": allowsEmpty || dialect == .version2 ? nil : rule.pattern.map(ManifestNode.text),
        ])
    }
}

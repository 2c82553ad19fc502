// SPDX-License-Identifier: Apache-2.0

/// Checks a tree against a schema and gathers every problem.
package struct SchemaCheck {
    package private(set) var problems: [Problem] = []
    private let zones: TimeZoneNames

    package init(zones: TimeZoneNames = .unchecked) { self.zones = zones }

    package mutating func check(_ node: ManifestNode, against schema: ObjectSchema, path: String) {
        checkObject(node, schema, path: path, allowsEmpty: schema.allowsEmpty)
    }

    // MARK: Objects

    private mutating func checkObject(_ node: ManifestNode, _ schema: ObjectSchema, path: String, allowsEmpty: Bool) {
        guard let entries = node.entries else { return reportWrongType(node, wanted: "a mapping", path: path) }
        if entries.isEmpty, !schema.fields.isEmpty, !allowsEmpty { return reportEmpty(node, path: path) }
        for entry in entries {
            let entryPath = Self.join(path, entry.key)
            if let field = schema.field(entry.key) {
                checkValue(entry.value, field.type, path: entryPath, allowsEmpty: allowsEmpty)
            } else {
                reportUnknown(entry, schema, path: entryPath)
            }
        }
        let written = Set(entries.map(\.key))
        let laterInstead = !written.isDisjoint(with: schema.notYet.keys)
        for field in schema.fields where field.isRequired && !written.contains(field.name) {
            let example = field.example.map { "for example `\(field.name): \($0)`" }
            report(Self.join(path, field.name), "missing; \(field.doc)", node, hint: example)
        }
        for group in schema.groups where !laterInstead { check(group, written: written, node, path: path) }
    }

    private mutating func check(_ group: FieldGroup, written: Set<String>, _ node: ManifestNode, path: String) {
        let present = group.names.filter(written.contains)
        let names = group.names.joined(separator: ", ")
        switch group.rule {
        case .exactlyOne where present.isEmpty: report(path, "one of these must be written: \(names)", node)
        case .exactlyOne where present.count > 1, .atMostOne where present.count > 1:
            report(path, "only one of these can be written, not \(present.joined(separator: " and ")): \(names)", node)
        case .atLeastOne where present.isEmpty: report(path, "at least one of these must be written: \(names)", node)
        case .exactlyOne, .atMostOne, .atLeastOne: break
        }
    }

    private mutating func reportUnknown(_ entry: ManifestNode.Entry, _ schema: ObjectSchema, path: String) {
        var message = "unknown field"
        if let later = schema.notYet[entry.key] {
            message = later
        } else if let near = NearMiss.nearest(to: entry.key, in: schema.fields.map(\.name)) {
            message += "; did you mean \(near)?"
        } else {
            message += "; known here: \(schema.fields.map(\.name).joined(separator: ", "))"
        }
        problems.append(Problem(path: path, message: message, value: entry.value.written, position: entry.position))
    }

    // MARK: Values

    private mutating func checkValue(_ node: ManifestNode, _ type: SchemaType, path: String, allowsEmpty: Bool) {
        if case .null = node.content { return reportEmpty(node, path: path) }
        if case .ambiguous(_, let reason) = node.content {
            return report(path, "ambiguous: \(reason)", node, shows: true)
        }
        switch type {
        case .object(let schema):
            checkObject(node, schema, path: path, allowsEmpty: allowsEmpty || schema.allowsEmpty)
        case .list(let item, let unique): checkList(node, item, unique: unique, path: path, allowsEmpty: allowsEmpty)
        case .oneOrMany(let item):
            if node.items == nil { return checkValue(node, item, path: path, allowsEmpty: allowsEmpty) }
            checkList(node, item, unique: true, path: path, allowsEmpty: allowsEmpty)
        case .textMap(let keys, let values):
            checkMap(node, keys: keys, .text(values), path: path, allowsEmpty: allowsEmpty)
        case .anyMap(let item): checkMap(node, keys: nil, item, path: path, allowsEmpty: true)
        case .text, .integer, .decimal, .boolean, .onlyTrue, .unsigned, .duration, .timestamp, .choice, .integerOrText:
            checkScalar(node, type, path: path, allowsEmpty: allowsEmpty)
        }
    }

    private mutating func checkList(
        _ node: ManifestNode, _ item: SchemaType, unique: Bool, path: String, allowsEmpty: Bool
    ) {
        guard let items = node.items else { return reportWrongType(node, wanted: "a list", path: path) }
        if items.isEmpty, !allowsEmpty { return reportEmpty(node, path: path) }
        if items.count > Self.maximumItems, !allowsEmpty {
            return report(path, "\(items.count) items; at most \(Self.maximumItems) are read", node)
        }
        for (index, value) in items.enumerated() {
            checkValue(value, item, path: "\(path)[\(index)]", allowsEmpty: allowsEmpty)
            if unique, let first = items[..<index].firstIndex(where: { $0.content == value.content }) {
                report("\(path)[\(index)]", "written twice; first at \(path)[\(first)]", value, shows: true)
            }
        }
    }

    private mutating func checkMap(
        _ node: ManifestNode, keys: TextRule?, _ value: SchemaType, path: String, allowsEmpty: Bool
    ) {
        guard let entries = node.entries else { return reportWrongType(node, wanted: "a mapping", path: path) }
        if entries.isEmpty, !allowsEmpty { return reportEmpty(node, path: path) }
        if entries.count > Self.maximumEntries, keys != nil {
            return report(path, "\(entries.count) entries; at most \(Self.maximumEntries) are read", node)
        }
        for entry in entries {
            let entryPath = Self.join(path, entry.key)
            if let keys, !keys.matches(entry.key) {
                problems.append(
                    Problem(
                        path: entryPath, message: "the key must be \(keys.words)", value: "\"\(entry.key)\"",
                        position: entry.position))
            }
            checkValue(entry.value, value, path: entryPath, allowsEmpty: allowsEmpty)
        }
    }

    private static let maximumItems = 100
    private static let maximumEntries = 50

    // MARK: Scalars

    private mutating func checkScalar(_ node: ManifestNode, _ type: SchemaType, path: String, allowsEmpty: Bool) {
        if node.text == "" {
            if allowsEmpty, case .text = type { return }
            return reportEmpty(node, path: path)
        }
        guard let message = ScalarCheck.fault(in: node, type) ?? zoneFault(in: node, type) else { return }
        report(path, message, node, shows: true)
    }

    private func zoneFault(in node: ManifestNode, _ type: SchemaType) -> String? {
        guard case .text(let rule) = type, rule.namesTimeZone, let name = node.text else { return nil }
        return zones.fault(in: name)
    }

    // MARK: Reports

    /// `a.b`, with keys that are not plain words in brackets and quotes.
    package static func join(_ path: String, _ key: String) -> String {
        let isPlain = !key.isEmpty && TextBytes.all(key, "_-", TextBytes.isAlphanumeric)
        if !isPlain { return "\(path)[\"\(key)\"]" }
        return path.isEmpty ? key : "\(path).\(key)"
    }

    private mutating func reportEmpty(_ node: ManifestNode, path: String) {
        report(path, "empty; write a value or leave the field out", node, shows: true)
    }

    private mutating func reportWrongType(_ node: ManifestNode, wanted: String, path: String) {
        if case .null = node.content { return reportEmpty(node, path: path) }
        report(path, "must be \(wanted), not \(node.kindOfValue)", node, shows: true)
    }

    private mutating func report(
        _ path: String, _ message: String, _ node: ManifestNode, shows: Bool = false, hint: String? = nil
    ) {
        problems.append(
            Problem(
                path: path, message: message, value: shows ? node.written : nil, position: node.position, hint: hint))
    }
}

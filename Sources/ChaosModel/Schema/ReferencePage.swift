// SPDX-License-Identifier: Apache-2.0

/// The reference page of a kind, as Markdown, made from the declarations that the reader checks by.
package enum ReferencePage {
    /// The file name of a kind's page in `docs/reference`.
    package static func fileName(for kind: ResourceKind) -> String { "\(kind.rawValue.lowercased()).md" }

    /// The page of a kind.
    package static func text(for kind: ResourceKind) -> String {
        text(of: ResourceSchema.schema(for: kind))
    }

    /// The page of the controller's configuration file.
    package static var controllerConfiguration: String { text(of: ConfigurationSchema.controller) }

    private static func text(of root: ObjectSchema) -> String {
        var lines = [
            "# \(root.name)", "", root.doc, "",
            "This page is made from the schema that manifests are checked by; `rebound explain "
                + "\(root.name.lowercased())` shows the same. Unknown fields, empty values, lengths of time without"
                + " units and numbers that readers of YAML disagree about are refused, all of them at once.",
        ]
        for section in sections(of: root) { lines += page(of: section) }
        return lines.joined(separator: "\n") + "\n"
    }

    private struct Section {
        var path: String
        var object: ObjectSchema
    }

    /// Every object once, in the order in which a reader meets it.
    private static func sections(of root: ObjectSchema) -> [Section] {
        var found: [Section] = []
        var seen: Set<String> = []
        func visit(_ object: ObjectSchema, path: String) {
            guard seen.insert(object.name).inserted else { return }
            found.append(Section(path: path, object: object))
            for field in object.fields {
                guard let inner = field.type.objectInside else { continue }
                visit(inner, path: "\(path).\(field.name)" + (field.type.isList ? "[]" : ""))
            }
        }
        visit(root, path: root.name.lowercased())
        return found
    }

    private static func page(of section: Section) -> [String] {
        var lines = ["", "## \(section.object.name)", "", "`\(section.path)`: \(section.object.doc)", ""]
        if section.object.fields.isEmpty { return lines + ["It has no fields."] }
        lines += ["| Field | Type | Meaning |", "| --- | --- | --- |"]
        lines += section.object.fields.map { field in
            let name = "`\(field.name)`" + (field.isRequired ? ", required" : "")
            let example = field.example.map { " For example `\($0)`." } ?? ""
            return "| \(cell(name)) | \(cell(type(field.type))) | \(cell(field.doc + example)) |"
        }
        if !section.object.groups.isEmpty { lines += [""] + section.object.groups.map(\.sentence) }
        for key in section.object.notYet.keys.sorted() {
            if key == section.object.notYet.keys.min() { lines.append("") }
            lines.append("- `\(key)`: \(section.object.notYet[key] ?? "").")
        }
        return lines
    }

    private static func type(_ type: SchemaType) -> String {
        guard let object = type.objectInside else { return type.words }
        let link = "[\(object.name)](#\(object.name.lowercased()))"
        return type.isList ? "list of \(link)" : link
    }

    /// A pipe would end the cell.
    private static func cell(_ text: String) -> String {
        String(text.flatMap { $0 == "|" ? "\\|" : String($0) })
    }
}

extension SchemaType {
    var isList: Bool { if case .list = self { true } else { false } }
}

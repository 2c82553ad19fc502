// SPDX-License-Identifier: Apache-2.0

/// Writes trees as YAML in block style. Texts stand in double quotes unless every reader takes them for a text without.
/// What readers disagree on, as `on`, stays as it was written: in quotes it would be a text to all of them.
enum YAMLText {
    static func text(_ node: ManifestNode) -> String {
        var text = ""
        write(node, indent: 0, into: &text)
        return text
    }

    /// Writes a node that begins on a line of its own, whose first line is already indented.
    private static func write(_ node: ManifestNode, indent: Int, into text: inout String) {
        switch node.content {
        case .mapping(let entries) where !entries.isEmpty:
            for (index, entry) in entries.enumerated() {
                if index > 0 { text += spaces(indent) }
                text += scalar(entry.key) + ":"
                writeValue(entry.value, indent: indent, into: &text)
            }
        case .sequence(let items) where !items.isEmpty:
            for (index, item) in items.enumerated() {
                if index > 0 { text += spaces(indent) }
                text += "- "
                write(item, indent: indent + 2, into: &text)
            }
        default:
            text += inline(node) + "\n"
        }
    }

    private static func writeValue(_ node: ManifestNode, indent: Int, into text: inout String) {
        let isEmpty = node.entries?.isEmpty ?? node.items?.isEmpty ?? true
        if isEmpty {
            text += " " + inline(node) + "\n"
        } else {
            text += "\n" + spaces(indent + 2)
            write(node, indent: indent + 2, into: &text)
        }
    }

    private static func inline(_ node: ManifestNode) -> String {
        switch node.content {
        case .text(let value): scalar(value)
        case .ambiguous(let value, _): value
        case .number(let value): value
        case .boolean(let value): value ? "true" : "false"
        case .null: "null"
        case .mapping: "{}"
        case .sequence: "[]"
        }
    }

    private static func spaces(_ count: Int) -> String { String(repeating: " ", count: count) }

    /// Words of letters, digits and inner marks that are neither a number, a truth value nor null.
    static func scalar(_ value: String) -> String {
        guard let first = value.utf8.first, let last = value.utf8.last, TextBytes.isAlphanumeric(first),
            TextBytes.isAlphanumeric(last) || last == UInt8(ascii: "/"),
            TextBytes.all(value, "-_./ ", TextBytes.isAlphanumeric), PlainScalar.content(of: value) == .text(value)
        else { return JSONText.quoted(value) }
        return value
    }
}

// SPDX-License-Identifier: Apache-2.0

/// Writes trees as JSON (RFC 8259). The order of keys is the tree's.
package enum JSONText {
    package static func compact(_ node: ManifestNode) -> String {
        var text = ""
        write(node, indent: nil, into: &text)
        return text
    }

    /// Two spaces for each level, and a line end after the last line.
    package static func pretty(_ node: ManifestNode) -> String {
        var text = ""
        write(node, indent: 0, into: &text)
        return text + "\n"
    }

    private static func write(_ node: ManifestNode, indent: Int?, into text: inout String) {
        switch node.content {
        case .null: text += "null"
        case .boolean(let value): text += value ? "true" : "false"
        case .number(let number): text += number
        case .text(let value), .ambiguous(let value, _): quote(value, into: &text)
        case .sequence(let items):
            writeList(open: "[", close: "]", count: items.count, indent: indent, into: &text) { index, text in
                write(items[index], indent: indent.map { $0 + 2 }, into: &text)
            }
        case .mapping(let entries):
            writeList(open: "{", close: "}", count: entries.count, indent: indent, into: &text) { index, text in
                quote(entries[index].key, into: &text)
                text += indent == nil ? ":" : ": "
                write(entries[index].value, indent: indent.map { $0 + 2 }, into: &text)
            }
        }
    }

    private static func writeList(
        open: String, close: String, count: Int, indent: Int?, into text: inout String,
        _ item: (Int, inout String) -> Void
    ) {
        text += open
        for index in 0..<count {
            if index > 0 { text += "," }
            if let indent { text += "\n" + String(repeating: " ", count: indent + 2) }
            item(index, &text)
        }
        if let indent, count > 0 { text += "\n" + String(repeating: " ", count: indent) }
        text += close
    }

    /// The text in double quotes; the form is good for YAML as well (YAML 1.2.2 section 5.7).
    package static func quoted(_ value: String) -> String {
        var text = ""
        quote(value, into: &text)
        return text
    }

    private static func quote(_ value: String, into text: inout String) {
        text += "\""
        for scalar in value.unicodeScalars {
            switch scalar {
            case "\"": text += "\\\""
            case "\\": text += "\\\\"
            case "\n": text += "\\n"
            case "\r": text += "\\r"
            case "\t": text += "\\t"
            default:
                if mustBeEscaped(scalar.value) {
                    let digits = String(scalar.value, radix: 16)
                    text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
                } else {
                    text.unicodeScalars.append(scalar)
                }
            }
        }
        text += "\""
    }

    /// Controls, and what a YAML reader takes for a line end or refuses; all of them lie in the basic plane.
    private static func mustBeEscaped(_ value: UInt32) -> Bool {
        switch value {
        case 0..<0x20, 0x7F..<0xA0, 0x2028, 0x2029, 0xFEFF, 0xFFFE, 0xFFFF: true
        default: false
        }
    }
}

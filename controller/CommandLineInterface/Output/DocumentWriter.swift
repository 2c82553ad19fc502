// SPDX-License-Identifier: Apache-2.0
internal import ChaosModel
internal import FoundationEssentials

/// Machine-readable output: the same value always gives the same bytes.
package enum DocumentWriter {
    /// Pretty JSON with sorted keys and a line break at its end. Throws what the value's own encoding throws.
    package static func json(_ value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return harmless(String(decoding: try encoder.encode(value), as: UTF8.self)) + "\n"
    }

    /// YAML in block style; resources as manifests are written, everything else with sorted keys.
    package static func yaml(_ value: some Encodable) throws -> String {
        if let resource = value as? any Resource { return try ManifestWriter.yaml(resource) }
        return try ManifestWriter.yaml(value: value)
    }

    /// JSON on one line, without a line break.
    static func line(_ value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return harmless(String(decoding: try encoder.encode(value), as: UTF8.self))
    }

    /// JSON may hold DEL, C1 and reordering marks raw, and a terminal may obey them. Outside strings they cannot occur,
    /// so they can be written as `\u009b` anywhere.
    private static func harmless(_ text: String) -> String {
        guard text.unicodeScalars.contains(where: { $0.isUnprintable && $0.value > 0x1F }) else { return text }
        var safe = ""
        for scalar in text.unicodeScalars {
            guard scalar.isUnprintable, scalar.value > 0x1F else {
                safe.unicodeScalars.append(scalar)
                continue
            }
            for unit in String(scalar).utf16 {
                let digits = String(unit, radix: 16)
                safe += "\\u" + String(repeating: "0", count: 4 - digits.utf8.count) + digits
            }
        }
        return safe
    }
}

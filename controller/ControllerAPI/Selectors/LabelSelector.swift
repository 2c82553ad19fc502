// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import ResourceStore

/// The `labelSelector` parameter: `a=b, c!=d, e in (f,g), h notin (i), j, !k`.
/// https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#label-selectors
struct LabelSelector: Sendable, Equatable {
    private(set) var requirements: [LabelRequirement] = []

    static let everything = LabelSelector()

    private init() {}

    /// Throws a bad request that names the part that is not understood.
    init(_ text: String) throws(StatusError) {
        if text.utf8.count > 8_192 { throw .badRequest("the labelSelector is longer than 8192 bytes") }
        for part in try Self.parts(of: text) {
            let part = part.trimmed
            if part.isEmpty { throw .badRequest("the labelSelector \(Quoted.text(text)) has an empty requirement") }
            requirements.append(try Self.requirement(part))
        }
        if requirements.count > 100 { throw .badRequest("the labelSelector has more than 100 requirements") }
    }

    /// Commas separate requirements, but not within parentheses.
    private static func parts(of text: String) throws(StatusError) -> [String] {
        var parts = [""]
        var isInside = false
        for character in text {
            switch character {
            case "(" where !isInside: isInside = true
            case ")" where isInside: isInside = false
            case "(", ")": throw .badRequest("the labelSelector \(Quoted.text(text)) has unmatched parentheses")
            case "," where !isInside:
                parts.append("")
                continue
            default: break
            }
            parts[parts.count - 1].append(character)
        }
        if isInside { throw .badRequest("the labelSelector \(Quoted.text(text)) has unmatched parentheses") }
        return text.trimmed.isEmpty ? [] : parts
    }

    private static func requirement(_ part: String) throws(StatusError) -> LabelRequirement {
        if let open = part.firstIndex(of: "(") { return try setRequirement(part, open) }
        if part.first == "!" { return LabelRequirement(try label(part.dropFirst()), .isAbsent) }
        if let sign = part.firstRange(of: "!=") {
            return LabelRequirement(
                try label(part[..<sign.lowerBound]), .notIn([try value(part[sign.upperBound...])]))
        }
        if let sign = part.firstRange(of: "==") ?? part.firstRange(of: "=") {
            return LabelRequirement(
                try label(part[..<sign.lowerBound]), .isIn([try value(part[sign.upperBound...])]))
        }
        return LabelRequirement(try label(part[...]), .exists)
    }

    private static func setRequirement(_ part: String, _ open: String.Index) throws(StatusError) -> LabelRequirement {
        let words = part[..<open].split(whereSeparator: \.isWhitespace)
        guard words.count == 2, part.last == ")" else { throw malformed(part) }
        var values: [String] = []
        let inside = part[part.index(after: open)...].dropLast()
        for text in inside.split(separator: ",", omittingEmptySubsequences: false) { values.append(try value(text)) }
        switch words[1] {
        case "in": return LabelRequirement(try label(words[0]), .isIn(values))
        case "notin": return LabelRequirement(try label(words[0]), .notIn(values))
        default: throw malformed(part)
        }
    }

    private static func label(_ text: Substring) throws(StatusError) -> String {
        let label = String(text).trimmed
        guard TextRule.labelKey.matches(label) else {
            throw .badRequest("\(Quoted.text(label)) in the labelSelector is not \(TextRule.labelKey.words)")
        }
        return label
    }

    private static func value(_ text: Substring) throws(StatusError) -> String {
        let value = String(text).trimmed
        guard value.isEmpty || TextRule.labelValue.matches(value) else {
            throw .badRequest("\(Quoted.text(value)) in the labelSelector is not \(TextRule.labelValue.words)")
        }
        return value
    }

    private static func malformed(_ part: String) -> StatusError {
        .badRequest("\(Quoted.text(part)) in the labelSelector is not understood; write a=b, a!=b, a in (b,c), a or !a")
    }

    func matches(_ labels: [String: String]) -> Bool {
        requirements.allSatisfy { requirement in
            let value = labels[requirement.label]
            return switch requirement.condition {
            case .isIn(let values): value.map(values.contains) ?? false
            case .notIn(let values): value.map { !values.contains($0) } ?? true
            case .exists: value != nil
            case .isAbsent: value == nil
            }
        }
    }
}

extension String {
    /// Without white space at its ends.
    var trimmed: String {
        var text = self[...]
        while text.first?.isWhitespace == true { text.removeFirst() }
        while text.last?.isWhitespace == true { text.removeLast() }
        return String(text)
    }
}

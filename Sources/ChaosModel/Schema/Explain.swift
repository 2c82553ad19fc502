// SPDX-License-Identifier: Apache-2.0

/// Says what a field means: the text of `rebound explain experiment.spec.faults.ec2`.
package enum Explain {
    /// Why there is nothing to explain.
    package struct UnknownPath: Error, Sendable, Equatable, CustomStringConvertible {
        package var message: String
        package var hint: String
        package var description: String { "\(message); \(hint)" }
    }

    /// The text for a path that begins with a kind, in any case: `experiment.spec.faults.ec2`. List indices are
    /// ignored.
    package static func text(for path: String) throws(UnknownPath) -> String {
        let words = path.split(separator: ".", omittingEmptySubsequences: false).map { word in
            String(word.prefix { $0 != "[" })
        }
        guard let first = words.first, let root = root(named: first) else { throw unknownKind(words.first ?? "") }
        var field = FieldSchema(root.name, .object(root), root.doc)
        var known = root.name.lowercased()
        for word in words.dropFirst() {
            field = try step(to: word, in: field.type, known: known)
            known += "." + field.name
        }
        return ExplainPage(path: known, field: field).text
    }

    /// The schema of a kind, or of the controller's configuration file.
    private static func root(named word: String) -> ObjectSchema? {
        if word.lowercased() == ControllerConfiguration.kindName.lowercased() { return ConfigurationSchema.controller }
        return kind(named: word).map(ResourceSchema.schema)
    }

    private static func kind(named word: String) -> ResourceKind? {
        let lower = word.lowercased()
        return ResourceKind.allCases.first {
            [$0.rawValue.lowercased(), $0.plural].contains(lower)
        }
    }

    private static func unknownKind(_ word: String) -> UnknownPath {
        let kinds = (ResourceKind.allCases.map(\.rawValue) + [ControllerConfiguration.kindName]).map { $0.lowercased() }
        let near = NearMiss.nearest(to: word, in: kinds).map { "did you mean \($0)?" }
        return UnknownPath(
            message: "there is no kind `\(word)`", hint: near ?? "the kinds are \(kinds.joined(separator: ", "))")
    }

    private static func step(to word: String, in type: SchemaType, known: String) throws(UnknownPath) -> FieldSchema {
        guard let object = type.objectInside else {
            throw UnknownPath(message: "`\(known)` has no fields", hint: "run `rebound explain \(known)`")
        }
        if let field = object.field(word) { return field }
        if let later = object.notYet[word] {
            throw UnknownPath(message: "`\(known).\(word)`: \(later)", hint: "run `rebound explain \(known)`")
        }
        let near = NearMiss.nearest(to: word, in: object.fields.map(\.name)).map { "did you mean \(known).\($0)?" }
        throw UnknownPath(message: "`\(known)` has no field `\(word)`", hint: near ?? "run `rebound explain \(known)`")
    }
}

extension SchemaType {
    /// The object that a field holds, also as the items of a list.
    var objectInside: ObjectSchema? {
        switch self {
        case .object(let schema): schema
        case .list(let item, _), .oneOrMany(let item), .anyMap(let item): item.objectInside
        case .text, .integer, .decimal, .boolean, .onlyTrue, .unsigned, .duration, .timestamp, .choice, .textMap,
            .integerOrText:
            nil
        }
    }

    /// The type in a few words, with its limits.
    var words: String {
        switch self {
        case .text(let rule): "text: \(rule.words)"
        case .integer(let range) where range.upperBound == Int.max: "whole number from \(range.lowerBound) up"
        case .integer(let range): "whole number from \(range.lowerBound) to \(range.upperBound)"
        case .unsigned: "whole number from 0 to 2^64 - 1"
        case .decimal(let range) where range.high == Double.greatestFiniteMagnitude: "number"
        case .decimal(let range):
            "number \(range.excludesLow ? "above" : "from") \(Int(range.low)) to \(Int(range.high))"
        case .boolean: "true or false"
        case .onlyTrue: "true"
        case .duration(let range): "length of time from \(range.low) to \(range.high)"
        case .timestamp: "RFC 3339 time"
        case .choice(let words): words.count == 1 ? words[0] : "one of " + words.joined(separator: ", ")
        case .list(let item, _): "list of " + item.words
        case .textMap(let keys, _): "mapping of texts; each key is \(keys.words)"
        case .anyMap(let item): "mapping, each value: " + item.words
        case .object(let schema): schema.name
        case .integerOrText(let range, let rule):
            "whole number from \(range.lowerBound) to \(range.upperBound), or \(rule.words)"
        case .oneOrMany(let item): item.words + "; one, or a list"
        }
    }
}

extension FieldGroup {
    /// The rule as a sentence.
    package var sentence: String {
        let list = names.joined(separator: ", ")
        return switch rule {
        case .exactlyOne: "Exactly one of these is written: \(list)."
        case .atMostOne: "At most one of these is written: \(list)."
        case .atLeastOne: "At least one of these is written: \(list)."
        }
    }
}

/// Lays one field out for a terminal.
private struct ExplainPage {
    let path: String
    let field: FieldSchema

    var text: String {
        var lines = ["FIELD: \(path)", "TYPE:  \(field.type.words)"]
        if field.isRequired { lines.append("       required") }
        lines += ["", field.doc]
        if let object = field.type.objectInside, object.doc != field.doc { lines.append(object.doc) }
        if let example = field.example { lines += ["", "EXAMPLE: \(field.name): \(example)"] }
        if let object = field.type.objectInside { lines += fieldLines(of: object) }
        return lines.joined(separator: "\n") + "\n"
    }

    private func fieldLines(of object: ObjectSchema) -> [String] {
        var lines = ["", "FIELDS:"]
        let width = object.fields.map(\.name.count).max() ?? 0
        for field in object.fields {
            let mark = field.isRequired ? "*" : " "
            let padding = String(repeating: " ", count: width - field.name.count)
            lines.append("  \(field.name)\(mark)\(padding)  <\(field.type.words)>")
            lines.append("  \(String(repeating: " ", count: width))   \(field.doc)")
        }
        if object.fields.contains(where: \.isRequired) { lines += ["", "* required"] }
        return lines + object.groups.map(\.sentence)
    }
}

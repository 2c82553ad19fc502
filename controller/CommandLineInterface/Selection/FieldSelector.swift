// SPDX-License-Identifier: Apache-2.0
package import ChaosModel
internal import FoundationEssentials

/// A choice by fields: `metadata.name=x,status.phase!=Done`
/// (https://kubernetes.io/docs/concepts/overview/working-with-objects/field-selectors/).
package struct FieldSelector: Sendable, Equatable {
    /// As it was written.
    package let text: String
    let rules: [(path: [String], isEqual: Bool, value: String)]

    /// Throws a failure that names the part that is not understood.
    package init(_ text: String) throws(CommandFailure) {
        self.text = text
        var rules: [(path: [String], isEqual: Bool, value: String)] = []
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            guard let sign = ["!=", "==", "="].lazy.compactMap({ part.firstRange(of: $0) }).first,
                sign.lowerBound > part.startIndex
            else {
                throw CommandFailure(
                    .usage, "\"\(part)\" is no choice by a field",
                    hint: "Write path=value or path!=value, such as status.phase=Done.")
            }
            let path = part[..<sign.lowerBound].split(separator: ".").map(String.init)
            rules.append((path, part[sign] != "!=", String(part[sign.upperBound...])))
        }
        self.rules = rules
    }

    package static func == (a: Self, b: Self) -> Bool { a.text == b.text }

    /// Whether all rules hold. A field that is not there is an empty text, as in Kubernetes.
    package func matches(_ resource: some Resource) -> Bool {
        guard let fields = FieldTree(resource) else { return false }
        return rules.allSatisfy { rule in (fields.text(at: rule.path) == rule.value) == rule.isEqual }
    }
}

/// The fields of a resource by their paths, as its JSON has them.
indirect enum FieldTree: Decodable {
    case object([String: FieldTree])
    case list([FieldTree])
    case scalar(String)
    case null

    /// Nil for a resource that cannot be written, which none is that was read.
    init?(_ resource: some Resource) {
        guard let data = try? JSONEncoder().encode(resource),
            let tree = try? JSONDecoder().decode(FieldTree.self, from: data)
        else { return nil }
        self = tree
    }

    init(from decoder: any Decoder) throws {
        if let object = try? decoder.singleValueContainer().decode([String: FieldTree].self) {
            self = .object(object)
        } else if let list = try? decoder.singleValueContainer().decode([FieldTree].self) {
            self = .list(list)
        } else if let text = try? decoder.singleValueContainer().decode(String.self) {
            self = .scalar(text)
        } else if let flag = try? decoder.singleValueContainer().decode(Bool.self) {
            self = .scalar(flag ? "true" : "false")
        } else if let number = try? decoder.singleValueContainer().decode(Int64.self) {
            self = .scalar("\(number)")
        } else if let number = try? decoder.singleValueContainer().decode(Double.self) {
            self = .scalar("\(number)")
        } else {
            self = .null
        }
    }

    /// The text of a scalar; empty where there is none.
    func text(at path: [String]) -> String {
        guard case .scalar(let text)? = node(at: path[...]) else { return "" }
        return text
    }

    /// The status of the condition of that type; nil where there is none.
    func statusOfCondition(_ type: String) -> String? {
        guard case .list(let conditions)? = node(at: ["status", "conditions"]) else { return nil }
        return conditions.first { $0.text(at: ["type"]).lowercased() == type.lowercased() }?.text(at: ["status"])
    }

    private func node(at path: ArraySlice<String>) -> FieldTree? {
        guard let first = path.first else { return self }
        guard case .object(let fields) = self else { return nil }
        return fields[first]?.node(at: path.dropFirst())
    }
}

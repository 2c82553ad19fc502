// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials

/// Reads the controller's configuration as strictly as manifests are read: YAML or JSON, every problem at once.
package enum ConfigurationReader {
    /// The configuration that the bytes of a file hold, checked. `file` names it in messages.
    package static func read(bytes: [UInt8], file: String) throws(ValidationFailure) -> ControllerConfiguration {
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw ValidationFailure(problems: [Problem(path: "", message: "the text is not UTF-8")], file: file)
        }
        let (trees, reading) = trees(of: text)
        var problems = reading
        if trees.isEmpty, problems.isEmpty {
            problems.append(
                Problem(
                    path: "", message: "nothing to read",
                    hint: "write apiVersion: \(reboundAPIVersion) and kind: \(ControllerConfiguration.kindName)"))
        }
        if let second = trees.dropFirst().first {
            problems.append(
                Problem(path: "", message: "a second document; a file holds one", position: second.position))
        }
        if let tree = trees.first { problems += self.problems(in: tree) }
        guard problems.isEmpty, let tree = trees.first else {
            throw ValidationFailure(problems: problems, file: file)
        }
        return try decode(tree, file: file)
    }

    /// Values from elsewhere, such as the environment, over no file. Lists are written with commas between their
    /// items. Problems name the source of the value.
    package static func read(overrides: [Override]) throws(ValidationFailure) -> ControllerConfiguration {
        var problems: [Problem] = []
        var tree = ManifestNode(.mapping(headEntries))
        for override in overrides {
            let node = override.node
            var check = SchemaCheck()
            check.check(
                ManifestNode(.mapping(headEntries + (node.entries ?? []))), against: ConfigurationSchema.controller,
                path: "")
            problems += check.problems.map { problem in
                var named = problem
                named.path = "\(override.source) (\(problem.path))"
                return named
            }
            tree = Override.merged(tree, node)
        }
        guard problems.isEmpty else { throw ValidationFailure(problems: problems, file: "environment and options") }
        return try decode(tree, file: "environment and options")
    }

    /// One value for one field, and where it came from.
    package struct Override: Sendable, Equatable {
        /// `REBOUND_LISTEN`, or `--listen`.
        package var source: String
        /// The field's path, as `["log", "level"]`.
        package var path: [String]
        /// As a manifest has it, but for lists, whose items stand between commas.
        package var text: String

        package init(source: String, path: [String], text: String) {
            (self.source, self.path, self.text) = (source, path, text)
        }

        fileprivate var node: ManifestNode {
            var type = SchemaType.object(ConfigurationSchema.controller)
            for word in path { type = type.objectInside?.field(word)?.type ?? type }
            let value = Self.value(text, type)
            return path.reversed().reduce(value) { inner, word in
                ManifestNode(.mapping([ManifestNode.Entry(key: word, value: inner)]))
            }
        }

        private static func value(_ text: String, _ type: SchemaType) -> ManifestNode {
            switch type {
            case .list(let item, _):
                let items = text.split(separator: ",", omittingEmptySubsequences: false)
                return ManifestNode(.sequence(items.map { value($0.trimmed, item) }))
            case .integer: return ManifestNode(Int(text) == nil ? .text(text) : .number(text))
            case .boolean where text == "true" || text == "false": return ManifestNode(.boolean(text == "true"))
            default: return ManifestNode(.text(text))
            }
        }

        /// Both mappings in one; where both say something, `b` does.
        fileprivate static func merged(_ a: ManifestNode, _ b: ManifestNode) -> ManifestNode {
            guard let ours = a.entries, let theirs = b.entries else { return b }
            var entries = ours.map { entry in
                var entry = entry
                if let other = b[entry.key] { entry.value = merged(entry.value, other) }
                return entry
            }
            entries += theirs.filter { a[$0.key] == nil }
            return ManifestNode(.mapping(entries))
        }
    }

    private static var headEntries: [ManifestNode.Entry] {
        [
            ManifestNode.Entry(key: "apiVersion", value: ManifestNode(.text(reboundAPIVersion))),
            ManifestNode.Entry(key: "kind", value: ManifestNode(.text(ControllerConfiguration.kindName))),
        ]
    }

    private static let knownKeys: Set<String> = {
        var keys: Set<String> = []
        ResourceSchema.collect(.object(ConfigurationSchema.controller), into: &keys)
        return keys
    }()

    private static func trees(of text: String) -> (trees: [ManifestNode], problems: [Problem]) {
        if let problem = TextBounds.problem(in: text) { return ([], [problem]) }
        let first = text.utf8.first { $0 != 0x20 && $0 != 0x0A && $0 != 0x0D && $0 != 0x09 }
        let (documents, problems) =
            first == UInt8(ascii: "{") ? JSONReader.read(text) : YAMLReader.read(text, knownKeys: knownKeys)
        return (documents, problems)
    }

    private static func problems(in tree: ManifestNode) -> [Problem] {
        guard tree.entries != nil else {
            let message = "a configuration is a mapping, not \(tree.kindOfValue)"
            return [Problem(path: "", message: message, position: tree.position)]
        }
        var check = SchemaCheck()
        check.check(tree, against: ConfigurationSchema.controller, path: "")
        return check.problems
    }

    private static func decode(_ tree: ManifestNode, file: String) throws(ValidationFailure) -> ControllerConfiguration
    {
        do {
            return try JSONDecoder().decode(ControllerConfiguration.self, from: Data(JSONText.compact(tree).utf8))
        } catch {
            // The schema admits nothing that the type does not; if it did, the operator learns what.
            throw ValidationFailure(problems: [Problem(path: "", message: "\(error)")], file: file)
        }
    }
}

extension Substring {
    fileprivate var trimmed: String {
        String(drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
    }
}

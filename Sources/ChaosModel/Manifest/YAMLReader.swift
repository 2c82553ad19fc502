// SPDX-License-Identifier: Apache-2.0
import Yams

/// Reads YAML into trees, one for each document, and refuses whatever makes a typing slip change the meaning in silence:
/// anchors, aliases, merge keys, tags, tabs, directives, texts over several lines without quotes or `|`, keys that are no texts.
struct YAMLReader {
    private let lines: [Substring]
    private var problems: [Problem] = []

    private init(text: String) { lines = text.split(separator: "\n", omittingEmptySubsequences: false) }

    /// The documents, empty ones left out, and every problem found. With problems, the documents are not to be used.
    static func read(_ text: String, knownKeys: Set<String>) -> (documents: [ManifestNode], problems: [Problem]) {
        // A lone carriage return was refused before, so that dropping all of them only changes the ends of lines.
        let unified = String(String.UnicodeScalarView(text.unicodeScalars.filter { $0 != "\r" }))
        var reader = YAMLReader(text: unified)
        reader.problems = CommentRule(knownKeys: knownKeys).problems(in: reader.lines)
        reader.checkLines()
        var documents: [ManifestNode] = []
        do {
            let parser = try Parser(yaml: unified, encoding: .utf8)
            while let root = try parser.nextRoot() {
                let node = reader.node(root, depth: 1)
                if node.content != .null { documents.append(node) }
                if documents.count > ManifestLimits.documents {
                    reader.report("more than \(ManifestLimits.documents) documents", at: node.position)
                    break
                }
            }
        } catch {
            reader.problems.append(Self.problem(from: error))
        }
        return (documents, reader.problems)
    }

    // MARK: Lines

    private mutating func checkLines() {
        for (index, line) in lines.enumerated() {
            let position = ManifestPosition(line: index + 1, column: 1)
            if let tab = line.firstIndex(of: "\t") {
                let column = line.unicodeScalars.distance(from: line.startIndex, to: tab) + 1
                report("a tab; use spaces", at: ManifestPosition(line: index + 1, column: column))
            }
            if line.first == "%" { report("directives are not read", at: position) }
            let isMarker = line.hasPrefix("---") || line.hasPrefix("...")
            if isMarker, !line.dropFirst(3).allSatisfy({ $0 == " " }), line.dropFirst(3).prefix(2) != " #" {
                report("`---` and `...` stand alone on their line", at: position, value: String(line))
            }
            let body = line.drop { $0 == " " || $0 == "-" }
            if body.hasPrefix("? ") || body == "?" { report("keys marked with `?` are not read", at: position) }
        }
    }

    private mutating func report(_ message: String, at position: ManifestPosition, value: String? = nil) {
        problems.append(Problem(path: "", message: message, value: value, position: position))
    }

    // MARK: Nodes

    private mutating func node(_ node: Node, depth: Int) -> ManifestNode {
        let position = node.mark.map { ManifestPosition(line: $0.line, column: $0.column) } ?? .unknown
        guard depth <= ManifestLimits.depth else {
            report("nested deeper than \(ManifestLimits.depth) levels", at: position)
            return ManifestNode(.null, position: position)
        }
        if node.anchor != nil {
            report("anchors and aliases are not read; write the value out", at: position)
            return ManifestNode(.null, position: position)
        }
        switch node {
        case .scalar(let scalar): return ManifestNode(content(of: scalar, at: position), position: position)
        case .sequence(let sequence):
            checkTag(sequence.tag, at: position)
            return ManifestNode(.sequence(sequence.map { self.node($0, depth: depth + 1) }), position: position)
        case .mapping(let mapping):
            checkTag(mapping.tag, at: position)
            return ManifestNode(.mapping(mapping.compactMap { entry($0, $1, depth: depth) }), position: position)
        case .alias:
            report("anchors and aliases are not read; write the value out", at: position)
            return ManifestNode(.null, position: position)
        }
    }

    private mutating func entry(_ key: Node, _ value: Node, depth: Int) -> ManifestNode.Entry? {
        let keyNode = node(key, depth: depth + 1)
        guard let name = keyNode.text else {
            report("a key must be a text, not \(keyNode.kindOfValue)", at: keyNode.position, value: keyNode.written)
            return nil
        }
        if name == "<<" { report("merge keys are not read", at: keyNode.position) }
        return .init(key: name, position: keyNode.position, value: node(value, depth: depth + 1))
    }

    private mutating func content(of scalar: Node.Scalar, at position: ManifestPosition) -> ManifestNode.Content {
        checkTag(scalar.tag, at: position)
        switch scalar.style {
        case .plain, .any:
            if !scalar.string.isEmpty, !source(at: position).hasPrefix(scalar.string) {
                report("a text over several lines needs `|` or `>`", at: position, value: scalar.string)
            }
            return PlainScalar.content(of: scalar.string)
        case .singleQuoted, .doubleQuoted:
            if !closesOnItsLine(source(at: position)) {
                report("a quoted text ends on the line it begins on", at: position, value: scalar.string)
            }
            return .text(scalar.string)
        case .literal, .folded:
            return .text(scalar.string)
        }
    }

    private mutating func checkTag(_ tag: Tag, at position: ManifestPosition) {
        let implied: Set<String> = [
            "", "tag:yaml.org,2002:seq", "tag:yaml.org,2002:map", "tag:yaml.org,2002:str",
        ]
        if !implied.contains(tag.description) || source(at: position).hasPrefix("!") {
            report("tags such as `!!str` are not read", at: position, value: tag.description)
        }
    }

    /// The line of the text from this place on.
    private func source(at position: ManifestPosition) -> Substring {
        guard lines.indices.contains(position.line - 1) else { return "" }
        let scalars = lines[position.line - 1].unicodeScalars
        return Substring(scalars.dropFirst(max(0, position.column - 1)))
    }

    /// Whether the quote that `source` begins with is closed before the line ends.
    private func closesOnItsLine(_ source: Substring) -> Bool {
        guard let quote = source.first else { return false }
        var escaped = false
        for character in source.dropFirst() {
            if character == quote, !escaped { return true }
            escaped = quote == "\"" && character == "\\" && !escaped
        }
        return false
    }

    // MARK: Errors

    private static func problem(from error: any Error) -> Problem {
        guard let error = error as? YamlError else {
            return Problem(path: "", message: "not YAML: \(error)")
        }
        switch error {
        case .scanner(let context, let problem, let mark, _), .parser(let context, let problem, let mark, _),
            .composer(let context, let problem, let mark, _):
            let detail = context.map { "\($0.text) from line \($0.mark.line): " } ?? ""
            return Problem(
                path: "", message: "not YAML: \(detail)\(problem)",
                position: ManifestPosition(line: mark.line, column: mark.column))
        case .duplicatedKeysInMapping(let duplicates, let context):
            let names = duplicates.sorted().map { "`\($0)`" }.joined(separator: ", ")
            return Problem(
                path: "", message: "written twice in one mapping: \(names)",
                position: ManifestPosition(line: context.mark.line, column: context.mark.column))
        default:
            return Problem(path: "", message: "not YAML: \(error)")
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
import Yams

/// Reads YAML into trees, one for each document, and refuses whatever makes a typing slip change the meaning in
/// silence: anchors, aliases, merge keys, tags, tabs, directives, texts over several lines without quotes or `|`, keys
/// that are no texts.
struct YAMLReader {
    private let lines: [[UInt8]]
    private var problems: [Problem] = []
    /// The bytes of texts in quotes, by line from 0.
    private var quoted: [Int: [Range<Int>]] = [:]

    private init(text: String) {
        lines = text.utf8.split(separator: 0x0A, omittingEmptySubsequences: false).map { Array($0) }
    }

    /// The documents, empty ones left out, and every problem found. With problems, the documents are not to be used.
    static func read(_ text: String, knownKeys: Set<String>) -> (documents: [ManifestNode], problems: [Problem]) {
        // A lone carriage return was refused before, so that dropping all of them only changes the ends of lines.
        let unified = text.utf8.contains(0x0D) ? String(decoding: text.utf8.filter { $0 != 0x0D }, as: UTF8.self) : text
        var reader = YAMLReader(text: unified)
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
        let comments = CommentRule(knownKeys: knownKeys).problems(in: reader.lines, quoted: reader.quoted)
        return (documents, reader.problems + comments)
    }

    // MARK: Lines

    private mutating func checkLines() {
        for (index, line) in lines.enumerated() {
            let position = ManifestPosition(line: index + 1, column: 1)
            if let tab = line.firstIndex(of: 0x09) {
                let column = String(decoding: line[..<tab], as: UTF8.self).unicodeScalars.count + 1
                report("a tab; use spaces", at: ManifestPosition(line: index + 1, column: column))
            }
            if line.first == UInt8(ascii: "%") { report("directives are not read", at: position) }
            if line.starts(with: "---".utf8) || line.starts(with: "...".utf8), !isBareMarker(line) {
                report(
                    "`---` and `...` stand alone on their line", at: position,
                    value: String(decoding: line, as: UTF8.self))
            }
            let body = line.drop { $0 == 0x20 || $0 == UInt8(ascii: "-") }
            if body.first == UInt8(ascii: "?"), body.count == 1 || body.dropFirst().first == 0x20 {
                report("keys marked with `?` are not read", at: position)
            }
        }
    }

    private func isBareMarker(_ line: [UInt8]) -> Bool {
        let rest = line.dropFirst(3)
        return rest.allSatisfy { $0 == 0x20 } || rest.starts(with: " #".utf8)
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
            if !scalar.string.isEmpty, !source(at: position).starts(with: scalar.string.utf8) {
                report("a text over several lines needs `|` or `>`", at: position, value: scalar.string)
            }
            return PlainScalar.content(of: scalar.string)
        case .singleQuoted, .doubleQuoted:
            if let end = closingQuote(of: source(at: position)) {
                quoted[position.line - 1, default: []].append(source(at: position).startIndex..<end)
            } else {
                report("a quoted text ends on the line it begins on", at: position, value: scalar.string)
            }
            return .text(scalar.string)
        case .literal, .folded:
            return .text(scalar.string)
        }
    }

    private static let impliedTags: Set<String> = [
        "", "tag:yaml.org,2002:seq", "tag:yaml.org,2002:map", "tag:yaml.org,2002:str",
    ]

    private mutating func checkTag(_ tag: Tag, at position: ManifestPosition) {
        if !Self.impliedTags.contains(tag.description) || source(at: position).first == UInt8(ascii: "!") {
            report("tags such as `!!str` are not read", at: position, value: tag.description)
        }
    }

    /// The bytes of the line of the text from this place on. Columns count Unicode scalars.
    private func source(at position: ManifestPosition) -> ArraySlice<UInt8> {
        guard lines.indices.contains(position.line - 1) else { return [] }
        let line = lines[position.line - 1]
        var index = 0
        var left = position.column - 1
        while left > 0, index < line.count {
            index += 1
            while index < line.count, line[index] & 0xC0 == 0x80 { index += 1 }
            left -= 1
        }
        return line[index...]
    }

    /// Where the quote that `source` begins with is closed, on the same line; nil when it is not.
    private func closingQuote(of source: ArraySlice<UInt8>) -> Int? {
        guard let quote = source.first else { return nil }
        var index = source.startIndex + 1
        while index < source.endIndex {
            let isDouble = quote == UInt8(ascii: "\"")
            let isEscape = source[index] == (isDouble ? UInt8(ascii: "\\") : quote)
            let next = index + 1 < source.endIndex ? source[index + 1] : nil
            if isEscape, isDouble || next == quote {
                index += 2
                continue
            }
            if source[index] == quote { return index }
            index += 1
        }
        return nil
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

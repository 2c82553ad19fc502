// SPDX-License-Identifier: Apache-2.0

/// One thing wrong in a manifest: where, what, and what to write instead.
package struct Problem: Sendable, Equatable, CustomStringConvertible {
    /// The field, as `spec.faults[0].targets.pick.count`; empty when the text could not be read that far.
    package var path: String
    package var message: String
    /// The offending value as it was written, cut to 80 characters; nil where there is none.
    package var value: String?
    /// Counted from 1; 0 when not known. Columns count Unicode scalars.
    package var line: Int
    package var column: Int
    /// What the operator can do; nil when the message says it.
    package var hint: String?

    package init(
        path: String, message: String, value: String? = nil, position: ManifestPosition = .unknown,
        hint: String? = nil
    ) {
        self.path = path
        self.message = message
        self.value = value.map(Self.shortened)
        line = position.line
        column = position.column
        self.hint = hint
    }

    /// `spec.limits: missing; …`, with the value and the hint where there are any.
    package var description: String {
        var text = path.isEmpty ? message : "\(path): \(message)"
        if let value { text += " (got \(value))" }
        if let hint { text += "; \(hint)" }
        return text
    }

    /// The line for people and editors: `file.yaml:12:7: spec.x: message`.
    package func rendered(file: String) -> String {
        line > 0 ? "\(file):\(line):\(column): \(description)" : "\(file): \(description)"
    }

    private static func shortened(_ text: String) -> String {
        let flat = text.unicodeScalars.map { $0.value < 0x20 || $0.value == 0x7F ? " " : String($0) }
        return flat.count <= 80 ? flat.joined() : flat.prefix(77).joined() + "..."
    }
}

/// Every problem of a text at once, in the order of the lines.
package struct ValidationFailure: Error, Sendable, Equatable, CustomStringConvertible {
    package var problems: [Problem]
    /// The name of the file for rendering, or `-` for standard input.
    package var file: String

    package init(problems: [Problem], file: String) {
        let indexed = problems.enumerated().sorted {
            ($0.element.line, $0.element.column, $0.offset) < ($1.element.line, $1.element.column, $1.offset)
        }
        self.problems = indexed.map(\.element)
        self.file = file
    }

    /// One line for each problem.
    package var description: String { problems.map { $0.rendered(file: file) }.joined(separator: "\n") }
}

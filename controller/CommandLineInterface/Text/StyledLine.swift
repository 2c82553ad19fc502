// SPDX-License-Identifier: Apache-2.0

/// What a piece of text means, from which a palette makes a colour.
package enum Tone: Sendable, Equatable { case plain, strong, dim, good, bad, warning, accent }

/// A piece of text in one tone. Its text is made printable here, so that nothing from outside reaches a terminal raw.
package struct Span: Sendable, Equatable {
    package let text: String
    package let tone: Tone

    package init(_ text: String, _ tone: Tone = .plain) {
        self.text = text.printable
        self.tone = tone
    }
}

/// One line for a terminal or a file, without its line break.
package struct StyledLine: Sendable, Equatable, ExpressibleByStringLiteral {
    package var spans: [Span]

    package init(_ spans: [Span] = []) { self.spans = spans }
    package init(_ text: String, _ tone: Tone = .plain) { spans = [Span(text, tone)] }
    package init(stringLiteral text: String) { self.init(text) }

    package var width: Int { spans.reduce(0) { $0 + $1.text.displayWidth } }

    package static func + (a: Self, b: Self) -> Self { Self(a.spans + b.spans) }
    package static func += (a: inout Self, b: Self) { a.spans += b.spans }

    /// Spaces after it, to `width` cells.
    func padded(to width: Int) -> Self {
        let missing = width - self.width
        return missing > 0 ? self + Self(String(repeating: " ", count: missing)) : self
    }

    /// Spaces before it, to `width` cells.
    func paddedLeft(to width: Int) -> Self {
        let missing = width - self.width
        return missing > 0 ? Self(String(repeating: " ", count: missing)) + self : self
    }

    /// As much as fits into `width` cells, with a mark where something was left out.
    package func cut(to width: Int, mark: String) -> Self {
        guard self.width > width else { return self }
        var room = width
        var kept: [Span] = []
        for span in spans {
            let length = span.text.displayWidth
            // The span that reaches the edge is cut even when it would just fit, as more follows it.
            if length < room || (length == room && span == spans.last) {
                kept.append(span)
                room -= length
            } else {
                let shorter = length == room ? span.text + " " : span.text
                kept.append(Span(shorter.cut(to: room, mark: mark), span.tone))
                break
            }
        }
        return Self(kept)
    }
}

/// How tones look: as escape sequences of ECMA-48, or not at all.
package struct Palette: Sendable, Equatable {
    package var coloured: Bool

    package init(coloured: Bool) { self.coloured = coloured }

    /// The line as bytes for its destination, without trailing spaces.
    package func text(_ line: StyledLine) -> String {
        guard coloured else { return line.spans.map(\.text).joined().trimmedRight }
        return line.spans.map { span in
            let code = Self.code(span.tone)
            return code.isEmpty || span.text.isEmpty ? span.text : "\u{1b}[\(code)m\(span.text)\u{1b}[0m"
        }.joined()
    }

    /// All lines, each with its line break.
    package func text(_ lines: [StyledLine]) -> String { lines.map { text($0) + "\n" }.joined() }

    private static func code(_ tone: Tone) -> String {
        switch tone {
        case .plain: ""
        case .strong: "1"
        case .dim: "2"
        case .good: "32"
        case .bad: "1;31"
        case .warning: "33"
        case .accent: "36"
        }
    }
}

extension String {
    var trimmedRight: String {
        var rest = Substring(self)
        while rest.last == " " { rest.removeLast() }
        return String(rest)
    }
}

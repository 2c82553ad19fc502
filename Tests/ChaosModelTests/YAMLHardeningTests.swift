// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import ChaosModel

/// A text that YAML allows and manifests do not, and a part of the message.
struct HardCase: Sendable, CustomTestStringConvertible {
    var text: String
    var message: String

    init(_ text: String, _ message: String) {
        self.text = text
        self.message = message
    }

    var testDescription: String { text.split(separator: "\n").joined(separator: " / ") }
}

@Suite("YAML without surprises")
struct YAMLHardeningTests {
    @Test(
        "a form that hides a slip is refused",
        arguments: [
            HardCase("a: &x 1", "anchors"), HardCase("a: &x 1\nb: *x", "anchors"), HardCase("a: *x", "alias"),
            HardCase("a: !!str 1", "tags"), HardCase("a: !mine x", "tags"), HardCase("a: !!map { b: 1 }", "tags"),
            HardCase("<<: { b: 1 }", "merge"), HardCase("%YAML 1.1\n---\na: 1", "directives"),
            HardCase("a:\tb", "tab"), HardCase("a: 1\na: 2", "twice"), HardCase("a: { b: 1, b: 2 }", "twice"),
            HardCase("1: a", "key must be a text"), HardCase("[a]: b", "key must be a text"),
            HardCase("true: b", "key must be a text"), HardCase("? a\n: b", "`?`"),
            HardCase("a: b\n  c", "several lines"), HardCase("a: \"b\n  c\"", "ends on the line"),
            HardCase("a: 'b\n  c'", "ends on the line"), HardCase("--- a: 1", "alone"), HardCase("---x", "alone"),
            HardCase("a: 1 #b", "space follows"), HardCase("#a: 1", "space follows"),
            HardCase("a: 1\n  #b: 1", "space follows"),
            HardCase("# a: 1", "hides"), HardCase("a: 1 # note  b: 2", "hides"), HardCase("# text    pick: 1", "hides"),
            HardCase("a: { b: 1, # \"c:d\": 2", "hides"), HardCase("# - name: x", "hides"),
            HardCase("a: 1 # see {pick: 2}", "hides"), HardCase("a: \u{7}", "U+0007"), HardCase("a: \u{85}", "U+0085"),
            HardCase("\u{FEFF}a: 1", "U+FEFF"), HardCase("a: b\rc: d", "U+000D"),
        ])
    func isRefused(hard: HardCase) {
        let (_, problems) = ManifestReader.trees(of: hard.text)
        #expect(problems.contains { $0.message.contains(hard.message) }, "\(problems.map(\.description))")
    }

    @Test(
        "a plain form is read",
        arguments: [
            "a: 1 # a note", "# a note\na: 1", "## a: 2\na: 1", "#!/usr/bin/env rebound\na: 1", "#\na: 1",
            "a: b#c", "a: \"https://x.example/#top\"", "---\na: 1\n...\n", "a: |\n  many\n  lines\n",
            "a: >\n  many\n  lines\n",
            "a:\r\n  b: 1\r\n", "a: { b: [1, 2],\n     c: 3 }", "a: \"say \\\"hi\\\"\"", "a: 'it''s'",
            "a: \"see #12, pick: x\" # a note", "a: 'x''s #1'", "ä: ö # ü",
        ])
    func isRead(text: String) {
        let (documents, problems) = ManifestReader.trees(of: text)
        #expect(problems == [])
        #expect(documents.count == 1)
    }

    @Test(
        "bounds are kept",
        arguments: [
            String(repeating: "[", count: 100_000), String(repeating: "- ", count: 990) + "a",
            String(repeating: "a", count: ManifestLimits.bytes + 1), "{\"a\":" + String(repeating: "[", count: 70),
        ])
    func boundsAreKept(text: String) {
        let (_, problems) = ManifestReader.trees(of: text)
        #expect(!problems.isEmpty)
    }

    @Test(
        "an unquoted value means the same to every reader, or is ambiguous",
        arguments: [
            ("1", ManifestNode.Content.number("1")), ("-0.5", .number("-0.5")), ("true", .boolean(true)), ("~", .null),
            ("", .null), ("web", .text("web")), ("10.0.0.1", .text("10.0.0.1")), ("2026-12-25", .text("2026-12-25")),
            ("200-299", .text("200-299")), ("1m30s", .text("1m30s")), ("-", .text("-")), ("i-01", .text("i-01")),
        ])
    func plainScalars(text: String, content: ManifestNode.Content) {
        #expect(PlainScalar.content(of: text) == content)
    }

    @Test(
        "what readers disagree about is ambiguous",
        arguments: [
            "yes", "No", "ON", "off", "y", "n", "True", "FALSE", "0x10", "0o17", "017", "1_000", "+1", ".5", "5.",
            "1e3",
            "1E-3", ".inf", "-.Inf", ".NaN", "nan", "infinity", "12:30", "0b1", "1:30:00", "-07",
        ])
    func ambiguous(text: String) {
        guard case .ambiguous = PlainScalar.content(of: text) else {
            Issue.record("\(text) is \(PlainScalar.content(of: text))")
            return
        }
    }
}

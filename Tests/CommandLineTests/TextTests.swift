// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import CommandLineInterface
import Testing

@Suite("Text for terminals")
struct TextTests {
    @Test(
        "control characters and marks that reorder text are written out",
        arguments: [
            ("plain text", "plain text"), ("a\u{1b}[2Jb", "a\\u{1b}[2Jb"),
            ("two\nlines\r\u{7f}", "two\\u{a}lines\\u{d}\\u{7f}"),
            ("csi \u{9b}31m", "csi \\u{9b}31m"), ("\u{202e}gpj.exe", "\\u{202e}gpj.exe"),
            ("tag \u{e0041}", "tag \\u{e0041}"),
            ("\u{2028}", "\\u{2028}"), ("Łódź 漢字 👩‍🚒", "Łódź 漢字 👩‍🚒"),
        ])
    func printable(raw: String, shown: String) { #expect(raw.printable == shown) }

    @Test("a span holds only printable text, whatever it is made of")
    func spans() {
        let line = StyledLine("\u{1b}]0;owned\u{7}", .bad)
        #expect(Palette(coloured: true).text(line) == "\u{1b}[1;31m\\u{1b}]0;owned\\u{7}\u{1b}[0m")
        #expect(Palette(coloured: false).text(line) == "\\u{1b}]0;owned\\u{7}")
    }

    @Test(
        "width counts cells of a terminal",
        arguments: [
            ("", 0), ("abc", 3), ("漢字", 4), ("e\u{301}", 1), ("👩‍🚒", 2), ("▁█…", 3), ("한글", 4), ("⚠\u{fe0f}", 2),
        ])
    func width(text: String, cells: Int) { #expect(text.displayWidth == cells) }

    @Test("a cut text never exceeds its width", arguments: 0...12)
    func cutText(width: Int) {
        for text in ["", "a", "漢字漢字漢字", "abcdefghijklmnop", "x漢y字z漢字"] {
            let cut = text.cut(to: width)
            #expect(cut.displayWidth <= width)
            #expect(text.displayWidth > width || cut == text)
        }
    }

    @Test("a cut line keeps its tones and never exceeds its width", arguments: 0...14)
    func cutLine(width: Int) {
        let line = StyledLine([Span("state ", .dim), Span("漢字", .good), Span("", .plain), Span("end", .bad)])
        let cut = line.cut(to: width, mark: "…")
        #expect(cut.width <= width)
        #expect(width < 13 || cut == line)
        #expect(width >= 13 || width == 0 || cut.spans.last?.text.hasSuffix("…") == true)
    }

    @Test(
        "figures show their bounds unless they add nothing",
        arguments: [
            (Figure(seconds: 41.283, low: 41.271, high: 41.296), "41.283 s (41.271 to 41.296)"),
            (Figure(seconds: 30, low: 30, high: 30.0001), "30.000 s"),
            (Figure(seconds: -0.0004, low: -1.5, high: 0), "0.000 s (-1.500 to 0.000)"),
            (Figure(seconds: .nan, low: 0, high: .infinity), "unknown s (0.000 to unknown)"),
        ])
    func figures(figure: Figure, text: String) { #expect(Measures.figure(figure) == text) }

    @Test(
        "running times grow in units",
        arguments: [
            (0, "0.0 s"), (8_349, "8.3 s"), (59_999, "59.9 s"), (60_000, "1m 00s"), (65_000, "1m 05s"),
            (3_600_000 + 183_000, "1h 03m 03s"), (-5, "0.0 s"),
        ])
    func running(milliseconds: Int, text: String) {
        #expect(Measures.running(.milliseconds(milliseconds)) == text)
    }

    @Test("columns are as wide as their widest cell, and nothing trails")
    func table() {
        var table = TextTable(["NAME", "COUNT", "WHY"], rightAligned: [1])
        table.add("漢字", "7", "")
        table.add("a", "1234567", "because")
        let text = Palette(coloured: false).text(table.lines(indent: 1))
        #expect(text == " NAME    COUNT  WHY\n 漢字        7\n a     1234567  because\n")
    }
}

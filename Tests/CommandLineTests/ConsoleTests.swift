// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import CommandLineInterface
import Logging
import Testing

@Suite("The console")
struct ConsoleTests {
    private func console(terminal: Bool, _ environment: [String: String]) -> Console {
        let stream = Console.Stream(isTerminal: terminal) { _ in 0 }
        return Console(output: stream, notices: stream, environment: environment, size: { nil })
    }

    @Test(
        "colours are for terminals whose owner did not say no",
        arguments: [
            (true, ["TERM": "xterm"], false, true), (false, ["TERM": "xterm"], false, false),
            (true, ["TERM": "dumb"], false, false), (true, [:], false, false),
            (true, ["TERM": "xterm", "NO_COLOR": "1"], false, false),
            (true, ["TERM": "xterm", "NO_COLOR": ""], false, true), (true, ["TERM": "xterm"], true, false),
        ])
    func colours(terminal: Bool, environment: [String: String], noColor: Bool, coloured: Bool) {
        let console = console(terminal: terminal, environment)
        #expect(console.palette(for: console.output, noColor: noColor).coloured == coloured)
    }

    @Test(
        "the live page is drawn only where one can be",
        arguments: [
            (true, "xterm", false, RunDisplay.Style.live), (false, "xterm", false, .lines),
            (true, "dumb", false, .lines), (true, "xterm", true, .nothing),
        ])
    func style(terminal: Bool, term: String, quiet: Bool, style: RunDisplay.Style) {
        #expect(RunDisplay.style(for: console(terminal: terminal, ["TERM": term]), quiet: quiet) == style)
    }

    @Test(
        "the store is at --store, in XDG_STATE_HOME, or in the home folder",
        arguments: [
            ("/x/y.db", ["HOME": "/home/ana"], "/x/y.db"), (nil, ["HOME": "/h"], "/h/.local/state/rebound/rebound.db"),
            (nil, ["HOME": "/h", "XDG_STATE_HOME": "/s"], "/s/rebound/rebound.db"),
            (nil, ["HOME": "/h", "XDG_STATE_HOME": "s"], "/h/.local/state/rebound/rebound.db"),
        ] as [(String?, [String: String], String)])
    func store(option: String?, environment: [String: String], path: String) throws {
        #expect(try StorePath.resolve(option: option, environment: environment) == path)
    }

    @Test("no place for the store is an error", arguments: [nil, ""] as [String?])
    func noStore(option: String?) {
        let failure = #expect(throws: CommandFailure.self) {
            try StorePath.resolve(option: option, environment: ["HOME": "relative"])
        }
        #expect(failure?.status == .usage)
    }

    @Test("a log line is one line, in both formats, whatever it carries")
    func logs() {
        let line = LogLine(
            at: Samples.at(0), level: .warning, label: "rebound", message: "run step failed",
            metadata: ["run": "web-1", "reason": "two\nlines \"quoted\" \u{9b}"])
        #expect(
            Palette(coloured: false).text(line.styled)
                == #"2026-11-24T05:36:00.000Z warning run step failed "#
                + #"reason="two\u{a}lines \"quoted\" \u{9b}" run=web-1"#)
        #expect(
            line.json == #"{"level":"warning","logger":"rebound","message":"run step failed","#
                + #""metadata":{"reason":"two\nlines \"quoted\" \u009b","run":"web-1"},"#
                + #""time":"2026-11-24T05:36:00.000000000Z"}"#)
    }
}

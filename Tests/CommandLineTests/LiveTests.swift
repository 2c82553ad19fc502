// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import CommandLineInterface
import ExperimentControl
import Testing

@Suite("The live page")
struct LiveTests {
    /// A run that recovers, 20 s after its start, with one probe failing.
    private func progress(failing: Bool = true, phase: RunPhase = .recovering) -> RunProgress {
        var run = Samples.run
        run.status?.phase = phase
        run.status?.verdict = nil
        run.status?.endedAt = nil
        var storefront = ProbeProgress(
            name: "storefront", state: failing ? .failing(since: Samples.at(4_310)) : .passing)
        storefront.recent =
            [
                .init(ok: 25), .init(ok: 20, failed: 5), .init(failed: 25), .init(unknown: 25), .init(missed: 25),
                .init(),
            ]
        (storefront.samples, storefront.expected, storefront.failed, storefront.missed) = (990, 996, 8, 6)
        storefront.lastLatency = .microseconds(1_240)
        storefront.detail = "refused\u{1b}[2J"
        var capacity = ProbeProgress(name: "capacity", state: .passing, recent: [.init(ok: 1)])
        (capacity.samples, capacity.expected) = (4, 4)
        return RunProgress(run: run, probes: [storefront, capacity], now: Samples.at(20_000))
    }

    private func page(_ progress: RunProgress, _ columns: Int, _ rows: Int, _ glyphs: Glyphs = .unicode) -> [StyledLine]
    {
        LivePage(state: LiveState(progress), glyphs: glyphs).lines(size: TerminalSize(columns: columns, rows: rows))
    }

    @Test("shows phases, the outage, probes, targets and events")
    func whole() throws {
        try Golden.expect(Palette(coloured: false).text(page(progress(), 100, 40)), is: "live-100x40.txt")
    }

    @Test("is readable without UTF-8 and on a small terminal")
    func ascii() throws {
        let text = Palette(coloured: false).text(page(progress(), 60, 14, .ascii))
        #expect(text.utf8.count == text.unicodeScalars.count, "only ASCII")
        try Golden.expect(text, is: "live-60x14-ascii.txt")
    }

    @Test(
        "never exceeds the terminal, of whatever size",
        arguments: [1, 2, 3, 7, 20, 40, 79, 80, 200], [1, 2, 3, 4, 5, 8, 12, 24, 60])
    func fits(columns: Int, rows: Int) {
        let lines = page(progress(), columns, rows)
        #expect(lines.count <= max(1, rows - 1))
        #expect(lines.allSatisfy { $0.width <= columns })
    }

    @Test("counts down while the steady state holds, and starts again after a failure")
    func countdown() {
        var state = LiveState(progress(failing: false))
        #expect(state.passingSince == Samples.at(20_000))
        var later = progress(failing: false)
        later.now = Samples.at(25_500)
        state.update(later)
        #expect(text(state.countdown) == "stable for 5.5 s of 30s  gives up in 14m 38s")
        var broken = progress(failing: true)
        broken.now = Samples.at(26_000)
        state.update(broken)
        #expect(text(state.countdown) == "not stable yet, 30s wanted  gives up in 14m 38s")
        #expect(state.passingSince == nil)
    }

    @Test("the baseline and the recovery are counted apart")
    func phases() {
        var state = LiveState(progress(failing: false, phase: .baseline))
        #expect(text(state.countdown) == "steady for 0.0 s of 3s")
        var recovering = progress(failing: false)
        recovering.now = Samples.at(50_000)
        state.update(recovering)
        #expect(state.passingSince == Samples.at(50_000))
    }

    @Test("a line of buckets has its exact width and one glyph for each outcome")
    func sparkline() {
        let buckets = progress().probes[0].recent
        #expect(Sparkline(buckets, glyphs: .unicode).line(width: 8).spans.map(\.text).joined() == "  ▁▄█?· ")
        #expect(Sparkline(buckets, glyphs: .ascii).line(width: 3).spans.map(\.text).joined() == "?. ")
        #expect(Sparkline(buckets, glyphs: .unicode).line(width: 0).width == 0)
    }

    @Test("the bar of phases has its exact width, and a cell for every phase", arguments: [4, 5, 30, 100])
    func bar(width: Int) throws {
        let status = try #require(progress().run.status)
        let bar = try #require(PhaseBar(status: status, now: Samples.at(20_000)).bar(width: width, glyphs: .ascii))
        #expect(bar.width == width)
        #expect(bar.spans.count == 4 && bar.spans.allSatisfy { !$0.text.isEmpty })
        #expect(PhaseBar(status: status, now: Samples.at(20_000)).bar(width: 3, glyphs: .ascii) == nil)
    }

    private func text(_ line: StyledLine?) -> String {
        line.map { Palette(coloured: false).text([$0]).dropLast() + "" } ?? ""
    }
}

@Suite("Drawing over a page")
struct ScreenTests {
    private let plain = Palette(coloured: false)
    private let size = TerminalSize(columns: 10, rows: 24)

    @Test("goes up as many rows as are shown, and clears what is left over")
    func replaces() {
        var screen = LiveScreen()
        #expect(
            screen.replacing(with: ["one", "two"], size: size, palette: plain) == "\rone\u{1b}[K\ntwo\u{1b}[K\n\u{1b}[J"
        )
        let next = screen.replacing(with: ["three"], below: ["kept"], size: size, palette: plain)
        #expect(next == "\r\u{1b}[2Akept\u{1b}[K\nthree\u{1b}[K\n\u{1b}[J")
        #expect(screen.erasing(size: size) == "\r\u{1b}[1A\u{1b}[J")
        #expect(screen.erasing(size: size) == "")
    }

    @Test("counts the rows that a narrower terminal broke its lines into")
    func narrower() {
        var screen = LiveScreen()
        _ = screen.replacing(with: ["123456789", "", "1"], size: size, palette: plain)
        #expect(screen.erasing(size: TerminalSize(columns: 4, rows: 24)) == "\r\u{1b}[5A\u{1b}[J")
    }

    @Test("never goes above the terminal")
    func lower() {
        var screen = LiveScreen()
        _ = screen.replacing(with: Array(repeating: "x", count: 20), size: size, palette: plain)
        #expect(screen.erasing(size: TerminalSize(columns: 10, rows: 6)) == "\r\u{1b}[5A\u{1b}[J")
    }

    @Test("the cursor is never hidden")
    func cursor() {
        var screen = LiveScreen()
        #expect(!screen.replacing(with: ["x"], size: size, palette: Palette(coloured: true)).contains("?25"))
    }
}

@Suite("Progress as plain lines")
struct PlainProgressTests {
    @Test("every event is one line, once, wherever in the timeline it is added")
    func once() {
        var progress = PlainProgress()
        var run = Samples.run
        #expect(
            Palette(coloured: false).text(progress.newLines(of: run)) == """
                2026-11-24T05:36:00.000Z phase: Planned
                2026-11-24T05:36:03.500Z injected i-0a1: TerminateInstances accepted

                """)
        let early = TimelineEvent(at: Samples.at(100), type: "note", message: "two\nlines")
        run.status?.timeline.insert(early, at: 1)
        #expect(
            Palette(coloured: false).text(progress.newLines(of: run))
                == "known only now:\n  2026-11-24T05:36:00.100Z note: two\\u{a}lines\n")
        #expect(progress.newLines(of: run).isEmpty)
    }
}

// SPDX-License-Identifier: Apache-2.0
package import ChaosModel
internal import Dispatch
package import ExperimentControl

/// Shows a run while it goes on. Writing to a terminal can block for as long as its owner likes (Ctrl-S), so this
/// actor has a queue of its own, and nothing that holds a fault waits for it.
package actor RunDisplay {
    /// How progress is shown.
    package enum Style: Sendable, Equatable {
        /// A page redrawn in place.
        case live
        /// One line for each event.
        case lines
        case nothing
    }

    private let console: Console
    private let style: Style
    private let palette: Palette
    private let glyphs: Glyphs
    private let executor = DisplayExecutor()
    private var screen = LiveScreen()
    private var plain = PlainProgress()
    private var live: LiveState?

    package nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    package init(console: Console, style: Style, noColor: Bool) {
        self.console = console
        self.style = style
        palette = console.palette(for: console.notices, noColor: noColor)
        glyphs = console.takesUnicode ? .unicode : .ascii
    }

    /// The style for a console: a page only where one can be drawn.
    package static func style(for console: Console, quiet: Bool) -> Style {
        if quiet { return .nothing }
        return console.notices.isTerminal && !console.isDumb ? .live : .lines
    }

    package func show(_ progress: RunProgress) {
        switch style {
        case .nothing: break
        case .lines: write(plain.newLines(of: progress.run))
        case .live:
            if live == nil { live = LiveState(progress) } else { live?.update(progress) }
            redraw(below: [])
        }
    }

    /// Lines that stay, above the page.
    package func notice(_ lines: [StyledLine]) {
        if style == .live, live != nil { redraw(below: lines) } else { write(lines) }
    }

    /// The end: takes the page away, or writes the events that came last.
    package func finish(_ run: Run?) {
        if style == .live { _ = console.notices.write(screen.erasing(size: size)) }
        if style == .lines, let run { write(plain.newLines(of: run)) }
        live = nil
    }

    private var size: TerminalSize { console.size() ?? TerminalSize(columns: 80, rows: 24) }

    private func redraw(below notices: [StyledLine]) {
        guard let live else { return }
        let size = size
        let page = LivePage(state: live, glyphs: glyphs).lines(size: size)
        _ = console.notices.write(screen.replacing(with: page, below: notices, size: size, palette: palette))
    }

    private func write(_ lines: [StyledLine]) {
        if !lines.isEmpty { _ = console.notices.write(palette.text(lines)) }
    }
}

/// Runs an actor's jobs on a serial queue, off the shared pool.
private final class DisplayExecutor: SerialExecutor {
    private let queue = DispatchQueue(label: "rebound.display")

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.async { job.runSynchronously(on: self.asUnownedSerialExecutor()) }
    }
}

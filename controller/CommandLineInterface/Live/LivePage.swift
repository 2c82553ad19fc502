// SPDX-License-Identifier: Apache-2.0
internal import ChaosModel
internal import ExperimentControl

/// The page that is redrawn while a run goes on. What does not fit is left out from the bottom up: events first, then
/// targets, then probes; what is going on and what is broken stay.
package struct LivePage {
    package var state: LiveState
    package var glyphs: Glyphs

    package init(state: LiveState, glyphs: Glyphs) {
        self.state = state
        self.glyphs = glyphs
    }

    /// At most `size.rows - 1` lines of at most `size.columns` cells: the cursor rests below them.
    package func lines(size: TerminalSize) -> [StyledLine] {
        guard let status = progress.run.status else { return [] }
        let room = max(1, size.rows - 1)
        var lines = heading(status, width: size.columns)
        for section in [outages, probes(width: size.columns), targets(status)] {
            lines += fitted(section, into: room - lines.count)
        }
        let left = room - lines.count
        if left >= 3 {
            let latest = status.timeline.sorted { $0.at < $1.at }.suffix(min(8, left - 2))
            lines += titled("events", latest.map(event))
        }
        return lines.prefix(room).map { $0.cut(to: size.columns, mark: glyphs.more) }
    }

    private var progress: RunProgress { state.progress }

    private func titled(_ title: String, _ lines: [StyledLine]) -> [StyledLine] {
        lines.isEmpty ? [] : [StyledLine(), StyledLine(title, .dim)] + lines
    }

    /// As much of a section as there is room for; the last line then says how much is not shown.
    private func fitted(_ section: [StyledLine], into room: Int) -> [StyledLine] {
        if section.count <= room { return section }
        guard room >= 4 else { return [] }
        return section.prefix(room - 1) + [StyledLine("  \(glyphs.more) \(section.count - room + 1) more", .dim)]
    }

    // MARK: Sections

    private func heading(_ status: RunStatus, width: Int) -> [StyledLine] {
        let elapsed = status.startedAt.map { "  " + Measures.running(progress.now.since($0)) } ?? ""
        let ending = status.aborted == nil ? Span("") : Span("  ABORTED, undoing", .warning)
        var lines = [
            StyledLine([
                Span(progress.run.spec.experiment, .strong), Span("  " + status.phase.rawValue, .accent), Span(elapsed),
                ending, Span("  " + progress.run.metadata.name, .dim),
            ])
        ]
        let bar = PhaseBar(status: status, now: progress.now)
        if let line = bar.bar(width: min(width, 100), glyphs: glyphs) { lines += [line, bar.legend] }
        if let countdown = state.countdown { lines.append(countdown) }
        return lines
    }

    /// Every outage in progress, with its running time.
    private var outages: [StyledLine] {
        let lines = progress.probes.compactMap { probe -> StyledLine? in
            guard case .failing(let since) = probe.state else { return nil }
            let running = Measures.running(progress.now.since(since))
            let detail = probe.detail.map { ": " + $0 } ?? ""
            return StyledLine([Span("OUTAGE \(probe.name) for \(running)", .bad), Span(detail)])
        }
        return lines.isEmpty ? [] : [StyledLine()] + lines
    }

    private func probes(width: Int) -> [StyledLine] {
        let names = min(24, progress.probes.map(\.name.displayWidth).max() ?? 0)
        // 68 cells are for the state, the latency and counts of five digits; on a narrow terminal the line goes before
        // the last counts, as it shows more at a glance.
        let spark = max(min(20, width / 4), min(60, width - names - 68))
        return titled("probes", progress.probes.map { row($0, names: names, spark: spark) })
    }

    private func row(_ probe: ProbeProgress, names: Int, spark: Int) -> StyledLine {
        let name = probe.name.printable.cut(to: names, mark: glyphs.more).padded(to: names)
        let latency = probe.lastLatency.map(Measures.latency) ?? "-"
        var line = StyledLine("  " + name + "  ") + word(probe.state).padded(to: 9)
        line += Sparkline(probe.recent, glyphs: glyphs).line(width: spark)
        line += StyledLine("  " + latency.paddedLeft(to: 8) + "  \(probe.samples)/\(probe.expected)")
        if probe.failed > 0 { line += StyledLine("  \(probe.failed) failed", .bad) }
        if probe.unknown > 0 { line += StyledLine("  \(probe.unknown) unknown", .warning) }
        if probe.missed > 0 { line += StyledLine("  \(probe.missed) missed", .warning) }
        return line
    }

    private func word(_ state: ProbeProgress.State) -> StyledLine {
        switch state {
        case .passing: StyledLine(glyphs.passing + " ok", .good)
        case .failing: StyledLine(glyphs.failing + " FAIL", .bad)
        case .waiting: StyledLine(glyphs.waiting + " wait", .dim)
        }
    }

    private func targets(_ status: RunStatus) -> [StyledLine] {
        let idWidth = status.injections.map(\.target.displayWidth).max() ?? 0
        let actionWidth = status.injections.map(\.action.displayWidth).max() ?? 0
        let rows = status.injections.map { injection in
            let held = remaining(injection).map { "  put back in \(Measures.running($0))" } ?? ""
            let message = injection.message.map { "  " + $0 } ?? ""
            return StyledLine([
                Span("  " + injection.target.padded(to: idWidth + 2)),
                Span(injection.action.padded(to: actionWidth + 2)),
                Span(injection.state.rawValue, InjectionTone.of(injection.state)), Span(held, .dim),
                Span(message, .dim),
            ])
        }
        return titled("targets", rows)
    }

    /// How long a fault that is held will still be held.
    private func remaining(_ injection: InjectionReport) -> Duration? {
        guard injection.state == .effective, let since = injection.effectiveAt,
            let fault = progress.run.spec.plan.faults.first(where: { $0.name == injection.fault }),
            let duration = fault.duration
        else { return nil }
        return since.advanced(by: duration.duration).since(progress.now)
    }

    private func event(_ event: TimelineEvent) -> StyledLine {
        StyledLine([
            Span("  " + Measures.timeOfDay(event.at) + "  ", .dim), Span(event.type),
            Span(event.subject.map { " " + shortened($0) } ?? "", .strong), Span("  " + event.message),
        ])
    }

    /// Injections are named after their run, which the page shows already: `#1` is enough here.
    private func shortened(_ subject: String) -> String {
        let prefix = progress.run.metadata.name + "-"
        return subject.hasPrefix(prefix) ? "#" + subject.dropFirst(prefix.count) : subject
    }
}

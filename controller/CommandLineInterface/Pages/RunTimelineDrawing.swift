// SPDX-License-Identifier: Apache-2.0
internal import ChaosModel

/// The run drawn to scale: a row for its phases, one for where the time to recover went, and one for each probe with
/// its outages; vertical lines where an injection took effect. Paler ends of an outage are where its true start or end
/// may lie.
struct RunTimelineDrawing {
    private struct Bar {
        var from: Timestamp
        var to: Timestamp
        var style: String
        /// Written into the bar where it has room for it.
        var label = ""
        var title: String
    }

    private struct Row {
        var label: String
        var bars: [Bar]
    }

    private let run: Run
    private let status: RunStatus
    private let start: Timestamp
    private let end: Timestamp

    private static let width = 1_000.0
    private static let left = 150.0
    private static let rowHeight = 26.0

    /// Nil when the run has not begun, or took no time.
    init?(run: Run) {
        guard let status = run.status, let start = status.startedAt else { return nil }
        let last = status.endedAt ?? status.timeline.map(\.at).max() ?? start
        guard last > start else { return nil }
        self.run = run
        self.status = status
        self.start = start
        end = last
    }

    var svg: String {
        let rows = [phaseRow, recoveryRow].filter { !$0.bars.isEmpty } + probeRows
        let height = Double(rows.count + 1) * Self.rowHeight + 24
        var lines = [
            "<svg viewBox=\"0 0 \(Self.number(Self.width)) \(Self.number(height))\" role=\"img\""
                + " aria-label=\"timeline of the run\">"
        ]
        for (index, row) in rows.enumerated() { lines += drawing(of: row, top: Double(index) * Self.rowHeight) }
        lines += marks(height: Double(rows.count) * Self.rowHeight)
        lines += scale(top: Double(rows.count) * Self.rowHeight)
        return (lines + ["</svg>"]).joined(separator: "\n")
    }

    // MARK: Rows

    private var phaseRow: Row {
        let bars = PhaseBar(status: status, now: end).stretches.enumerated().map { index, stretch in
            let title = "\(stretch.phase) \(Measures.running(stretch.elapsed))"
            return Bar(
                from: stretch.began, to: stretch.began.advanced(by: stretch.elapsed),
                style: Self.alternating(index), label: stretch.phase, title: title)
        }
        return Row(label: "phases", bars: bars)
    }

    private static func alternating(_ index: Int) -> String { index % 2 == 0 ? "band" : "stripe" }

    private var recoveryRow: Row {
        let bars = (status.recovery?.phases ?? []).enumerated().map { index, phase in
            let length = Measures.bounded(phase.seconds, low: phase.low, high: phase.high)
            return Bar(
                from: phase.start.at, to: phase.end.at, style: Self.alternating(index), label: phase.name,
                title: "\(phase.name): \(length), \(phase.evidence)")
        }
        return Row(label: "recovery", bars: bars)
    }

    private var probeRows: [Row] {
        (status.recovery?.probes ?? []).map { probe in
            var bars = [
                Bar(from: start, to: end, style: "up", title: "\(probe.name): \(Counted.text(probe.samples, "sample"))")
            ]
            for outage in status.recovery?.outages ?? [] where outage.probe == probe.name {
                let length = outage.duration.map(Measures.figure) ?? "not ended"
                let title = "outage of \(length): \(outage.firstFailure)"
                let (low, high) = (outage.start.low, outage.end?.high ?? end)
                bars.append(Bar(from: low, to: high, style: "maybe", title: title))
                bars.append(Bar(from: outage.start.high, to: outage.end?.low ?? end, style: "outage", title: title))
            }
            bars += (status.recovery?.gaps ?? []).map { gap in
                Bar(from: gap.start, to: gap.end, style: "gap", title: "not measured: \(gap.reason)")
            }
            return Row(label: probe.name, bars: bars)
        }
    }

    // MARK: Drawing

    private func drawing(of row: Row, top: Double) -> [String] {
        let label = HTMLText.escaped(row.label.cut(to: 20))
        var lines = ["<text x=\"0\" y=\"\(Self.number(top + 17))\">\(label)</text>"]
        for bar in row.bars where bar.to > bar.from {
            let from = x(bar.from)
            let width = max(1, x(bar.to) - from)
            lines.append(
                "<rect class=\"\(bar.style)\" x=\"\(Self.number(from))\" y=\"\(Self.number(top + 4))\""
                    + " width=\"\(Self.number(width))\" height=\"\(Self.number(Self.rowHeight - 8))\">"
                    + "<title>\(HTMLText.escaped(bar.title))</title></rect>")
            // About seven units for each letter of the size that the style sets.
            if !bar.label.isEmpty, width > Double(bar.label.displayWidth) * 7 + 8 {
                let place = "x=\"\(Self.number(from + 4))\" y=\"\(Self.number(top + 17))\""
                lines.append("<text \(place)>\(HTMLText.escaped(bar.label))</text>")
            }
        }
        return lines
    }

    private func marks(height: Double) -> [String] {
        var marks = status.injections.compactMap { injection in
            injection.effectiveAt.map { ($0, "injection", "\(injection.action) of \(injection.target) took effect") }
        }
        if let figure = status.recovery?.timeToRecover, let first = marks.map(\.0).min() {
            let recovered = first.advanced(by: .nanoseconds(Int64(figure.seconds * 1e9)))
            marks.append((recovered, "recovered", "recovered after \(Measures.figure(figure))"))
        }
        return marks.map { at, style, title in
            let place = Self.number(x(at))
            return "<line class=\"\(style)\" x1=\"\(place)\" x2=\"\(place)\" y1=\"0\" y2=\"\(Self.number(height))\">"
                + "<title>\(HTMLText.escaped(title))</title></line>"
        }
    }

    /// Five marks of time since the start.
    private func scale(top: Double) -> [String] {
        let length = end.since(start)
        return (0...4).map { step in
            let at = start.advanced(by: length * step / 4)
            let anchor = step == 0 ? "start" : step == 4 ? "end" : "middle"
            let place = "x=\"\(Self.number(x(at)))\" y=\"\(Self.number(top + 18))\""
            return "<text class=\"dim\" \(place) text-anchor=\"\(anchor)\">"
                + "\(Measures.running(at.since(start)))</text>"
        }
    }

    private func x(_ timestamp: Timestamp) -> Double {
        let share = timestamp.since(start).inSeconds / end.since(start).inSeconds
        return Self.left + min(1, max(0, share)) * (Self.width - Self.left)
    }

    private static func number(_ value: Double) -> String { Measures.decimal(value, places: 1) }
}

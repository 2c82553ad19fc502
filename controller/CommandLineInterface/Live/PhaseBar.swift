// SPDX-License-Identifier: Apache-2.0
package import ChaosModel

/// How long the run has been in each phase.
package struct PhaseBar {
    /// A phase that has begun, and for how long it lasted, or has lasted so far.
    package struct Stretch: Equatable {
        package var phase: String
        package var began: Timestamp
        package var elapsed: Duration
        package var isCurrent: Bool
    }

    package var stretches: [Stretch]

    /// Phases that were over in less than 50 ms are left out: they would be read as `0.0 s`.
    package init(status: RunStatus, now: Timestamp) {
        let order = Dictionary(
            uniqueKeysWithValues: RunPhase.allCases.enumerated().map { ($0.element.rawValue, $0.offset) })
        // Several phases can begin at one instant; then their order in a run decides.
        let begun = status.phaseSince.sorted {
            ($0.value, order[$0.key] ?? .max, $0.key) < ($1.value, order[$1.key] ?? .max, $1.key)
        }
        stretches = begun.enumerated().map { index, entry in
            let end = index + 1 < begun.count ? begun[index + 1].value : max(now, entry.value)
            let isCurrent = entry.key == status.phase.rawValue
            return Stretch(
                phase: entry.key, began: entry.value, elapsed: end.since(entry.value), isCurrent: isCurrent)
        }.filter { $0.phase != RunPhase.done.rawValue && ($0.isCurrent || $0.elapsed >= .milliseconds(50)) }
    }

    /// Cells in proportion to time, at least one for each phase; nil when there is no room for that.
    package func bar(width: Int, glyphs: Glyphs) -> StyledLine? {
        guard !stretches.isEmpty, width >= stretches.count else { return nil }
        let total = max(1, stretches.reduce(0) { $0 + $1.elapsed.wholeNanoseconds })
        let spare = Double(width - stretches.count)
        var cells = stretches.map { 1 + Int(spare * Double($0.elapsed.wholeNanoseconds) / Double(total)) }
        let longest = cells.indices.max { cells[$0] < cells[$1] } ?? 0
        cells[longest] += width - cells.reduce(0, +)
        let spans = zip(stretches, cells).enumerated().map { index, pair in
            let (stretch, count) = pair
            let glyph = stretch.isCurrent ? glyphs.currentPhase : glyphs.phases[index % glyphs.phases.count]
            return Span(String(repeating: glyph, count: count), stretch.isCurrent ? .accent : .dim)
        }
        return StyledLine(spans)
    }

    /// `Baseline 3.0 s  Injecting 0.8 s`, in the order of the bar.
    package var legend: StyledLine {
        StyledLine(
            stretches.enumerated().map { index, stretch in
                let text = "\(stretch.phase) \(Measures.running(stretch.elapsed))"
                return Span((index == 0 ? "" : "  ") + text, stretch.isCurrent ? .accent : .dim)
            })
    }
}

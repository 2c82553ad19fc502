// SPDX-License-Identifier: Apache-2.0
package import ChaosModel

/// The page that a run ends with: the verdict and why, what was put back, and the figures.
package struct RunSummary {
    package var run: Run

    package init(run: Run) { self.run = run }

    /// Everything, the verdict first.
    package var lines: [StyledLine] {
        guard let status = run.status else { return [StyledLine("\(run.metadata.name) has not been started.")] }
        var parts = [verdict(status)]
        if let recovery = status.recovery {
            parts += [figures(recovery), phases(recovery), outages(recovery), probes(recovery), gaps(recovery)]
        }
        // Nothing was done: then how the targets were chosen, and which guard refused, is what the reader looks for.
        if status.injections.isEmpty, let plan = status.plan {
            parts += [SelectionPart.lines(plan.selections), GuardPart.lines(plan.guards.filter { !$0.passed })]
        }
        parts += [injections(status), reports(status)]
        return Array(parts.filter { !$0.isEmpty }.joined(separator: [StyledLine()]))
    }

    private func verdict(_ status: RunStatus) -> [StyledLine] {
        let (word, tone) = VerdictWord.of(status)
        var lines = [StyledLine([Span(word, tone), Span("  " + run.spec.experiment, .strong)])]
        lines.append(Field.line("run", StyledLine(run.metadata.name)))
        lines += status.verdictReasons.enumerated().map {
            Field.line($0.offset == 0 ? "because" : "", .init($0.element))
        }
        lines.append(Field.line("undo", UndoWord.line(status)))
        if let abort = status.aborted {
            lines.append(Field.line("aborted", StyledLine("by \(abort.requestedBy): \(abort.reason)", .warning)))
        }
        if let start = status.startedAt, let end = status.endedAt {
            let took = Measures.running(end.since(start))
            lines.append(
                Field.line("took", StyledLine("\(took), from \(Measures.moment(start)) (seed \(run.spec.seed))")))
        }
        return lines
    }

    private func figures(_ recovery: RecoveryReport) -> [StyledLine] {
        var lines: [StyledLine] = []
        func add(_ label: String, _ figure: Figure?, objective: WrittenDuration?) {
            guard let figure else { return }
            let wanted = objective.map { "  objective \($0)" } ?? ""
            lines.append(Field.line(label, StyledLine([Span(Measures.figure(figure), .strong), Span(wanted, .dim)])))
        }
        let objective = run.spec.plan.recovery.objective
        add("time to recover", recovery.timeToRecover, objective: objective?.timeToRecover)
        if recovery.timeToRecover == nil {
            lines.append(Field.line("time to recover", notRecovered(recovery)))
        }
        add("time to detect", recovery.timeToDetect, objective: objective?.timeToDetect)
        add("time to alarm", recovery.timeToAlarm, objective: nil)
        add("downtime", recovery.downtime, objective: objective?.downtime)
        if let availability = recovery.availability {
            lines.append(Field.line("availability", line(availability, objective: objective?.availability)))
        }
        return lines
    }

    private func notRecovered(_ recovery: RecoveryReport) -> StyledLine {
        guard recovery.recovered == false else { return StyledLine("not known", .dim) }
        let atLeast = recovery.notRecoveredForSeconds.map { ", after at least \(Measures.decimal($0, places: 3)) s" }
        return StyledLine("not recovered" + (atLeast ?? ""), .bad)
    }

    private func line(_ availability: AvailabilityReport, objective: Double?) -> StyledLine {
        let percent = Measures.decimal(availability.percent, places: 3)
        let low = Measures.decimal(availability.low, places: 3)
        let high = Measures.decimal(availability.high, places: 3)
        let bounds = low == percent && high == percent ? "" : " (\(low) to \(high))"
        var notes = " of \(Counted.text(availability.attempts, "attempt"))"
        if let objective { notes += "  objective \(Measures.decimal(objective, places: 3)) %" }
        if let spent = availability.errorBudgetSpentPercent {
            notes += ", error budget spent \(Measures.decimal(spent, places: 1)) %"
        }
        return StyledLine([Span("\(percent) %\(bounds)", .strong), Span(notes, .dim)])
    }
}

/// `label            value`, as all pages write their fields.
enum Field {
    static func line(_ label: String, _ value: StyledLine) -> StyledLine {
        StyledLine("  " + label.padded(to: 17), .dim) + value
    }
}

/// The word for how a run went, in the colour it deserves.
enum VerdictWord {
    static func of(_ status: RunStatus) -> (String, Tone) {
        switch status.verdict {
        case .pass: ("PASS", .good)
        case .fail: ("FAIL", .bad)
        case .inconclusive: ("INCONCLUSIVE", .warning)
        case .error: ("ERROR", .bad)
        case nil: (status.phase.rawValue.uppercased(), .accent)
        }
    }
}

/// What the state of the undo means for the operator.
enum UndoWord {
    static func line(_ status: RunStatus) -> StyledLine {
        guard status.phase == .done || status.undo != .dirty else {
            return StyledLine([Span("needed", .warning), Span(": something is changed and not put back yet")])
        }
        return switch status.undo {
        case .clean:
            StyledLine([Span("clean", .good), Span(": everything that had to be put back was, and was read back")])
        case .dirty:
            StyledLine([
                Span("DIRTY", .bad), Span(": something could not be put back or read back; see the injections below"),
            ])
        case .none: "none: nothing was changed that could be put back"
        }
    }
}

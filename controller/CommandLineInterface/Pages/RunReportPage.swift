// SPDX-License-Identifier: Apache-2.0
package import ChaosModel

/// Everything known of a run as text: who asked for what, how it ended, and what happened when.
package struct RunReportPage {
    package var run: Run

    package init(run: Run) { self.run = run }

    package var lines: [StyledLine] {
        let parts = [RunSummary(run: run).lines, order, selections, guards, timeline, conditions]
        return Array(parts.filter { !$0.isEmpty }.joined(separator: [StyledLine()]))
    }

    private var order: [StyledLine] {
        let spec = run.spec
        var lines = [StyledLine("Order", .strong), Field.line("hypothesis", StyledLine(spec.plan.hypothesis))]
        lines.append(Field.line("requested by", StyledLine(spec.requestedBy)))
        if let reason = spec.reason { lines.append(Field.line("reason", StyledLine(reason))) }
        lines.append(Field.line("limits", StyledLine(Measures.limits(spec.plan.limits))))
        lines.append(Field.line("stable for", StyledLine("\(spec.plan.recovery.stableFor)")))
        lines.append(Field.line("gives up after", StyledLine("\(spec.plan.recovery.giveUpAfter)")))
        if let plan = run.status?.plan { lines.append(Field.line("plan hash", StyledLine(plan.hash))) }
        return lines
    }

    private var selections: [StyledLine] { SelectionPart.lines(run.status?.plan?.selections ?? []) }
    private var guards: [StyledLine] { GuardPart.lines(run.status?.plan?.guards ?? []) }

    private var timeline: [StyledLine] {
        guard let events = run.status?.timeline, !events.isEmpty else { return [] }
        var table = TextTable(["TIME (UTC)", "WITHIN", "EVENT", "ABOUT", ""])
        for event in events {
            table.add(
                StyledLine(Measures.timeOfDay(event.at), .dim), StyledLine(Self.bounds(of: event), .dim),
                StyledLine(event.type), StyledLine(event.subject ?? "-"), StyledLine(event.message))
        }
        return [StyledLine("Timeline", .strong)] + table.lines(indent: 2)
    }

    /// `-0.020 to +0.013 s`, where the moment is not exact.
    private static func bounds(of event: TimelineEvent) -> String {
        guard let low = event.low, let high = event.high, low != high else { return "" }
        let before = Measures.decimal(event.at.since(low).inSeconds, places: 3)
        let after = Measures.decimal(high.since(event.at).inSeconds, places: 3)
        return "-\(before) to +\(after) s"
    }

    private var conditions: [StyledLine] {
        guard let conditions = run.status?.conditions, !conditions.isEmpty else { return [] }
        var table = TextTable(["CONDITION", "STATUS", "REASON", "SINCE", ""])
        for condition in conditions {
            table.add(
                StyledLine(condition.type), StyledLine(condition.status.rawValue), StyledLine(condition.reason),
                StyledLine(Measures.date(condition.lastTransitionTime)), StyledLine(condition.message))
        }
        return [StyledLine("Conditions", .strong)] + table.lines(indent: 2)
    }
}

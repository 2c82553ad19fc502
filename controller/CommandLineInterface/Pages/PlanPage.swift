// SPDX-License-Identifier: Apache-2.0
package import ChaosModel

/// The answer of `rebound plan`: what would be done, to what, why it may, and how it would be undone.
package struct PlanPage {
    package var experiment: Experiment
    package var plan: PlanReport
    /// The file that was planned, as the operator named it.
    package var file: String

    package init(experiment: Experiment, plan: PlanReport, file: String) {
        self.experiment = experiment
        self.plan = plan
        self.file = file
    }

    /// Everything. Throws only what encoding the IAM policy throws.
    package func lines() throws -> [StyledLine] {
        let policy = try DocumentWriter.json(IAMPolicy(plan: plan, experiment: experiment))
        let permissions =
            [StyledLine("Permissions (IAM policy)", .strong)]
            + policy.split(separator: "\n").map { StyledLine("  " + String($0)) }
            + IAMPolicy.notes(plan: plan, experiment: experiment).map { StyledLine("  " + $0, .dim) }
        let parts = [heading, targets, selections, guards, permissions, conclusion]
        return Array(parts.filter { !$0.isEmpty }.joined(separator: [StyledLine()]))
    }

    private var heading: [StyledLine] {
        [
            StyledLine([Span("Plan for "), Span(experiment.metadata.name, .strong)]),
            Field.line("hypothesis", StyledLine(experiment.spec.hypothesis)),
            Field.line("limits", StyledLine(Measures.limits(experiment.spec.limits))),
            Field.line("seed", StyledLine("\(plan.seed)")),
            Field.line("plan hash", StyledLine(plan.hash)),
        ]
    }

    private var targets: [StyledLine] {
        guard !plan.steps.isEmpty else { return [StyledLine("No targets: nothing would be done.", .warning)] }
        var lines = [StyledLine("Targets", .strong)]
        for step in plan.steps {
            let after = step.after.map { ", after " + $0 } ?? ""
            lines.append(
                StyledLine([
                    Span("  \(step.fault)\(after)  ", .dim), Span(step.action, .accent), Span("  "),
                    Span(step.target.id, .strong), Span(facts(of: step.target)),
                ]))
            lines.append(Field.line("  call", StyledLine(step.call)))
            lines.append(
                Field.line("  undo", step.undo.map { StyledLine($0) } ?? StyledLine("cannot be undone", .warning)))
        }
        return lines
    }

    private func facts(of target: PlannedTarget) -> String {
        let facts = [
            target.name, target.autoScalingGroup.map { "group " + $0 }, target.zone ?? target.region,
            "account " + target.account, target.launchedAt.map { "launched " + Measures.date($0) },
        ]
        return " (" + facts.compactMap { $0 }.joined(separator: ", ") + ")"
    }

    private var selections: [StyledLine] { SelectionPart.lines(plan.selections) }
    private var guards: [StyledLine] { GuardPart.lines(plan.guards) }

    private var conclusion: [StyledLine] {
        let refusing = plan.guards.count { !$0.passed }
        if refusing > 0 {
            let guards = refusing == 1 ? "1 guard refuses" : "\(refusing) guards refuse"
            return [StyledLine("\(guards) this plan: a run would not start. Nothing was changed.", .bad)]
        }
        let command = "rebound run -f \(file) --seed \(plan.seed) --plan-hash \(plan.hash)"
        return [StyledLine("Nothing was changed. To run exactly this: " + command)]
    }
}

/// How the targets were chosen, with counts for every filter.
enum SelectionPart {
    static func lines(_ selections: [SelectionReport]) -> [StyledLine] {
        guard !selections.isEmpty else { return [] }
        var lines = [StyledLine("Selection", .strong)]
        for selection in selections {
            lines.append(StyledLine("  \(selection.fault): \(selection.found) found"))
            for filter in selection.filters where filter.removed > 0 {
                let more = filter.removed > filter.examples.count ? ", …" : ""
                let examples = filter.examples.isEmpty ? "" : " (\(filter.examples.joined(separator: ", "))\(more))"
                lines.append(StyledLine("    -\(filter.removed) \(filter.name)\(examples)", .dim))
            }
            let chosen = selection.chosen.isEmpty ? "" : ": " + selection.chosen.joined(separator: ", ")
            lines.append(StyledLine("    \(selection.eligible) eligible, \(selection.chosen.count) chosen\(chosen)"))
        }
        return lines
    }
}

/// Every guard with its result.
enum GuardPart {
    static func lines(_ guards: [GuardResult]) -> [StyledLine] {
        guard !guards.isEmpty else { return [] }
        var table = TextTable(["GUARD", "RESULT", "WHY"])
        for result in guards {
            table.add(
                StyledLine(result.name), result.passed ? StyledLine("ok", .good) : StyledLine("REFUSED", .bad),
                StyledLine(result.message))
        }
        return [StyledLine("Guards", .strong)] + table.lines(indent: 2)
    }
}

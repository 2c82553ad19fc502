// SPDX-License-Identifier: Apache-2.0
internal import ChaosModel

/// How resources of one kind are listed.
protocol ResourceTable {
    associatedtype Row: Resource
    /// Without NAME and AGE, which every table has.
    static var headings: [String] { get }
    static func cells(_ resource: Row) -> [StyledLine]
}

extension ResourceTable {
    static func lines(_ resources: [Row], now: Timestamp) -> [StyledLine] {
        guard !resources.isEmpty else { return [StyledLine("nothing found", .dim)] }
        var table = TextTable(["NAME"] + headings + ["AGE"])
        for resource in resources {
            let age = resource.metadata.creationTimestamp.map { Measures.age(now.since($0)) } ?? "-"
            table.rows.append([StyledLine(resource.metadata.name, .strong)] + cells(resource) + [StyledLine(age)])
        }
        return table.lines()
    }
}

enum RunTable: ResourceTable {
    static let headings = ["EXPERIMENT", "PHASE", "VERDICT", "UNDO", "TIME TO RECOVER", "REQUESTED BY"]

    static func cells(_ run: Run) -> [StyledLine] {
        let status = run.status
        let (verdict, tone) = status.map(VerdictWord.of) ?? ("", .plain)
        let recovered = status?.recovery?.timeToRecover.map(Measures.figure) ?? "-"
        let undo = status?.undo ?? .none
        let word = status?.phase != .done && undo == .dirty ? "needed" : undo.rawValue
        return [
            StyledLine(run.spec.experiment), StyledLine(status?.phase.rawValue ?? RunPhase.pending.rawValue),
            status?.verdict == nil ? "-" : StyledLine(verdict.lowercased(), tone),
            StyledLine(word, undo == .dirty ? .bad : .plain), StyledLine(recovered),
            StyledLine(run.spec.requestedBy),
        ]
    }
}

enum ExperimentTable: ResourceTable {
    static let headings = ["FAULTS", "MAX TARGETS", "LAST RUN", "LAST VERDICT"]

    static func cells(_ experiment: Experiment) -> [StyledLine] {
        [
            StyledLine(experiment.spec.faults.map(\.action.name).joined(separator: ", ")),
            StyledLine("\(experiment.spec.limits.maxTargets)"), StyledLine(experiment.status?.lastRun ?? "-"),
            StyledLine(experiment.status?.lastVerdict?.rawValue ?? "-"),
        ]
    }
}

enum InjectionTable: ResourceTable {
    static let headings = ["RUN", "ACTION", "TARGET", "STATE"]

    static func cells(_ injection: Injection) -> [StyledLine] {
        let state = injection.status?.state ?? .pending
        return [
            StyledLine(injection.spec.run), StyledLine(injection.spec.action.name),
            StyledLine(injection.spec.target.id),
            StyledLine(state.rawValue, InjectionTone.of(state)),
        ]
    }
}

enum PolicyTable: ResourceTable {
    static let headings = ["HALT", "FREEZES", "MAX TARGETS", "REGIONS"]

    static func cells(_ policy: Policy) -> [StyledLine] {
        let spec = policy.spec
        return [
            spec.halt.flatMap { $0.resumed == nil ? StyledLine($0.reason, .bad) : nil } ?? "-",
            StyledLine("\(spec.freezes?.count ?? 0)"),
            StyledLine(spec.maxTargetsPerRun.map(String.init) ?? "-"),
            StyledLine(spec.allowedRegions?.joined(separator: ", ") ?? "any"),
        ]
    }
}

enum ScheduleTable: ResourceTable {
    static let headings = ["EXPERIMENT", "WHEN", "ZONE", "NEXT", "SUSPENDED"]

    static func cells(_ schedule: Schedule) -> [StyledLine] {
        let spec = schedule.spec
        return [
            StyledLine(spec.experiment),
            StyledLine(spec.cron ?? spec.meanTimeBetween.map { "about every \($0)" } ?? "-"),
            StyledLine(spec.timeZone), StyledLine(schedule.status?.nextSlot.map(Measures.date) ?? "-"),
            StyledLine(spec.suspend == true ? "yes" : "no"),
        ]
    }
}

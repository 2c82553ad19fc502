// SPDX-License-Identifier: Apache-2.0
internal import ChaosModel

/// How resources of one kind are listed.
protocol ResourceTable {
    associatedtype Row: Resource
    /// Without NAME and AGE, which every table has.
    static var headings: [String] { get }
    static func cells(_ resource: Row) -> [StyledLine]
    /// What `-o wide` shows beyond them.
    static var wideHeadings: [String] { get }
    static func wideCells(_ resource: Row) -> [StyledLine]
}

extension ResourceTable {
    static var wideHeadings: [String] { ["LABELS"] }
    static func wideCells(_ resource: Row) -> [StyledLine] { [labels(of: resource)] }

    static func labels(of resource: Row) -> StyledLine {
        let labels = (resource.metadata.labels ?? [:]).sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
        return StyledLine(labels.isEmpty ? "-" : labels.joined(separator: ","))
    }

    static func table(
        _ resources: [Row], now: Timestamp, isWide: Bool, showsNamespace: Bool, prefix: String = ""
    ) -> TextTable {
        let front = showsNamespace ? ["NAMESPACE", "NAME"] : ["NAME"]
        var table = TextTable(front + headings + ["AGE"] + (isWide ? wideHeadings : []))
        for resource in resources {
            let age = resource.metadata.creationTimestamp.map { Measures.age(now.since($0)) } ?? "-"
            let place = showsNamespace ? [StyledLine(resource.metadata.namespace ?? "default")] : []
            let name = StyledLine(prefix + resource.metadata.name, .strong)
            table.rows.append(
                place + [name] + cells(resource) + [StyledLine(age)] + (isWide ? wideCells(resource) : []))
        }
        return table
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

    static let wideHeadings = ["TARGETS", "REASON", "LABELS"]

    static func wideCells(_ run: Run) -> [StyledLine] {
        let targets = Set((run.status?.injections ?? []).map(\.target)).sorted()
        return [
            StyledLine(targets.isEmpty ? "-" : targets.joined(separator: ",")), StyledLine(run.spec.reason ?? "-"),
            labels(of: run),
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

    static let wideHeadings = ["REGION", "MESSAGE"]

    static func wideCells(_ injection: Injection) -> [StyledLine] {
        [StyledLine(injection.spec.target.region), StyledLine(injection.status?.message ?? "-")]
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

enum HostTable: ResourceTable {
    static let headings = ["READY", "AGENT", "KERNEL", "CORES", "CLOCK", "LAST CONTACT"]

    static func cells(_ host: Host) -> [StyledLine] {
        let status = host.status
        let ready = host.readiness
        return [
            StyledLine(ready?.status.rawValue ?? "-", ready?.status == .unknown ? .warning : .plain),
            StyledLine(status?.agent?.version ?? "-"), StyledLine(status?.system?.kernel ?? "-"),
            StyledLine(status?.capabilities.map { "\($0.cores)" } ?? "-"),
            StyledLine(status?.clock?.words ?? "-"), StyledLine(status?.lastContact.map(Measures.date) ?? "-"),
        ]
    }

    static let wideHeadings = ["BOOT", "REASON", "LABELS"]

    static func wideCells(_ host: Host) -> [StyledLine] {
        [
            StyledLine(host.status?.system?.bootID ?? "-"), StyledLine(host.readiness?.reason ?? "-"),
            labels(of: host),
        ]
    }
}

enum NamespaceTable: ResourceTable {
    static let headings = ["STATUS"]

    static func cells(_ namespace: Namespace) -> [StyledLine] {
        [namespace.metadata.deletionTimestamp == nil ? StyledLine("Active") : StyledLine("Terminating", .warning)]
    }
}

enum RoleBindingTable: ResourceTable {
    static let headings = ["ROLE", "SUBJECTS"]

    static func cells(_ binding: RoleBinding) -> [StyledLine] { SubjectCells.of(binding.spec) }
}

enum ClusterRoleBindingTable: ResourceTable {
    static let headings = ["ROLE", "SUBJECTS"]

    static func cells(_ binding: ClusterRoleBinding) -> [StyledLine] { SubjectCells.of(binding.spec) }
}

private enum SubjectCells {
    static func of(_ spec: RoleBindingSpec) -> [StyledLine] {
        let subjects = spec.subjects.map { "\($0.kind.rawValue):\($0.name)" }
        return [StyledLine(spec.role.rawValue), StyledLine(subjects.joined(separator: ", "))]
    }
}

// SPDX-License-Identifier: Apache-2.0
import ChaosModel

/// One column of a table; those of priority 1 are shown with `-o wide`.
struct TableColumn: Sendable {
    var name: String
    var type: String
    var doc: String
    var isWide = false

    var definition: ManifestNode {
        .map([
            "name": .text(name), "type": .text(type), "format": .text(name == "Name" ? "name" : ""),
            "description": .text(doc), "priority": .number(isWide ? 1 : 0),
        ])
    }
}

/// The columns of each kind, and what stands in them. The order of cells is that of the columns.
enum TableColumns {
    private static let name = TableColumn(name: "Name", type: "string", doc: "The name, once per kind and namespace.")
    private static let age = TableColumn(name: "Age", type: "string", doc: "How long ago it was created.")

    private static func text(_ name: String, _ doc: String, wide: Bool = false) -> TableColumn {
        TableColumn(name: name, type: "string", doc: doc, isWide: wide)
    }

    static func of(_ resource: ServedResource) -> [TableColumn] {
        guard let kind = resource.stored else { return EventColumns.columns }
        let inner = columns(kind)
        return [name] + inner.filter { !$0.isWide } + [age] + inner.filter(\.isWide)
    }

    // table: one line for each column.
    private static func columns(_ kind: ResourceKind) -> [TableColumn] {
        switch kind {
        case .experiment:
            [
                text("Faults", "What is done."), text("Max Targets", "The most that is harmed."),
                text("Last Run", "The newest run."), text("Last Verdict", "Its verdict."),
                text("Min Healthy", "No group is taken below this.", wide: true),
                text("Hypothesis", "What is expected.", wide: true),
            ]
        case .run:
            [
                text("Experiment", "What is executed."), text("Phase", "Where it is."),
                text("Verdict", "What came of it."), text("Undo", "Whether everything was put back."),
                text("Time To Recover", "From the effect until steady state held."),
                text("Requested By", "Who asked for it.", wide: true), text("Targets", "What was chosen.", wide: true),
                text("Started", "When it began.", wide: true), text("Reason", "Why it was asked for.", wide: true),
            ]
        case .injection:
            [
                text("Run", "The run it belongs to."), text("Action", "What is done."),
                text("Target", "To what."), text("State", "How far it is."),
                text("Region", "Where.", wide: true), text("Message", "What was said about it last.", wide: true),
            ]
        case .schedule:
            [
                text("Experiment", "What is run."), text("When", "How often."), text("Zone", "The time zone."),
                text("Next", "The slot to come."), text("Suspended", "Whether it is held back."),
                text("Last", "The newest slot that was handled.", wide: true),
            ]
        case .policy:
            [
                text("Halt", "Why everything is stopped."), text("Freezes", "How many stretches of quiet."),
                text("Max Targets", "The most in one run."), text("Regions", "Where harm is allowed.", wide: true),
                text("Faults", "Which harm is allowed.", wide: true),
            ]
        case .host: HostColumns.columns
        case .namespace: [text("Status", "Active or Terminating.")]
        case .roleBinding, .clusterRoleBinding:
            [text("Role", "What is given."), text("Subjects", "To whom.")]
        }
    }

    static func cells(_ document: ManifestDocument, now: Timestamp) -> [ManifestNode] {
        let metadata = document.resource.metadata
        let age = metadata.creationTimestamp.map { HumanDuration.text(now.since($0)) } ?? "<unknown>"
        let (narrow, wide) = inner(document)
        return .cells([metadata.name] + narrow + [age] + wide)
    }

    private static func inner(_ document: ManifestDocument) -> (narrow: [String], wide: [String]) {
        switch document {
        case .experiment(let experiment): cells(experiment)
        case .run(let run): cells(run)
        case .injection(let injection): cells(injection)
        case .schedule(let schedule): cells(schedule)
        case .policy(let policy): cells(policy)
        case .host(let host): HostColumns.cells(host)
        case .namespace(let namespace):
            ([(namespace.metadata.deletionTimestamp == nil ? NamespaceStatus.Phase.active : .terminating).rawValue], [])
        case .roleBinding(let binding): cells(binding.spec)
        case .clusterRoleBinding(let binding): cells(binding.spec)
        }
    }

    private static func cells(_ experiment: Experiment) -> ([String], [String]) {
        let spec = experiment.spec
        return (
            [
                spec.faults.map(\.action.name).joined(separator: ","), String(spec.limits.maxTargets),
                experiment.status?.lastRun ?? "", experiment.status?.lastVerdict?.rawValue ?? "",
            ], [String(spec.limits.minHealthy), spec.hypothesis]
        )
    }

    private static func cells(_ run: Run) -> ([String], [String]) {
        let status = run.status
        let recovered = status?.recovery?.timeToRecover.map { HumanDuration.seconds($0.seconds) } ?? ""
        let targets = status?.plan?.steps.map(\.target.id).joined(separator: ",") ?? ""
        return (
            [
                run.spec.experiment, (status?.phase ?? .pending).rawValue, status?.verdict?.rawValue ?? "",
                (status?.undo ?? .none).rawValue, recovered,
            ],
            [run.spec.requestedBy, targets, status?.startedAt?.description ?? "", run.spec.reason ?? ""]
        )
    }

    private static func cells(_ injection: Injection) -> ([String], [String]) {
        let spec = injection.spec
        return (
            [spec.run, spec.action.name, spec.target.id, (injection.status?.state ?? .pending).rawValue],
            [spec.target.region, injection.status?.message ?? ""]
        )
    }

    private static func cells(_ schedule: Schedule) -> ([String], [String]) {
        let spec = schedule.spec
        let when = spec.cron ?? spec.meanTimeBetween.map { "about every \($0)" } ?? ""
        return (
            [
                spec.experiment, when, spec.timeZone, schedule.status?.nextSlot?.description ?? "",
                spec.suspend == true ? "true" : "false",
            ], [schedule.status?.lastSlot?.description ?? ""]
        )
    }

    private static func cells(_ policy: Policy) -> ([String], [String]) {
        let spec = policy.spec
        return (
            [
                spec.halt.flatMap { $0.resumed == nil ? $0.reason : nil } ?? "", String(spec.freezes?.count ?? 0),
                spec.maxTargetsPerRun.map { String($0) } ?? "",
            ],
            [spec.allowedRegions?.joined(separator: ",") ?? "any", spec.allowedFaults?.joined(separator: ",") ?? "any"]
        )
    }

    private static func cells(_ spec: RoleBindingSpec) -> ([String], [String]) {
        let subjects = spec.subjects.map { "\($0.kind.rawValue)/\($0.name)" }
        return ([spec.role.rawValue, subjects.joined(separator: ",")], [])
    }
}

extension [ManifestNode] {
    static func cells(_ texts: [String]) -> [ManifestNode] { texts.map(ManifestNode.text) }
}

/// Lengths of time as kubectl shows ages: `45s`, `3m10s`, `5h12m`, `40d`.
enum HumanDuration {
    static func text(_ duration: Duration) -> String {
        let seconds = max(0, duration.components.seconds)
        let (minutes, hours, days) = (seconds / 60, seconds / 3_600, seconds / 86_400)
        func pair(_ one: Int64, _ unit: String, _ other: Int64, _ smaller: String) -> String {
            other == 0 ? "\(one)\(unit)" : "\(one)\(unit)\(other)\(smaller)"
        }
        if seconds < 120 { return "\(seconds)s" }
        if minutes < 10 { return pair(minutes, "m", seconds % 60, "s") }
        if minutes < 180 { return "\(minutes)m" }
        if hours < 8 { return pair(hours, "h", minutes % 60, "m") }
        if hours < 48 { return "\(hours)h" }
        if days < 8 { return pair(days, "d", hours % 24, "h") }
        if days < 730 { return "\(days)d" }
        return pair(days / 365, "y", days % 365, "d")
    }

    /// Seconds with one digit after the point: `12.3s`.
    static func seconds(_ value: Double) -> String {
        guard value.isFinite, value.magnitude < 1e12 else { return "\(value)s" }
        let tenths = Int((value * 10).rounded())
        return "\(tenths / 10).\(tenths % 10)s"
    }
}

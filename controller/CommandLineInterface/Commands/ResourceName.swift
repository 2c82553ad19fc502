// SPDX-License-Identifier: Apache-2.0
internal import ArgumentParser
internal import ChaosModel

/// A kind as people write it on the command line: `runs`, `run`, `Run`, and short forms as kubectl has them.
enum ResourceName: String, CaseIterable, ExpressibleByArgument {
    case runs, experiments, injections, policies, schedules, hosts, namespaces, rolebindings, clusterrolebindings

    init?(argument: String) {
        let word = argument.lowercased()
        guard let match = Self.allCases.first(where: { $0.words.contains(word) }) else { return nil }
        self = match
    }

    var kind: ResourceKind {
        switch self {
        case .runs: .run
        case .experiments: .experiment
        case .injections: .injection
        case .policies: .policy
        case .schedules: .schedule
        case .hosts: .host
        case .namespaces: .namespace
        case .rolebindings: .roleBinding
        case .clusterrolebindings: .clusterRoleBinding
        }
    }

    init(_ kind: ResourceKind) {
        switch kind {
        case .run: self = .runs
        case .experiment: self = .experiments
        case .injection: self = .injections
        case .policy: self = .policies
        case .schedule: self = .schedules
        case .host: self = .hosts
        case .namespace: self = .namespaces
        case .roleBinding: self = .rolebindings
        case .clusterRoleBinding: self = .clusterrolebindings
        }
    }

    var singular: String { kind.rawValue.lowercased() }

    /// Every word that means this kind.
    var words: [String] {
        let short: [String] =
            switch self {
            case .runs, .hosts: []
            case .experiments: ["exp"]
            case .injections: ["inj"]
            case .policies: ["pol"]
            case .schedules: ["sched"]
            case .namespaces: ["ns"]
            case .rolebindings: ["rb"]
            case .clusterrolebindings: ["crb"]
            }
        return [rawValue, singular] + short
    }

    /// `run.rebound.chaos/NAME`, as kubectl names a resource.
    static func fullName(_ kind: ResourceKind, _ name: String) -> String {
        let group = kind.apiVersion.split(separator: "/").count == 2 ? "." + kind.apiVersion.prefix { $0 != "/" } : ""
        return kind.rawValue.lowercased() + group + "/" + name
    }

    /// How the kind is shown.
    var table: any ResourceTable.Type {
        switch self {
        case .runs: RunTable.self
        case .experiments: ExperimentTable.self
        case .injections: InjectionTable.self
        case .policies: PolicyTable.self
        case .schedules: ScheduleTable.self
        case .hosts: HostTable.self
        case .namespaces: NamespaceTable.self
        case .rolebindings: RoleBindingTable.self
        case .clusterrolebindings: ClusterRoleBindingTable.self
        }
    }
}

/// Which resources the arguments of a command mean: `TYPE`, `TYPE NAME...`, or `TYPE/NAME...`.
struct ResourceArguments {
    /// A kind, and the names in it; no names mean all.
    struct Group: Equatable {
        var kind: ResourceName
        var names: [String]
    }

    var groups: [Group]

    /// Throws a failure that names the word that is not understood, and what may have been meant.
    init(_ words: [String]) throws(CommandFailure) {
        groups = []
        guard let first = words.first else {
            throw CommandFailure(
                .usage, "no type was given", hint: "The types are \(Self.types). For example: rebound get runs")
        }
        if first.contains("/") {
            for word in words { try add(word) }
            return
        }
        for part in first.split(separator: ",") { groups.append(Group(kind: try Self.kind(part), names: [])) }
        let names = Array(words.dropFirst())
        if let odd = names.first(where: { $0.contains("/") }) {
            throw CommandFailure(
                .usage, "\(first) and \(odd) do not go together",
                hint: "Write TYPE NAME..., or TYPE/NAME for each of them.")
        }
        guard names.isEmpty || groups.count == 1 else {
            throw CommandFailure(.usage, "names go with one type", hint: "Write TYPE/NAME for each of them.")
        }
        for index in groups.indices { groups[index].names = names }
    }

    private mutating func add(_ word: String) throws(CommandFailure) {
        let parts = word.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, !parts[1].isEmpty, !parts[1].contains("/") else {
            throw CommandFailure(.usage, "\(word) is not TYPE/NAME", hint: "For example: run/web-20261124-1530")
        }
        let kind = try Self.kind(parts[0])
        let name = String(parts[1])
        if let index = groups.firstIndex(where: { $0.kind == kind }) {
            groups[index].names.append(name)
        } else {
            groups.append(Group(kind: kind, names: [name]))
        }
    }

    /// A group written behind the type (`runs.rebound.chaos`) is taken off.
    private static func kind(_ word: Substring) throws(CommandFailure) -> ResourceName {
        let plain = word.firstRange(of: ".rebound.chaos").map { word[..<$0.lowerBound] } ?? word
        if let kind = ResourceName(argument: String(plain)) { return kind }
        let near = NearMiss.nearest(to: String(plain), in: ResourceName.allCases.flatMap(\.words))
        throw CommandFailure(
            .usage, "there is no type \(word)", hint: near.map { "Did you mean \($0)?" } ?? "The types are \(types).")
    }

    static var types: String { ResourceName.allCases.map(\.rawValue).joined(separator: ", ") }
}

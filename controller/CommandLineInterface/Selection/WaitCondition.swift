// SPDX-License-Identifier: Apache-2.0
package import ChaosModel

/// What is waited for.
package enum WaitCondition: Sendable, Equatable {
    case phase(String)
    case verdict(Verdict)
    case state(InjectionState)
    case condition(type: String, status: String)
    case delete

    /// Throws a failure that names what may be written.
    package init(_ text: String) throws(CommandFailure) {
        let parts = text.split(separator: "=", maxSplits: 2, omittingEmptySubsequences: false).map(String.init)
        switch (parts.first?.lowercased(), parts.count) {
        case ("delete", 1): self = .delete
        case ("phase", 2): self = .phase(try Self.word(parts[1], among: Self.phases, of: "phase"))
        case ("verdict", 2):
            let word = try Self.word(parts[1], among: Verdict.allCases.map(\.rawValue), of: "verdict")
            self = .verdict(Verdict(rawValue: word) ?? .error)
        case ("state", 2):
            let word = try Self.word(parts[1], among: InjectionState.allCases.map(\.rawValue), of: "state")
            self = .state(InjectionState(rawValue: word) ?? .pending)
        case ("condition", 2) where !parts[1].isEmpty: self = .condition(type: parts[1], status: "True")
        case ("condition", 3) where !parts[1].isEmpty:
            let word = try Self.word(parts[2], among: ["True", "False", "Unknown"], of: "status of a condition")
            self = .condition(type: parts[1], status: word)
        default:
            throw CommandFailure(
                .usage, "--for=\(text) is not understood",
                hint: "Write phase=Done, verdict=pass, state=reverted, condition=TYPE[=STATUS], or delete.")
        }
    }

    private static let phases =
        RunPhase.allCases.map(\.rawValue) + NamespaceStatus.Phase.allCases.map(\.rawValue)

    private static func word(_ text: String, among words: [String], of what: String) throws(CommandFailure) -> String {
        if let word = words.first(where: { $0.lowercased() == text.lowercased() }) { return word }
        let near = NearMiss.nearest(to: text, in: words).map { "Did you mean \($0)?" }
        throw CommandFailure(
            .usage, "\(text) is no \(what)", hint: near ?? "Those are \(words.joined(separator: ", ")).")
    }

    /// Whether it holds now. Throws a failure when it cannot hold any more: the resource is gone, or a run ended with
    /// another verdict.
    func isMet<R: Resource>(in step: ResourceStep<R>, for start: R) throws -> Bool {
        if self == .delete { return Self.isGone(start, in: step) }
        if Self.isGone(start, in: step) {
            throw CommandFailure(
                .error, "\(ResourceName.fullName(R.kind, start.metadata.name)) was deleted",
                hint: "It will not come to what is waited for.")
        }
        switch step {
        case .listed(let list): return try list.items.contains { try holds(for: $0) }
        case .added(let resource), .modified(let resource): return try holds(for: resource)
        case .deleted, .trouble: return false
        }
    }

    private func holds(for resource: some Resource) throws -> Bool {
        switch self {
        case .phase(let wanted): return FieldTree(resource)?.text(at: ["status", "phase"]) == wanted
        case .verdict(let wanted):
            guard let run = resource as? Run, run.status?.phase == .done else { return false }
            if run.status?.verdict == wanted { return true }
            throw CommandFailure(
                .fail, "the run \(run.metadata.name) ended with \(run.status?.verdict?.rawValue ?? "no verdict")",
                hint: "See `rebound report \(run.metadata.name)`.")
        case .state(let wanted):
            let state = (resource as? Injection)?.status?.state
            if state == wanted { return true }
            guard let state, state.isFinal else { return false }
            throw CommandFailure(
                .fail, "the injection \(resource.metadata.name) ended as \(state.rawValue)",
                hint: "See `rebound describe injection \(resource.metadata.name)`.")
        case .condition(let type, let status):
            return FieldTree(resource)?.statusOfCondition(type) == status
        case .delete: return false
        }
    }

    /// Whether the resource, and not a later one of its name, is gone.
    static func isGone<R: Resource>(_ resource: R, in step: ResourceStep<R>) -> Bool {
        switch step {
        case .listed(let list):
            !list.items.contains {
                $0.metadata.name == resource.metadata.name && $0.metadata.uid == resource.metadata.uid
            }
        case .deleted(let gone): gone.metadata.uid == resource.metadata.uid
        case .added(let new), .modified(let new): new.metadata.uid != resource.metadata.uid
        case .trouble: false
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
package import ArgumentParser
internal import ChaosModel

/// `rebound halt`
package struct HaltCommand: ContextCommand {
    package static let configuration = CommandConfiguration(
        commandName: "halt", abstract: "Stop everything, put back what was changed, and let nothing begin.",
        discussion: """
            Holds over restarts, until `rebound resume`; it is the policy named halt. Every process of the store \
            obeys, and what runs hold that no process drives is put back by this command. With a server the runs that \
            it ends are shown, until all of them are done; --no-wait ends at once. Ends with 5 when something could \
            not be put back.
            """)

    @Option(help: ArgumentHelp("Why, for everybody who finds his run ended.", valueName: "text"))
    var reason: String

    @Flag(inversion: .prefixedNo, help: "Wait until every run is done.")
    var wait = true

    @OptionGroup var place: PlaceOptions
    @OptionGroup var outputOptions: OutputOptions

    package init() {}

    package func run(in context: CommandContext) async throws -> CommandStatus {
        try await context.withBackend(place, .creating) { place in
            // First the order: nothing may stand between the wish and the act.
            let control = try await context.control(of: place.backend)
            let order = try await control.halt(reason, context.requestedBy())
            guard place.backend.isServer else { return try await putBack(order, control, place.backend, context) }
            try outputOptions.answer(order, on: context.console) { [StyledLine(Self.words(order))] }
            return wait ? try await awaitEnd(place.backend, context) : .pass
        }
    }

    private static func words(_ order: Policy) -> String {
        let halt = order.spec.halt
        let since = halt?.at.map { " since \($0)" } ?? ""
        return "halted\(since) by \(halt?.requestedBy ?? "somebody"): \(halt?.reason ?? "")"
    }

    /// What this machine's runs hold that no process drives.
    private func putBack(
        _ order: Policy, _ control: RunControl, _ backend: any Backend, _ context: CommandContext
    ) async throws -> CommandStatus {
        let touching: Set<RunPhase> = [.injecting, .holding, .reverting]
        let runs = try await backend.list(Run.self, namespace: nil, selection: Selection()).items.filter { run in
            run.status.map { touching.contains($0.phase) } ?? false
        }
        let outcomes = await HaltedRuns(control: control).putBack(runs)
        try outputOptions.answer(order, on: context.console) {
            [StyledLine(Self.words(order))]
                + outcomes.map { StyledLine([Span($0.name + ": "), Span($0.words, $0.tone)]) }
        }
        return outcomes.contains(where: \.isDirty) ? .undoFailed : .pass
    }

    /// Tells each run as it ends. Ends with 5 when one of them could not put back what it had changed.
    private func awaitEnd(_ backend: any Backend, _ context: CommandContext) async throws -> CommandStatus {
        var ending = EndingRuns()
        try await backend.follow(Run.self, namespace: nil, selection: Selection()) { step in
            for line in ending.note(step) { context.console.notice([line]) }
            return ending.isOver
        }
        return ending.isDirty ? .undoFailed : .pass
    }
}

/// The runs that were under way when everything was halted.
struct EndingRuns {
    private var open: Set<ResourceKey>?
    private(set) var isDirty = false
    var isOver: Bool { open?.isEmpty ?? false }

    mutating func note(_ step: ResourceStep<Run>) -> [StyledLine] {
        switch step {
        case .listed(let list):
            let active = list.items.filter { $0.status?.phase != .done }
            guard let before = open else {
                open = Set(active.map(\.key))
                return active.isEmpty ? [] : [StyledLine("waiting for \(Counted.text(active.count, "run")) to undo")]
            }
            return list.items.filter { before.contains($0.key) }.flatMap { ended($0) }
        case .added(let run), .modified(let run): return ended(run)
        case .deleted(let run):
            open?.remove(run.key)
            return []
        case .trouble(let text): return [StyledLine(text, .warning)]
        }
    }

    private mutating func ended(_ run: Run) -> [StyledLine] {
        guard let status = run.status, status.phase == .done, open?.remove(run.key) != nil else { return [] }
        if status.undo == .dirty { isDirty = true }
        return [StyledLine([Span(run.metadata.name, .strong), Span(": undo ")]) + UndoWord.line(status)]
    }
}

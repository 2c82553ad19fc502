// SPDX-License-Identifier: Apache-2.0
package import ArgumentParser
internal import ChaosModel

/// `rebound halt`
package struct HaltCommand: ContextCommand {
    package static let configuration = CommandConfiguration(
        commandName: "halt", abstract: "Stop everything, put back what was changed, and let nothing begin.",
        discussion: """
            Holds over restarts, until `rebound resume`. Again does not hurt. Shows the runs that it ends, and goes on \
            until all of them are done; --no-wait ends at once.
            """)

    @Option(help: ArgumentHelp("Why, for everybody who finds his run ended.", valueName: "text"))
    var reason: String

    @Flag(inversion: .prefixedNo, help: "Wait until every run is done.")
    var wait = true

    @OptionGroup var place: PlaceOptions

    package init() {}

    package func run(in context: CommandContext) async throws -> CommandStatus {
        try await context.withBackend(place, .existing) { place in
            // First the order: nothing may stand between the wish and the act.
            let control = try await context.control(of: place.backend)
            try await control.halt(reason, context.requestedBy())
            try context.console.answer("halted: \(reason.printable)\n")
            guard wait, place.backend.isServer else { return .pass }
            return try await awaitEnd(place.backend, context)
        }
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

/// `rebound resume`
package struct ResumeCommand: ContextCommand {
    package static let configuration = CommandConfiguration(
        commandName: "resume", abstract: "End a halt: new runs may begin again.",
        discussion: "What was put back stays so. To continue one unfinished run, see `rebound run --resume`.")

    @Option(help: ArgumentHelp("Why, for the record.", valueName: "text"))
    var reason: String

    @OptionGroup var place: PlaceOptions

    package init() {}

    package func run(in context: CommandContext) async throws -> CommandStatus {
        try await context.withBackend(place, .existing) { place in
            let control = try await context.control(of: place.backend)
            let still = try await control.resume(reason, context.requestedBy())
            guard still.isEmpty else {
                throw CommandFailure(
                    .fail, "the halt is ended, but \(still.joined(separator: ", ")) still halts",
                    hint: "Change those policies with `rebound apply`; see `rebound get policies`.")
            }
            try context.console.answer("resumed\n")
            return .pass
        }
    }
}

/// `rebound approve`
package struct ApproveCommand: ContextCommand {
    package static let configuration = CommandConfiguration(
        commandName: "approve", abstract: "Agree to the plan of a run that waits for it.",
        discussion: "Look at the plan first: rebound describe run NAME. Nobody approves a run that he asked for.")

    @Argument(help: "The name of the run.")
    var run: String

    @Option(help: ArgumentHelp("Why, for the record.", valueName: "text"))
    var reason: String?

    @OptionGroup var place: PlaceOptions
    @OptionGroup var outputOptions: OutputOptions

    package init() {}

    package func run(in context: CommandContext) async throws -> CommandStatus {
        try await context.withBackend(place, .existing) { place in
            let run = try await place.backend.existing(Run.self, namespace: place.namespace, name: self.run)
            guard run.status?.phase == .awaitingApproval else {
                let phase = run.status?.phase ?? .pending
                throw CommandFailure(
                    .error, "\(run.metadata.name) is in \(phase.rawValue), and waits for no approval",
                    hint: "See `rebound get runs --field-selector status.phase=AwaitingApproval`.")
            }
            let control = try await context.control(of: place.backend)
            let approved = try await control.approve(run.key, context.requestedBy(), reason)
            try outputOptions.answer(approved, on: context.console) {
                [StyledLine("\(run.metadata.name) approved, for the plan \(run.status?.plan?.hash ?? "it has")")]
            }
            return .pass
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
package import ArgumentParser
internal import ChaosModel
internal import ResourceStore

/// `rebound halt`
package struct HaltCommand: ContextCommand {
    package static let configuration = CommandConfiguration(
        commandName: "halt", abstract: "Stop everything, undo it, and let nothing begin until `rebound resume`.",
        discussion: """
            Every process of the store obeys. What runs hold that no process drives is put back by this command. The \
            order outlives every process; it is the policy named halt.
            """)

    @Option(help: ArgumentHelp("Why, for the record and the reports.", valueName: "text"))
    var reason: String

    @OptionGroup var storeOptions: StoreOptions
    @OptionGroup var outputOptions: OutputOptions

    package init() {}

    package func run(in context: CommandContext) async throws -> CommandStatus {
        try await context.withStore(storeOptions, .creating) { store in
            let logger = try context.logger { context.console.notice([$0.styled]) }
            let control = try await context.opening.control(store, logger)
            let order = try await control.halt(reason, context.requestedBy())
            let touching: Set<RunPhase> = [.injecting, .holding, .reverting]
            let runs = try await StoredRuns(store: store).unfinished().filter { run in
                run.status.map { touching.contains($0.phase) } ?? false
            }
            let outcomes = await HaltedRuns(control: control).putBack(runs)
            try outputOptions.answer(order, on: context.console) {
                [StyledLine(Self.words(order))]
                    + outcomes.map { StyledLine([Span($0.name + ": "), Span($0.words, $0.tone)]) }
            }
            return outcomes.contains(where: \.isDirty) ? .undoFailed : .pass
        }
    }

    private static func words(_ order: Policy) -> String {
        let halt = order.spec.halt
        let since = halt?.at.map { " since \($0)" } ?? ""
        return "halted\(since) by \(halt?.requestedBy ?? "somebody"): \(halt?.reason ?? "")"
    }
}

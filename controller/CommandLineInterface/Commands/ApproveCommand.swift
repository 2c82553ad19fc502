// SPDX-License-Identifier: Apache-2.0
package import ArgumentParser
internal import ChaosModel
internal import ResourceStore

/// `rebound approve`
package struct ApproveCommand: ContextCommand {
    package static let configuration = CommandConfiguration(
        commandName: "approve", abstract: "Agree to the plan of a run that waits for approval.",
        discussion: """
            It counts for the plan that the run has now, and for nobody who asked for the run. Look at it first: \
            `rebound describe run NAME`.
            """)

    @Argument(help: "The name of the run.")
    var run: String

    @Option(help: ArgumentHelp("Why, for the record.", valueName: "text"))
    var reason: String?

    @OptionGroup var storeOptions: StoreOptions
    @OptionGroup var outputOptions: OutputOptions

    package init() {}

    package func run(in context: CommandContext) async throws -> CommandStatus {
        try await context.withStore(storeOptions, .existing) { store in
            let run = try await StoredRuns(store: store).named(self.run, namespace: storeOptions.namespace)
            let logger = try context.logger { context.console.notice([$0.styled]) }
            let control = try await context.opening.control(store, logger)
            let approved = try await control.approve(run.key, context.requestedBy(), reason)
            let hash = approved.status?.plan?.hash.prefix(12) ?? ""
            try outputOptions.answer(approved, on: context.console) {
                [StyledLine("approved plan \(hash) of \(run.metadata.name) as \(context.requestedBy())")]
            }
            return .pass
        }
    }
}

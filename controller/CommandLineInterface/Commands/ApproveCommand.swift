// SPDX-License-Identifier: Apache-2.0
package import ArgumentParser
internal import ChaosModel

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
                let hash = approved.status?.plan?.hash.prefix(12) ?? ""
                return [StyledLine("approved plan \(hash) of \(run.metadata.name)")]
            }
            return .pass
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
package import ArgumentParser

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
                    .inconclusive, "the halt is ended, but \(still.joined(separator: ", ")) still halts",
                    hint: "Change those policies with `rebound apply`; see `rebound get policies`.")
            }
            try context.console.answer("resumed\n")
            return .pass
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
package import ArgumentParser
internal import ResourceStore

/// `rebound resume`
package struct ResumeCommand: ContextCommand {
    package static let configuration = CommandConfiguration(
        commandName: "resume", abstract: "End a halt: new runs may begin again.",
        discussion: "What the halt put back stays put back. Ends with 3 while another policy halts still.")

    @Option(help: ArgumentHelp("Why it may go on, for the record.", valueName: "text"))
    var reason: String

    @OptionGroup var storeOptions: StoreOptions
    @OptionGroup var outputOptions: OutputOptions

    package init() {}

    package func run(in context: CommandContext) async throws -> CommandStatus {
        try await context.withStore(storeOptions, .existing) { store in
            let logger = try context.logger { context.console.notice([$0.styled]) }
            let left = try await context.opening.control(store, logger).resume(reason, context.requestedBy())
            try outputOptions.answer(["stillHaltedBy": left], on: context.console) {
                left.isEmpty
                    ? [StyledLine("resumed: new runs may begin", .good)]
                    : left.map { StyledLine("still halted by \($0); take it out where it was written", .warning) }
            }
            return left.isEmpty ? .pass : .inconclusive
        }
    }
}

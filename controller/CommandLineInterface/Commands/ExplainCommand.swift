// SPDX-License-Identifier: Apache-2.0
package import ArgumentParser
internal import ChaosModel

/// `rebound explain`
package struct ExplainCommand: ContextCommand {
    package static let configuration = CommandConfiguration(
        commandName: "explain", abstract: "Say what a field means and what may be written there.",
        discussion: "For example: rebound explain experiment.spec.faults.ec2")

    @Argument(help: "A kind, or a path of fields below it.")
    var path: String

    package init() {}

    package func run(in context: CommandContext) async throws -> CommandStatus {
        do {
            let text = try Explain.text(for: path)
            try context.console.answer(text.hasSuffix("\n") ? text : text + "\n")
            return .pass
        } catch let unknown as Explain.UnknownPath {
            throw CommandFailure(.usage, unknown.message, hint: unknown.hint)
        }
    }
}

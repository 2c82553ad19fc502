// SPDX-License-Identifier: Apache-2.0
package import ArgumentParser

/// `rebound version`
package struct VersionCommand: ContextCommand {
    package static let configuration = CommandConfiguration(
        commandName: "version", abstract: "Print the version of this program.")

    @Option(name: [.short, .long], help: "table, json or yaml.")
    var output: OutputFormat = .table

    package init() {}

    package func run(in context: CommandContext) async throws -> CommandStatus {
        switch output {
        case .table: try context.console.answer("rebound \(ReboundVersion.current)\n")
        case .json: try context.console.answer(try DocumentWriter.json(["version": ReboundVersion.current]))
        case .yaml: try context.console.answer("version: \(ReboundVersion.current)\n")
        }
        return .pass
    }
}

/// `rebound completion bash|zsh|fish`
package struct CompletionCommand: ContextCommand {
    /// The shells that a completion script can be made for.
    package enum Shell: String, CaseIterable, ExpressibleByArgument { case bash, zsh, fish }

    package static let configuration = CommandConfiguration(
        commandName: "completion", abstract: "Print a completion script for a shell.",
        discussion: "For bash: rebound completion bash > /etc/bash_completion.d/rebound")

    @Argument(help: "bash, zsh or fish.")
    var shell: Shell

    package init() {}

    package func run(in context: CommandContext) async throws -> CommandStatus {
        let target: CompletionShell =
            switch shell {
            case .bash: .bash
            case .zsh: .zsh
            case .fish: .fish
            }
        let script = ReboundCommand.completionScript(for: target)
        try context.console.answer(script.hasSuffix("\n") ? script : script + "\n")
        return .pass
    }
}

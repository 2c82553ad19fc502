// SPDX-License-Identifier: Apache-2.0
package import ArgumentParser
internal import ChaosModel

/// From arguments to an exit status: parses, runs, and shows what went wrong.
package enum CommandProgram {
    /// Runs the command that `arguments` (without the program's name) ask for.
    package static func run(
        _ root: any ParsableCommand.Type, arguments: [String], in context: CommandContext
    ) async -> CommandStatus {
        do {
            var command = try root.parseAsRoot(arguments)
            guard let known = command as? any ContextCommand else {
                try command.run()  // Help, and commands that only have subcommands.
                return .pass
            }
            return try await known.run(in: context)
        } catch {
            return report(error, root: root, arguments: arguments, in: context)
        }
    }

    private static func report(
        _ error: any Error, root: any ParsableCommand.Type, arguments: [String], in context: CommandContext
    ) -> CommandStatus {
        if error is CommandFailure || !isFromParser(error) {
            let failure = CommandFailure(anything: error)
            context.console.notice(failure.lines, noColor: arguments.contains("--no-color"))
            return failure.status
        }
        if root.exitCode(for: error).isSuccess {
            let text = root.fullMessage(for: error)
            do { try context.console.answer(text.hasSuffix("\n") ? text : text + "\n") } catch { return .error }
            return .pass
        }
        let parts = root.message(for: error).split(separator: "\n", omittingEmptySubsequences: true)
        let message = parts.map { $0.trimmingPrefix(while: \.isWhitespace) }.joined(separator: " ")
        let failure = CommandFailure(
            .usage, message.isEmpty ? "no command was given" : message, hint: helpHint(root, arguments))
        context.console.notice(failure.lines, noColor: arguments.contains("--no-color"))
        return .usage
    }

    /// The parser's own errors, and its requests for help, have types of its module; ours never do.
    private static func isFromParser(_ error: any Error) -> Bool {
        String(reflecting: type(of: error)).hasPrefix("ArgumentParser.")
    }

    private static func helpHint(_ root: any ParsableCommand.Type, _ arguments: [String]) -> String {
        var command = root
        var path = root.configuration.commandName ?? ""
        for word in arguments {
            let names = command.configuration.subcommands.compactMap { $0.configuration.commandName }
            if let next = command.configuration.subcommands.first(where: { $0.configuration.commandName == word }) {
                command = next
                path += " " + word
                continue
            }
            // A command of commands takes no word of its own: what stands there was meant to be one of them.
            if !word.hasPrefix("-"), let near = NearMiss.nearest(to: word, in: names) {
                return "Did you mean `\(path) \(near)`? See `\(path) --help`."
            }
            break
        }
        return "See `\(path) --help`."
    }
}

// SPDX-License-Identifier: Apache-2.0
package import ArgumentParser
internal import ChaosModel

/// `rebound explain`
package struct ExplainCommand: ContextCommand {
    package static let configuration = CommandConfiguration(
        commandName: "explain", abstract: "Say what a field means and what may be written there.",
        discussion: "For example: rebound explain experiment.spec.faults.ec2. Without a path the kinds are listed.")

    @Argument(help: "A kind, or a path of fields below it.")
    var path: String?

    package init() {}

    package func run(in context: CommandContext) async throws -> CommandStatus {
        guard let path else {
            try context.console.answer(context.console.palette(for: context.console.output, noColor: false).text(kinds))
            return .pass
        }
        do {
            let text = try Explain.text(for: path)
            try context.console.answer(text.hasSuffix("\n") ? text : text + "\n")
            return .pass
        } catch let unknown as Explain.UnknownPath {
            throw CommandFailure(.usage, unknown.message, hint: unknown.hint)
        }
    }

    private var kinds: [StyledLine] {
        var table = TextTable(["KIND", "NAMES", "APIVERSION", "NAMESPACED", ""])
        for name in ResourceName.allCases {
            let kind = name.kind
            table.add(
                StyledLine(kind.rawValue, .strong), StyledLine(name.words.joined(separator: ", ")),
                StyledLine(kind.apiVersion), StyledLine(kind.isNamespaced ? "yes" : "no"),
                StyledLine(ResourceSchema.schema(for: kind).doc, .dim))
        }
        return table.lines()
    }
}

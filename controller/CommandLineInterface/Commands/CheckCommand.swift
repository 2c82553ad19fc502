// SPDX-License-Identifier: Apache-2.0
package import ArgumentParser
internal import ChaosModel

/// `rebound-controller check`
package struct CheckCommand: ContextCommand {
    package static let configuration = CommandConfiguration(
        commandName: "check", abstract: "Check the configuration, and show what is in force and where it came from.",
        discussion: "Looks at the file and the environment only, and changes nothing. Ends with 2 on a problem.")

    @OptionGroup var options: ServiceOptions
    @OptionGroup var outputOptions: OutputOptions

    package init() {}

    package func run(in context: CommandContext) async throws -> CommandStatus {
        let settings = try options.settings(environment: context.console.environment)
        try outputOptions.answer(settings.configuration, on: context.console) {
            var table = TextTable(["FIELD", "VALUE", "FROM"])
            for row in settings.rows {
                table.add(StyledLine(row.field), StyledLine(row.value), StyledLine(row.source, .dim))
            }
            return table.lines()
        }
        return .pass
    }
}

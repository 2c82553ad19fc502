// SPDX-License-Identifier: Apache-2.0
package import ArgumentParser
internal import ChaosModel

/// `rebound describe run NAME`
package struct DescribeCommand: ContextCommand {
    /// What can be described.
    package enum Subject: String, CaseIterable, ExpressibleByArgument { case run }

    package static let configuration = CommandConfiguration(
        commandName: "describe", abstract: "Show everything known of a run.")

    @Argument(help: "What to describe.")
    var subject: Subject

    @Argument(help: "The name of the run.")
    var name: String

    @OptionGroup var storeOptions: StoreOptions
    @OptionGroup var outputOptions: OutputOptions

    package init() {}

    package func run(in context: CommandContext) async throws -> CommandStatus {
        let run = try await context.withStore(storeOptions, .existing) { store in
            try await StoredRuns(store: store).named(name, namespace: storeOptions.namespace)
        }
        try outputOptions.answer(run, on: context.console) { RunReportPage(run: run).lines }
        return .pass
    }
}

// SPDX-License-Identifier: Apache-2.0
package import ArgumentParser
internal import ChaosModel
internal import ExperimentControl

/// `rebound abort`
package struct AbortCommand: ContextCommand {
    package static let configuration = CommandConfiguration(
        commandName: "abort", abstract: "End a run early, and undo what it changed.",
        discussion: "A process that drives the run undoes it; when there is none, this command does.")

    @Argument(help: "The name of the run.")
    var run: String

    @Option(help: ArgumentHelp("Why, for the record and the reports.", valueName: "text"))
    var reason: String

    @Flag(name: [.short, .long], help: "Show no progress.")
    var quiet = false

    @OptionGroup var storeOptions: StoreOptions
    @OptionGroup var outputOptions: OutputOptions

    package init() {}

    package func run(in context: CommandContext) async throws -> CommandStatus {
        try await context.withStore(storeOptions, .existing) { store in
            let run = try await StoredRuns(store: store).named(self.run, namespace: storeOptions.namespace)
            guard run.status?.phase != .done else {
                throw CommandFailure(
                    .error, "\(run.metadata.name) is done; there is nothing to abort",
                    hint: "See `rebound report \(run.metadata.name)`.")
            }
            let session = try await AttendedRun.begin(
                in: context, store: store, signals: context.signals(), quiet: quiet, noColor: outputOptions.noColor)
            let request = AbortRequest(requestedBy: context.requestedBy(), reason: reason, at: context.now())
            try await session.control.abort(run.key, request)
            return try await undo(run, session, context)
        }
    }

    /// Drives the run to its end, unless another process does.
    private func undo(_ run: Run, _ session: AttendedRun, _ context: CommandContext) async throws -> CommandStatus {
        do {
            let ended = try await session.performToTheEnd { run }
            try outputOptions.answer(ended, on: context.console) { RunSummary(run: ended).lines }
            return ended.status?.undo == .dirty ? .undoFailed : .pass
        } catch let error as ExperimentError where error.code == .busy {
            let page = [StyledLine("\(run.metadata.name) is being aborted by the process that drives it.")]
            try outputOptions.answer(run, on: context.console) { page }
            return .pass
        }
    }
}

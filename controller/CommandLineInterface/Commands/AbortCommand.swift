// SPDX-License-Identifier: Apache-2.0
package import ArgumentParser
internal import ChaosModel
internal import ExperimentControl

/// `rebound abort`
package struct AbortCommand: ContextCommand {
    package static let configuration = CommandConfiguration(
        commandName: "abort", abstract: "End a run early, and undo what it changed.",
        discussion: """
            A process that drives the run undoes it; when there is none, this command does. Waits until the run is \
            done, and ends with 5 when something could not be put back.
            """)

    @Argument(help: "The name of the run.")
    var run: String

    @Option(help: ArgumentHelp("Why, for the record and the reports.", valueName: "text"))
    var reason: String

    @Flag(inversion: .prefixedNo, help: "Wait until a server has undone what was changed.")
    var wait = true

    @Flag(name: [.short, .long], help: "Show no progress.")
    var quiet = false

    @OptionGroup var place: PlaceOptions
    @OptionGroup var outputOptions: OutputOptions

    package init() {}

    package func run(in context: CommandContext) async throws -> CommandStatus {
        try await context.withBackend(place, .existing) { place in
            let run = try await place.backend.existing(Run.self, namespace: place.namespace, name: self.run)
            guard run.status?.phase != .done else {
                throw CommandFailure(
                    .error, "\(run.metadata.name) is done; there is nothing to abort",
                    hint: "See `rebound report \(run.metadata.name)`.")
            }
            let session = try await AttendedRun.begin(
                in: context, backend: place.backend, signals: context.signals(), quiet: quiet,
                noColor: outputOptions.noColor)
            let request = AbortRequest(requestedBy: context.requestedBy(), reason: reason, at: context.now())
            try await session.control.abort(run.key, request)
            if place.backend.isServer, !wait { return try leave(run, context) }
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
            return try leave(run, context)
        }
    }

    private func leave(_ run: Run, _ context: CommandContext) throws -> CommandStatus {
        let page = [StyledLine("\(run.metadata.name) is being aborted by the process that drives it.")]
        try outputOptions.answer(run, on: context.console) { page }
        return .pass
    }
}

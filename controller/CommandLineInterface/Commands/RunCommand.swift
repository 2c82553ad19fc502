// SPDX-License-Identifier: Apache-2.0
package import ArgumentParser
internal import ChaosModel

/// `rebound run`
package struct RunCommand: ContextCommand {
    package static let configuration = CommandConfiguration(
        commandName: "run", abstract: "Run an experiment, and measure the recovery.",
        discussion: """
            Progress goes to standard error, the answer to standard output. Ctrl-C aborts the run and undoes what was \
            changed; a second one changes nothing. Policies in the file bind this run beside those in the store.
            """)

    @Option(
        name: [.short, .long],
        help: ArgumentHelp("The manifest; - is standard input.", valueName: "path"),
        completion: .file(extensions: ["yaml", "yml", "json"]))
    var file: String?

    @Option(
        help: ArgumentHelp(
            "The experiment to run: where the file holds several, or without a file one that is kept.",
            valueName: "experiment"))
    var name: String?

    @Option(help: ArgumentHelp("Continue an unfinished run, for example after a crash.", valueName: "run"))
    var resume: String?

    @Option(help: ArgumentHelp("Repeats the choice of targets of an earlier plan or run.", valueName: "number"))
    var seed: UInt64?

    @Option(help: ArgumentHelp("Run only if planning gives this hash again.", valueName: "hash"))
    var planHash: String?

    @Option(help: ArgumentHelp("Why, for the record and the reports.", valueName: "text"))
    var reason: String?

    @Flag(name: [.short, .long], help: "Show no progress.")
    var quiet = false

    @Flag(help: "Leave the run to the server: end as soon as it is there.")
    var detach = false

    @OptionGroup var place: PlaceOptions
    @OptionGroup var outputOptions: OutputOptions

    package init() {}

    package func validate() throws {
        guard (file == nil && name == nil) != (resume == nil) else {
            throw ValidationError(
                "Exactly one of -f, --name and --resume is needed: a manifest, a kept experiment, or an unfinished run."
            )
        }
        guard resume == nil || (name == nil && seed == nil && planHash == nil && reason == nil) else {
            throw ValidationError(
                "--name, --seed, --plan-hash and --reason belong to a new run; a resumed one keeps what it began with."
            )
        }
    }

    package func run(in context: CommandContext) async throws -> CommandStatus {
        let manifest = try file.map { try ManifestFile.read($0).experiment(named: name) }
        let isLocal = try place.serverContext(environment: context.console.environment) == nil
        guard !detach || !isLocal else {
            throw CommandFailure(
                .usage, "--detach leaves a run to a server, and none is named",
                hint: "Name one with --server, or let the run go on here.")
        }
        // From here on an interrupt is an abort, and no longer the end of this process.
        let signals = context.signals()
        return try await context.withBackend(place, manifest == nil ? .existing : .creating) { place in
            let session = try await AttendedRun.begin(
                in: context, backend: place.backend, signals: signals, quiet: quiet, noColor: outputOptions.noColor)
            if detach { return try await leave(manifest, place, session, context) }
            let run = try await session.performToTheEnd { try await submit(manifest, place, session, context) }
            try outputOptions.answer(run, on: context.console) { RunSummary(run: run).lines }
            return CommandStatus(run: run)
        }
    }

    /// Has the server make the run, or names the one to continue, and ends.
    private func leave(
        _ manifest: (Experiment, [Policy])?, _ place: Workplace, _ session: AttendedRun, _ context: CommandContext
    ) async throws -> CommandStatus {
        let run = try await submit(manifest, place, session, context)
        try outputOptions.answer(run, on: context.console) {
            [
                StyledLine([Span(run.metadata.name, .strong), Span(" is left to \(place.backend.title)")]),
                StyledLine("follow it: rebound logs -f \(run.metadata.name)", .dim),
            ]
        }
        return .pass
    }

    private func submit(
        _ manifest: (Experiment, [Policy])?, _ place: Workplace, _ session: AttendedRun, _ context: CommandContext
    ) async throws -> Run {
        guard let resume else {
            let meant = try await ExperimentChoice(manifest, named: name).resolve(in: place)
            if !place.backend.isServer { await session.display.notice(try await notices(place.backend)) }
            return try await session.control.submit(
                RunControl.Order(
                    experiment: meant.experiment, policies: meant.policies, seed: seed, expectedPlanHash: planHash,
                    requestedBy: context.requestedBy(), reason: reason))
        }
        let run = try await place.backend.existing(Run.self, namespace: place.namespace, name: resume)
        guard run.status?.phase != .done else {
            throw CommandFailure(
                .usage, "\(run.metadata.name) is done, with nothing left to continue",
                hint: "See `rebound report \(run.metadata.name)`.")
        }
        return run
    }

    private func notices(_ backend: any Backend) async throws -> [StyledLine] {
        let runs = try await backend.list(Run.self, namespace: nil, selection: Selection()).items
        return Self.notice(
            of: runs.filter { $0.status?.phase != .done }
                .sorted { $0.metadata.creationOrder < $1.metadata.creationOrder })
    }

    private static func notice(of unfinished: [Run]) -> [StyledLine] {
        unfinished.map { run in
            let phase = run.status?.phase.rawValue ?? RunPhase.pending.rawValue
            return StyledLine(
                "notice: \(run.metadata.name) is unfinished (\(phase)); if no process drives it: "
                    + "rebound run --resume \(run.metadata.name)", .warning)
        }
    }
}

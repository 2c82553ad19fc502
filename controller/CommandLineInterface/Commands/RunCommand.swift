// SPDX-License-Identifier: Apache-2.0
package import ArgumentParser
internal import ChaosModel
internal import ResourceStore

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

    @Option(help: ArgumentHelp("The experiment to run, where the file holds several.", valueName: "experiment"))
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

    @OptionGroup var storeOptions: StoreOptions
    @OptionGroup var outputOptions: OutputOptions

    package init() {}

    package func validate() throws {
        guard (file == nil) != (resume == nil) else {
            throw ValidationError(
                "Exactly one of -f and --resume is needed: a manifest, or the name of an unfinished run.")
        }
        guard resume == nil || (name == nil && seed == nil && planHash == nil && reason == nil) else {
            throw ValidationError(
                "--name, --seed, --plan-hash and --reason belong to a new run; a resumed one keeps what it began with."
            )
        }
    }

    package func run(in context: CommandContext) async throws -> CommandStatus {
        let order = try file.map { try newOrder(from: $0, in: context) }
        // From here on an interrupt is an abort, and no longer the end of this process.
        let signals = context.signals()
        return try await context.withStore(storeOptions, resume == nil ? .creating : .existing) { store in
            let session = try await AttendedRun.begin(
                in: context, store: store, signals: signals, quiet: quiet, noColor: outputOptions.noColor)
            let run = try await session.performToTheEnd { try await submit(order, store, session) }
            try outputOptions.answer(run, on: context.console) { RunSummary(run: run).lines }
            return CommandStatus(run: run)
        }
    }

    private func newOrder(from path: String, in context: CommandContext) throws -> RunControl.Order {
        let manifest = try ManifestFile.read(path)
        let (experiment, policies) = try manifest.experiment(named: name)
        return RunControl.Order(
            experiment: experiment, policies: policies, seed: seed, expectedPlanHash: planHash,
            requestedBy: context.requestedBy(), reason: reason)
    }

    private func submit(
        _ order: RunControl.Order?, _ store: any ResourceStore, _ session: AttendedRun
    ) async throws -> Run {
        if let order {
            await session.display.notice(Self.notice(of: try await StoredRuns(store: store).unfinished()))
            return try await session.control.submit(order)
        }
        let run = try await StoredRuns(store: store).named(resume ?? "", namespace: storeOptions.namespace)
        guard run.status?.phase != .done else {
            throw CommandFailure(
                .usage, "\(run.metadata.name) is done, with nothing left to continue",
                hint: "See `rebound report \(run.metadata.name)`.")
        }
        return run
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

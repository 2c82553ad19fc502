// SPDX-License-Identifier: Apache-2.0
package import ChaosModel
internal import ExperimentControl

/// One run driven by this command: shows it, and turns interrupts into its abort.
package struct AttendedRun: Sendable {
    package var control: RunControl
    package var display: RunDisplay
    package var signals: AsyncStream<Int32>
    /// What the controller logs meanwhile; shown above the page, so that it does not tear it.
    package var logs: AsyncStream<LogLine>
    package var requestedBy: String
    package var now: @Sendable () -> Timestamp

    package init(
        control: RunControl, display: RunDisplay, signals: AsyncStream<Int32>,
        logs: AsyncStream<LogLine>, requestedBy: String, now: @escaping @Sendable () -> Timestamp
    ) {
        self.control = control
        self.display = display
        self.signals = signals
        self.logs = logs
        self.requestedBy = requestedBy
        self.now = now
    }

    /// A session with whoever drives the runs of `backend`, shown on the console of `context`.
    static func begin(
        in context: CommandContext, backend: any Backend, signals: AsyncStream<Int32>, quiet: Bool, noColor: Bool
    ) async throws -> AttendedRun {
        // Bounded: a terminal that takes nothing keeps the newest lines.
        let (logs, input) = AsyncStream.makeStream(of: LogLine.self, bufferingPolicy: .bufferingNewest(256))
        let logger = try context.logger { input.yield($0) }
        let style = RunDisplay.style(for: context.console, quiet: quiet)
        return AttendedRun(
            control: try await backend.control(logger),
            display: RunDisplay(console: context.console, style: style, noColor: noColor), signals: signals, logs: logs,
            requestedBy: context.requestedBy(), now: context.now)
    }

    /// `perform`, and then takes the page away, however it ended.
    func performToTheEnd(submit: @escaping @Sendable () async throws -> Run) async throws -> Run {
        do {
            let run = try await perform(submit: submit)
            await display.finish(run)
            return run
        } catch {
            await display.finish(nil)
            throw error
        }
    }

    /// Makes the run with `submit` and drives it to its end. Throws a `CommandFailure` when an interrupt came before
    /// there was a run, and what `submit` and `drive` throw.
    package func perform(submit: @escaping @Sendable () async throws -> Run) async throws -> Run {
        let interrupts = Interrupts()
        // Owned here: an interrupt cancels it, and its value is awaited below on every path.
        let planning = Task { try await submit() }
        let (began, beginning) = AsyncStream.makeStream(of: ResourceKey.self, bufferingPolicy: .bufferingNewest(1))
        return try await withThrowingTaskGroup(of: Run?.self) { group in
            group.addTask {
                await handleSignals(interrupts, planning: planning, began: began)
                return nil
            }
            group.addTask {
                for await line in logs { await display.notice([line.styled]) }
                return nil
            }
            group.addTask {
                let run = try await planned(planning, interrupts)
                beginning.yield(run.key)
                if await interrupts.runBegan() { await abort(run.key, "interrupted while planning", interrupts) }
                return try await follow(run.key)
            }
            return try await firstRun(of: &group)
        }
    }

    private func planned(_ planning: Task<Run, any Error>, _ interrupts: Interrupts) async throws -> Run {
        do { return try await planning.value } catch {
            guard await interrupts.cameBeforeRun else { throw error }
            throw CommandFailure(
                .error, "interrupted while planning", hint: "Nothing was injected. Start the command again.")
        }
    }

    /// Drives the run, and shows its progress until it is done.
    private func follow(_ key: ResourceKey) async throws -> Run {
        let progress = control.progress(key)
        return try await withThrowingTaskGroup(of: Run?.self) { group in
            group.addTask {
                for await step in progress { await display.show(step) }
                return nil
            }
            group.addTask { try await control.drive(key) }
            return try await firstRun(of: &group)
        }
    }

    private func firstRun(of group: inout ThrowingTaskGroup<Run?, any Error>) async throws -> Run {
        defer { group.cancelAll() }
        while let result = try await group.next() {
            if let run = result { return run }
        }
        throw CancellationError()
    }

    // MARK: Interrupts

    private func handleSignals(
        _ interrupts: Interrupts, planning: Task<Run, any Error>, began: AsyncStream<ResourceKey>
    ) async {
        var key: ResourceKey?
        for await number in signals {
            let name = ProcessSignals.name(number)
            switch await interrupts.interrupted() {
            case .stopPlanning:
                planning.cancel()
                await display.notice([StyledLine("\(name): planning is stopped; nothing was injected", .warning)])
            case .abort:
                if key == nil { key = await began.first { _ in true } }
                if let key { await abort(key, "stopped by \(name)", interrupts) }
            case .sayAlreadyAborting:
                await display.notice([StyledLine("\(name): already aborting, the undo is running", .warning)])
            }
        }
    }

    /// Asks first and speaks second: a terminal that does not take text must not keep a fault alive.
    private func abort(_ key: ResourceKey, _ reason: String, _ interrupts: Interrupts) async {
        do {
            try await control.abort(key, AbortRequest(requestedBy: requestedBy, reason: reason, at: now()))
            await display.notice([
                StyledLine("\(reason): the run is aborted, and what was changed is being undone; please wait", .warning)
            ])
        } catch {
            await interrupts.abortFailed()
            await display.notice(CommandFailure(anything: error).lines)
            await display.notice([StyledLine("the abort was not recorded; interrupt again to try again", .bad)])
        }
    }
}

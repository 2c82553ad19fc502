// SPDX-License-Identifier: Apache-2.0
package import ArgumentParser
internal import Logging
internal import ResourceStore

/// `rebound-controller drive`
package struct DriveCommand: ContextCommand {
    package static let configuration = CommandConfiguration(
        commandName: "drive",
        abstract: "Drive every unfinished run of a store to its end, and deliver its reports; serve nothing.",
        discussion: """
            Goes on until SIGTERM, SIGINT or SIGHUP. It aborts nothing then: unfinished runs stay in the store, \
            and are continued at the next start. Logs go to standard error.
            """)

    /// The levels of swift-log.
    package enum Level: String, CaseIterable, ExpressibleByArgument {
        case trace, debug, info, notice, warning, error, critical
    }

    @Option(
        help: ArgumentHelp(
            "The store's file. Default: rebound/rebound.db in $XDG_STATE_HOME or ~/.local/state.", valueName: "path"),
        completion: .file())
    var store: String?

    @Option(help: "How log lines are written.")
    var logFormat: LogFormat = .text

    @Option(help: "The least level that is logged.")
    var logLevel: Level = .info

    package init() {}

    package func run(in context: CommandContext) async throws -> CommandStatus {
        let path = try StorePath.resolve(option: store, environment: context.console.environment)
        let signals = context.signals()
        let gate = LogLevelGate(Logger.Level(rawValue: logLevel.rawValue) ?? .info)
        let logger = context.logger(label: "rebound-controller", format: logFormat, gate: gate)
        let store = try await context.opening.store(path, .creating)
        let control = try await context.opening.control(store.resources, logger)
        logger.info("controller started", metadata: ["store": "\(path)", "version": "\(ReboundVersion.current)"])
        do {
            let signal = try await drive(control, until: signals)
            let unfinished = try await StoredRuns(store: store.resources).unfinished().count
            logger.info(
                "controller stopped; nothing was aborted, unfinished runs are continued at the next start",
                metadata: ["signal": "\(signal)", "unfinished": "\(unfinished)"])
            await store.close()
            return .pass
        } catch {
            await store.close()
            throw error
        }
    }

    /// Returns the name of the signal that ended it.
    private func drive(_ control: RunControl, until signals: AsyncStream<Int32>) async throws -> String {
        try await withThrowingTaskGroup(of: String?.self) { group in
            group.addTask {
                try await control.driveAll()
                return nil
            }
            group.addTask {
                for await number in signals { return ProcessSignals.name(number) }
                return nil
            }
            defer { group.cancelAll() }
            while let name = try await group.next() {
                if let name { return name }
            }
            return "none"
        }
    }
}

extension CommandContext {
    /// A logger that writes lines to standard error.
    func logger(label: String, format: LogFormat, gate: LogLevelGate) -> Logger {
        let (console, now) = (console, now)
        return Logger(label: label) { label in
            let lines = LineLogHandler(label: label, level: .trace, now: now) { line in
                switch format {
                case .text: console.notice([line.styled])
                case .json: _ = console.notices.write(line.json + "\n")
                }
            }
            return GatedLogHandler(lines, gate: gate)
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
package import ArgumentParser
package import ChaosModel
package import Logging

/// `rebound-controller serve`
package struct ServeCommand: ContextCommand {
    package static let configuration = CommandConfiguration(
        commandName: "serve", abstract: "Serve the API, drive every run, keep schedules and the audit log.",
        discussion: """
            Goes on until SIGTERM or SIGINT; unfinished runs stay in the store and are continued at the next start, or \
            by another controller on the same store. SIGHUP reads the configuration again; SIGUSR1 halts everything. \
            Options override the environment (REBOUND_DATA_FOLDER, REBOUND_LISTEN, REBOUND_SERVER_NAMES, \
            REBOUND_HALT_FILE, REBOUND_OWN_INSTANCES, REBOUND_LOG, REBOUND_LOG_FORMAT), which overrides the file. \
            Logs go to standard error.
            """)

    @OptionGroup var options: ServiceOptions

    package init() {}

    package func run(in context: CommandContext) async throws -> CommandStatus {
        let environment = context.console.environment
        let settings = try options.settings(environment: environment)
        guard let serve = context.serve else {
            throw CommandFailure(
                .error, "this program does not serve", hint: "Use the program rebound-controller.")
        }
        let gate = LogLevelGate(Logger.Level(settings.logLevel))
        let format: LogFormat = settings.logFormat == .json ? .json : .text
        let console = context.console
        return try await serve(
            ServiceOrder(
                settings: settings, reload: { [options] in try options.settings(environment: environment) },
                logger: context.logger(label: "rebound-controller", format: format, gate: gate), level: gate,
                environment: environment, signals: context.serviceSignals(), now: context.now,
                tell: { text in Self.tell(text, format, console, context.now()) }))
    }
}

extension ServeCommand {
    /// What a person must read: as it is, or as a line among the others.
    private static func tell(_ text: String, _ format: LogFormat, _ console: Console, _ now: Timestamp) {
        switch format {
        case .text:
            let lines: [Substring] = text.split(separator: "\n")
            console.notice(lines.map { StyledLine(String($0)) })
        case .json:
            let line = LogLine(at: now, level: .notice, label: "rebound-controller", message: text, metadata: [:])
            _ = console.notices.write(line.json + "\n")
        }
    }
}

extension Logger.Level {
    /// The names are swift-log's own.
    package init(_ level: ControllerConfiguration.LogLevel) { self = Self(rawValue: level.rawValue) ?? .info }
}

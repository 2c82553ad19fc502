// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import CommandLineInterface
import Logging

/// The settings in force, and how they change while the service runs.
actor Reloader {
    private(set) var settings: ServiceSettings
    private let read: @Sendable () throws -> ServiceSettings
    private let level: LogLevelGate
    private let logger: Logger

    init(
        settings: ServiceSettings, read: @escaping @Sendable () throws -> ServiceSettings, level: LogLevelGate,
        logger: Logger
    ) {
        self.settings = settings
        self.read = read
        self.level = level
        self.logger = logger
    }

    /// Reads the settings again and takes over what can be taken over. What cannot be read changes nothing.
    func reload() {
        let wanted: ServiceSettings
        do { wanted = try read() } catch {
            let failure = CommandFailure(anything: error)
            let problems = failure.details.map { $0.spans.map(\.text).joined() }
            logger.error(
                "the configuration was not read again; the one before stays in force",
                metadata: [
                    "reason": "\(failure.message)", "problems": "\(problems.joined(separator: "; "))",
                    "hint": "Mend the file (see `rebound-controller check`), then send SIGHUP again.",
                ])
            return
        }
        let changed = wanted.changes(from: settings)
        let waiting = changed.filter { !ServiceSettings.reloadable.contains($0) }
        settings.runsKeptFor = wanted.runsKeptFor
        settings.runsKept = wanted.runsKept
        settings.logLevel = wanted.logLevel
        level.level = Logger.Level(wanted.logLevel)
        let taken = changed.filter(ServiceSettings.reloadable.contains)
        logger.notice(
            "the configuration was read again",
            metadata: ["changed": "\(taken.isEmpty ? "nothing" : taken.joined(separator: ", "))"])
        if !waiting.isEmpty {
            logger.warning(
                "a change of the configuration waits for the next start",
                metadata: ["fields": "\(waiting.joined(separator: ", "))", "hint": "Restart the controller."])
        }
    }
}

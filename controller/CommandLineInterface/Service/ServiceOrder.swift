// SPDX-License-Identifier: Apache-2.0
package import ChaosModel
package import Logging

/// What the part that serves is told. It is a target of its own, so that `rebound` does not carry a web server.
package struct ServiceOrder: Sendable {
    package var settings: ServiceSettings
    /// Reads the settings again. Throws what is wrong with them.
    package var reload: @Sendable () throws -> ServiceSettings
    package var logger: Logger
    /// The level below which `logger` is silent; can be changed.
    package var level: LogLevelGate
    package var environment: [String: String]
    /// Signals as they arrive: SIGTERM and SIGINT end, SIGHUP reloads.
    package var signals: AsyncStream<Int32>
    package var now: @Sendable () -> Timestamp
    /// Where what an operator must read once is written: the first administrator's token.
    package var tell: @Sendable (String) -> Void

    package init(
        settings: ServiceSettings, reload: @escaping @Sendable () throws -> ServiceSettings, logger: Logger,
        level: LogLevelGate, environment: [String: String], signals: AsyncStream<Int32>,
        now: @escaping @Sendable () -> Timestamp, tell: @escaping @Sendable (String) -> Void
    ) {
        self.settings = settings
        self.reload = reload
        self.logger = logger
        self.level = level
        self.environment = environment
        self.signals = signals
        self.now = now
        self.tell = tell
    }
}

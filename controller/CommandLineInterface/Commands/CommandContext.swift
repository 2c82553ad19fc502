// SPDX-License-Identifier: Apache-2.0
package import ChaosModel
internal import Logging
internal import ResourceStore

/// What the commands work with. Nothing in it is opened before a command asks.
package struct CommandContext: Sendable {
    package var console: Console
    package var opening: Opening
    /// The signals that ask this process to end; listened to from the first call on.
    package var signals: @Sendable () -> AsyncStream<Int32>
    package var now: @Sendable () -> Timestamp
    /// Who asks.
    package var requestedBy: @Sendable () -> String
    /// The signals that a service lives by, as `signals`.
    package var serviceSignals: @Sendable () -> AsyncStream<Int32> = { AsyncStream { $0.finish() } }
    /// The part that serves; nil in a program that does not carry it.
    package var serve: (@Sendable (ServiceOrder) async throws -> CommandStatus)?

    package init(
        console: Console, opening: Opening, signals: @escaping @Sendable () -> AsyncStream<Int32>,
        now: @escaping @Sendable () -> Timestamp, requestedBy: @escaping @Sendable () -> String
    ) {
        self.console = console
        self.opening = opening
        self.signals = signals
        self.now = now
        self.requestedBy = requestedBy
    }

    /// Does `body` with the store at `--store`, or at its usual place, and closes it.
    func withStore<R: Sendable>(
        _ options: StoreOptions, _ access: Opening.Access, _ body: (any ResourceStore) async throws -> R
    ) async throws -> R {
        let path = try StorePath.resolve(option: options.store, environment: console.environment)
        let store = try await opening.store(path, access)
        do {
            let result = try await body(store.resources)
            await store.close()
            return result
        } catch {
            await store.close()
            throw error
        }
    }

    /// A logger at the level of REBOUND_LOG, or for warnings and errors only. Throws on a level that does not exist.
    func logger(take: @escaping @Sendable (LogLine) -> Void) throws(CommandFailure) -> Logger {
        let word = console.environment["REBOUND_LOG"] ?? ""
        guard let level = word.isEmpty ? .warning : Logger.Level(rawValue: word) else {
            let levels = Logger.Level.allCases.map(\.rawValue).joined(separator: ", ")
            throw CommandFailure(.usage, "REBOUND_LOG is \(word), which is no level", hint: "Set one of \(levels).")
        }
        let now = now
        return Logger(label: "rebound") { LineLogHandler(label: $0, level: level, now: now, take: take) }
    }
}

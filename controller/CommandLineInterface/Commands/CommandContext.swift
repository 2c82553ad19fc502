// SPDX-License-Identifier: Apache-2.0
package import ChaosModel
internal import Logging
internal import ResourceClient
internal import ResourceStore

/// Where one command works.
struct Workplace: Sendable {
    var backend: any Backend
    /// The one that is meant when none is written.
    var namespace: String
}

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

    /// Does `body` with the server that is meant, or with the store on this machine, and closes it.
    func withBackend<R: Sendable>(
        _ options: PlaceOptions, _ access: Opening.Access, _ body: (Workplace) async throws -> R
    ) async throws -> R {
        if let server = try options.serverContext(environment: console.environment) {
            let backend = ServerBackend(client: try client(of: server), now: now)
            return try await body(
                Workplace(backend: backend, namespace: options.namespace ?? server.namespace ?? "default"))
        }
        var storeOptions = StoreOptions()
        storeOptions.store = options.store
        return try await withStore(storeOptions, access) { store in
            let backend = StoreBackend(store: store, makeControl: opening.control)
            return try await body(Workplace(backend: backend, namespace: options.namespace ?? "default"))
        }
    }

    /// The part of a backend that plans, drives and stops; what it logs is shown.
    func control(of backend: any Backend) async throws -> RunControl {
        try await backend.control(try logger { [console] in console.notice([$0.styled]) })
    }

    /// A client of the server that is meant. Throws a failure when none is: what the command does only a server can.
    func withServer<R: Sendable>(
        _ options: PlaceOptions, for what: String, _ body: (ResourceClient) async throws -> R
    ) async throws -> R {
        guard let server = try options.serverContext(environment: console.environment) else {
            throw CommandFailure(
                .usage, "\(what) is a matter of a server, and none is named",
                hint: "Log in with `rebound login`, or name one with --server.")
        }
        return try await body(try client(of: server))
    }

    /// Warnings of the server are shown as they come.
    private func client(of server: ServerContext) throws -> ResourceClient {
        try opening.client(try server.connection()) { [console] text in
            console.notice([StyledLine([Span("warning: ", .warning), Span(text)])])
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

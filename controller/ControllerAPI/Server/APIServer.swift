// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import HummingbirdCore
import HummingbirdHTTP2
package import Logging
import NIOCore
import NIOPosix
package import ResourceStore

/// Serves the resource API over TLS, HTTP/1.1 and HTTP/2.
package final class APIServer: Sendable {
    private let configuration: APIServerConfiguration
    private let api: API
    private let environment: APIEnvironment
    private let logger: Logger
    private let port = FirstValue<Int>()

    /// Nothing listens yet. Without `login` nothing is served at `/login`.
    package init(
        configuration: APIServerConfiguration, store: any ResourceStore, access: any AccessControl,
        login: LoginService? = nil, runs: any RunActions, environment: APIEnvironment, metrics: MetricsSource?,
        watching: @escaping WatchesObserver = { _, _ in }, readiness: @escaping @Sendable () async -> [ReadinessCheck],
        logger: Logger
    ) {
        self.configuration = configuration
        self.environment = environment
        self.logger = logger
        api = API(
            resources: ResourceService(store: store, environment: environment), access: access, login: login,
            runs: runs,
            limits: configuration.limits, browsers: BrowserRules(allowedHosts: configuration.allowedHosts),
            programVersion: configuration.programVersion, signingKeys: configuration.signingKeys, metrics: metrics,
            readiness: readiness, logger: logger, watching: watching)
    }

    /// The port that is listened on, once it is. Nil when the server ended without.
    package var boundPort: Int? { get async { await port.value } }

    /// Serves until the task is cancelled; then lets what is under way end, watches at once and others within the drain
    /// timeout. Throws when the address cannot be listened on, the first certificate cannot be read, or the store
    /// cannot be prepared.
    package func run() async throws {
        defer { port.set(nil) }
        guard let first = await firstIdentity() else { return }
        let tls = try ServerTLS(first)
        try await api.prepare()
        let server = try makeServer(tls)
        // Owned here, and not cancelled with this task: ending goes through `drain`.
        let serving = Task { try await server.run() }
        let helping = Task { [self] in await help(tls) }
        defer { helping.cancel() }
        try await withTaskCancellationHandler {
            try await serving.value
        } onCancel: {
            // Owned by `serving`, whose end it brings about.
            Task { [self] in await drain(server, serving) }
        }
    }

    private func firstIdentity() async -> ServerIdentity? {
        for await identity in configuration.certificates { return identity }
        return nil
    }

    private func makeServer(_ tls: ServerTLS) throws -> Server<HTTP2UpgradeChannel> {
        let limits = configuration.limits
        let decoder = HTTP1Channel.Configuration.DecoderConfiguration(
            maxHeaderFieldSize: limits.headerBytes, maxHeaderListSize: limits.headerBytes,
            maxHeaderFieldCount: limits.headerFields)
        let stream = HTTP1Channel.Configuration(
            additionalChannelHandlers: [MalformedRequestHandler()],
            idleTimeout: TimeAmount(limits.idleTimeout), httpDecoderConfiguration: decoder)
        let channel = try HTTP2UpgradeChannel(
            tlsChannelConfiguration: tls.configuration,
            configuration: .init(idleTimeout: limits.idleTimeout, streamConfiguration: stream),
            responder: { [api] request, writer, channel in
                try await Responder(api: api, limits: limits).respond(to: request, writer, channel)
            })
        return Server(
            childChannelSetup: channel,
            configuration: ServerConfiguration(
                address: .hostname(configuration.address, port: configuration.port), backlog: 1_024,
                availableConnectionsDelegate: .maximum(limits.connections, logger: logger)),
            onServerRunning: { [port] channel in port.set(channel.localAddress?.port) },
            eventLoopGroup: MultiThreadedEventLoopGroup.singleton, logger: logger)
    }

    /// What goes on beside serving.
    private func help(_ tls: ServerTLS) async {
        await withDiscardingTaskGroup { group in
            group.addTask { [self] in
                for await identity in configuration.certificates {
                    do {
                        try tls.replace(with: identity)
                        logger.info("server certificate renewed")
                    } catch {
                        logger.error(
                            "new server certificate cannot be read; the old one stays",
                            metadata: ["reason": "\(error)"])
                    }
                }
            }
            group.addTask { [api] in await api.cleanNamespaces() }
        }
    }

    private func drain(_ server: Server<HTTP2UpgradeChannel>, _ serving: Task<Void, any Error>) async {
        api.end.give()
        let deadline = Task { [environment, configuration] in
            do { try await environment.sleep(configuration.limits.drainTimeout) } catch { return }
            serving.cancel()
        }
        do { try await server.shutdownGracefully() } catch { serving.cancel() }
        _ = await serving.result
        deadline.cancel()
    }
}

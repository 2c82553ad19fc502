// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import CommandLineInterface
import ControllerAPI
import ExperimentControl
import Identity
import Logging
import ResourceStore
import SQLiteStore
import ServiceMetrics

/// The API at every address of the settings.
struct APIPart: Sendable {
    let servers: [(address: ListenAddress, server: APIServer)]
    private let logger: Logger

    /// Nothing listens yet.
    init(
        order: ServiceOrder, store: SQLiteStore, identity: FleetIdentity, actions: any RunActions,
        figures: ServiceFigures, clock: any ControlClock
    ) {
        let settings = order.settings
        logger = order.logger
        var limits = APIServerLimits()
        limits.drainTimeout = settings.shutdownGrace.duration
        let environment = APIEnvironment(
            now: { clock.wall() }, random: { Double.random(in: 0..<1) },
            sleep: { try await clock.sleep(for: $0) }, zones: ZoneFolder().names)
        let metrics: MetricsSource = { [registry = figures.registry] accept in
            let format = MetricsFormat(accept: accept)
            return MetricsPage(contentType: format.contentType, text: await registry.text(format))
        }
        servers = settings.listenAddresses.map { address in
            var configuration = APIServerConfiguration(
                address: address.host, port: address.port, allowedHosts: settings.serverNames,
                certificates: identity.identities(), limits: limits, programVersion: ReboundVersion.current)
            configuration.signingKeys = identity.folder.signers
            let server = APIServer(
                configuration: configuration, store: store, access: identity.access, login: identity.login,
                runs: actions, environment: environment, metrics: settings.servesMetrics ? metrics : nil,
                watching: { figures.watches.note($0, $1) }, readiness: { await Self.readiness(store) },
                logger: order.logger)
            return (address, server)
        }
    }

    /// Waits until every server listens, and says where. False when one ended without.
    func untilServing() async -> Bool {
        for (address, server) in servers {
            guard let port = await server.boundPort else { return false }
            logger.notice("serving the API", metadata: ["address": "\(address.host)", "port": "\(port)"])
        }
        return true
    }

    /// `127.0.0.1:7443`, as a client writes it; nil when the first server does not listen.
    var firstAddress: String? {
        get async {
            guard let (address, server) = servers.first, let port = await server.boundPort else { return nil }
            return address.host.contains(":") ? "[\(address.host)]:\(port)" : "\(address.host):\(port)"
        }
    }

    /// Each server, as a part of the service.
    var parts: [ServicePart] {
        servers.map { address, server in
            ServicePart(name: "the API at \(address.host):\(address.port)") { try await server.run() }
        }
    }

    /// Whether requests can be answered and new work is taken: the store can be read, and there is room to write.
    private static func readiness(_ store: SQLiteStore) async -> [ReadinessCheck] {
        var reading = ReadinessCheck(name: "store", isReady: true)
        do throws(StoreError) { _ = try await store.list(Policy.self, namespace: nil, labels: [:]) } catch {
            reading = ReadinessCheck(name: "store", isReady: false, message: error.message)
        }
        let obstacle = await store.obstacle()
        let name = obstacle?.code == .full ? "room for new work" : "writing"
        return [reading, ReadinessCheck(name: name, isReady: obstacle == nil, message: obstacle?.message ?? "")]
    }
}

// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import CommandLineInterface
import ControllerAPI
import ExperimentControl
import Identity
import Logging
import ResourceStore
import ServiceMetrics

/// The API at every address of the settings.
struct APIPart: Sendable {
    let servers: [(address: ListenAddress, server: APIServer)]
    private let logger: Logger

    /// Nothing listens yet.
    init(
        order: ServiceOrder, store: any ResourceStore, identity: FleetIdentity, actions: any RunActions,
        registry: MetricsRegistry, clock: any ControlClock
    ) {
        let settings = order.settings
        logger = order.logger
        var limits = APIServerLimits()
        limits.drainTimeout = settings.shutdownGrace.duration
        let environment = APIEnvironment(
            now: { clock.wall() }, random: { Double.random(in: 0..<1) },
            sleep: { try await clock.sleep(for: $0) }, zones: ZoneFolder().names)
        let metrics: MetricsSource = { accept in
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
                readiness: { await Self.readiness(store) }, logger: order.logger)
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

    /// Whether requests can be answered: the store can be read.
    private static func readiness(_ store: any ResourceStore) async -> [ReadinessCheck] {
        do throws(StoreError) {
            _ = try await store.list(Policy.self, namespace: nil, labels: [:])
            return [ReadinessCheck(name: "store", isReady: true)]
        } catch {
            return [ReadinessCheck(name: "store", isReady: false, message: error.message)]
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
internal import ChaosModel
package import HTTPTransport
internal import ResourceClient

/// Makes clients of the controller that share one event loop: another for each certificate.
package struct AgentClients: Sendable {
    let transport: HTTPClient
    let clock: any Clock<Duration>
    let chance: @Sendable () -> Double

    /// `chance` gives numbers in 0 ..< 1.
    package init(transport: HTTPClient, clock: any Clock<Duration>, chance: @escaping @Sendable () -> Double) {
        self.transport = transport
        self.clock = clock
        self.chance = chance
    }

    /// One event loop with few connections: an agent talks to one server.
    package static func transport() throws(TransportError) -> HTTPClient {
        var configuration = HTTPClientConfiguration()
        configuration.threadName = "agent-link"
        configuration.maximumResolverThreads = 1
        configuration.maximumIdleConnections = 4
        return try HTTPClient(configuration: configuration)
    }

    func client(_ connection: ServerConnection) -> ResourceClient {
        ResourceClient(
            connection, transport: transport, userAgent: "rebound-agent/\(programVersion)", clock: clock,
            chance: chance, warn: { _ in })
    }
}

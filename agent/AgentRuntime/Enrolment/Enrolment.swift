// SPDX-License-Identifier: Apache-2.0
package import ChaosModel
internal import Identity
package import ResourceClient

/// Makes this host's agent known to a controller: a key that is made here and never leaves, a certificate for it in
/// exchange for a token that is good once, and the Host resource.
package struct Enrolment: Sendable {
    /// Where, whom to trust, and by what.
    package struct Order: Sendable {
        package var server: String
        package var authority: String?
        package var token: String

        package init(server: String, authority: String?, token: String) {
            self.server = server
            self.authority = authority
            self.token = token
        }

        /// From the text of `rebound host token`: the last ticket in it.
        package init(ticket text: String) throws {
            guard let ticket = try LoginTicket.last(in: text) else {
                throw AgentError(
                    .usage, "there is no ticket in what was given",
                    hint: "Give the line that `rebound host token NAME` prints; it begins with rebound-login:.")
            }
            self.init(server: ticket.server, authority: ticket.authority, token: ticket.token)
        }
    }

    /// What certificates of agents are named by.
    private static let prefix = "agent:"

    let folder: AgentFolder
    let clients: AgentClients

    package init(folder: AgentFolder, clients: AgentClients) {
        self.folder = folder
        self.clients = clients
    }

    /// Throws before the token is used for what would make it useless: a folder that cannot be written, a host that is
    /// enrolled already and is not to be `again`. Cancelled or killed after the controller has answered and before the
    /// file is written, the token is used up and the host is not enrolled: a new token makes it good.
    package func enrol(_ order: Order, again: Bool, at now: Timestamp) async throws -> AgentIdentity {
        if !again, let known = try folder.identity() {
            throw AgentError(
                .enrolledAlready, "this host is enrolled as \(known.host) at \(known.server)",
                hint: "To enrol it anew, with another token, give --again.")
        }
        try folder.prepare()
        let connection = try AgentIdentity.connection(server: order.server, authority: order.authority, .none)
        let exchange = try LoginExchange(token: order.token)
        let answer = try await clients.client(connection).send("POST", ResourcePath("login"), body: exchange.body)
        let identity = try Self.identity(exchange, answer, server: order.server, trust: order.authority, at: now)
        try folder.keep(identity)
        return identity
    }

    /// What an answer to a login gave. Throws `.notAnAgent` for the certificate of somebody else.
    static func identity(
        _ exchange: LoginExchange, _ answer: [UInt8], server: String, trust: String?, at now: Timestamp
    ) throws -> AgentIdentity {
        let credential = try exchange.credential(from: answer, at: now)
        guard credential.name.hasPrefix(prefix), credential.name.count > prefix.count else {
            throw AgentError(
                .notAnAgent, "the token is for \(credential.name), which is no agent",
                hint: "Make one for this host with `rebound host token NAME`.")
        }
        return AgentIdentity(
            // Where the system's authorities were enough they stay so: the fleet's own may not have signed the server.
            server: server, authority: trust == nil ? nil : credential.authorityPEM,
            host: String(credential.name.dropFirst(prefix.count)), certificate: credential.certificatePEM,
            key: credential.keyPEM)
    }

    /// Makes the Host resource, unless it is there.
    package func register(_ identity: AgentIdentity) async throws(ClientError) {
        try await Self.register(identity.host, by: clients.client(try identity.connection()))
    }

    static func register(_ host: String, by client: ResourceClient) async throws(ClientError) {
        do throws(ClientError) {
            _ = try await client.create(Host(metadata: ObjectMetadata(name: host), spec: HostSpec()))
        } catch {
            guard error.code == .alreadyExists else { throw error }
        }
    }
}

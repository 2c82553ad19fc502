// SPDX-License-Identifier: Apache-2.0
package import ChaosModel
internal import FoundationEssentials
internal import Glibc
internal import HTTPTransport
package import Identity
package import ResourceClient

/// Who this host's agent is, and to which controller: what enrolment gave. In one file, so that key and certificate are
/// never of two makes.
package struct AgentIdentity: Sendable, Codable, Equatable, CustomStringConvertible, CustomReflectable {
    /// The address of the controller, such as `https://rebound.example:7443`.
    package var server: String
    /// PEM of the authorities that may sign for the controller; absent: the system's.
    package var authority: String?
    /// The name of the Host resource.
    package var host: String
    /// PEM of the certificate, and of its key, which is secret.
    package var certificate: String
    package var key: String

    package init(server: String, authority: String?, host: String, certificate: String, key: String) {
        self.server = server
        self.authority = authority
        self.host = host
        self.certificate = certificate
        self.key = key
    }

    package var description: String { "AgentIdentity(\(host) at \(server), key not shown)" }
    package var customMirror: Mirror { Mirror(self, children: []) }

    /// The certificate as it can be read. Throws `.malformed`.
    package func leaf() throws(IdentityError) -> Certificate {
        try Certificate.read(pem: Array(certificate.utf8), name: "The agent's certificate")[0]
    }

    /// When the certificate ends. Throws `.malformed`.
    package func expiry() throws(IdentityError) -> Timestamp { try leaf().notAfter }

    /// The controller, as this agent. Throws `.misconfigured` for an address that is none.
    package func connection() throws(ClientError) -> ServerConnection {
        try Self.connection(
            server: server, authority: authority,
            .certificate(chainPEM: Array(certificate.utf8), keyPEM: Array(key.utf8)))
    }

    /// The same, as somebody else or nobody.
    static func connection(
        server: String, authority: String?, _ credentials: ServerConnection.Credentials
    ) throws(ClientError) -> ServerConnection {
        var connection = try ServerConnection(
            server: server, credentials: credentials,
            timeouts: HTTPTimeouts(connect: .seconds(10), total: .seconds(20)), watchSilence: .seconds(120))
        connection.authoritiesPEM = authority.map { Array($0.utf8) }
        return connection
    }
}

/// The folder in which an agent keeps who it is: mode 0700, with `identity.json` of mode 0600.
package struct AgentFolder: Sendable {
    /// Where packages put it.
    package static let usual = "/var/lib/rebound-agent"

    package let path: String
    private var file: String { path + "/identity.json" }

    package init(path: String) { self.path = path }

    /// Nil when the host is not enrolled. Throws `.unsafeFile` when others may read the file, `.unreadableFile`, and
    /// `.malformed` for one that holds something else.
    package func identity() throws(IdentityError) -> AgentIdentity? {
        guard let bytes = try DurableFile.read(file) else { return nil }
        try DurableFile.checkMode(file, forbidden: 0o077)
        do {
            return try JSONDecoder().decode(AgentIdentity.self, from: Data(bytes))
        } catch {
            throw IdentityError(
                .malformed, "\(file) does not hold an agent's identity.",
                hint: "Enrol again with `rebound-agent enrol --again`.", cause: error)
        }
    }

    /// The identity; throws `.notEnrolled` when there is none, and what keeps it from being read.
    package func enrolled() throws -> AgentIdentity {
        guard let identity = try identity() else {
            throw AgentError(
                .notEnrolled, "this host is not enrolled: there is no \(file)",
                hint: "On the controller: rebound host token NAME. Here: rebound-agent enrol --ticket-file FILE.")
        }
        return identity
    }

    /// Puts it in place durably, whole or not at all; the folder is made where it is not there.
    package func keep(_ identity: AgentIdentity) throws(IdentityError) {
        try prepare()
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes, .prettyPrinted]
        do {
            try DurableFile.replace(file, with: Array(try encoder.encode(identity)), mode: 0o600)
        } catch let error as IdentityError {
            throw error
        } catch {
            throw IdentityError(.malformed, "The identity cannot be written as JSON.", hint: "", cause: error)
        }
    }

    /// Makes the folder, and tries whether a file can be written there: before a token that is good once is spent.
    package func prepare() throws(IdentityError) {
        guard mkdir(path, 0o700) == 0 || errno == EEXIST else {
            throw IdentityError(
                .cannotWrite, "\(path) cannot be made: \(String(cString: strerror(errno))).",
                hint: "Run this as root, or name another folder with --state-folder.")
        }
        let trial = path + "/trial"
        try DurableFile.replace(trial, with: [], mode: 0o600)
        unlink(trial)
    }
}

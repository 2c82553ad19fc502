// SPDX-License-Identifier: Apache-2.0
internal import HTTPTransport
package import ResourceClient

/// A server, and who we are there.
package struct ServerContext: Sendable {
    /// What proves who we are. A token's text never comes from the command line.
    package enum Credential: Sendable {
        case none
        case token(String)
        /// Read anew for each request.
        case tokenFile(String)
        case certificate(chainPEM: [UInt8], keyPEM: [UInt8])
    }

    /// The name in the file of contexts; nil for one that was put together from options.
    package var name: String?
    /// An address such as `https://rebound.example:7443`.
    package var server: String
    /// The namespace that is meant when none is named.
    package var namespace: String?
    /// The name that the server's certificate must carry, where it is not the host in `server`.
    package var serverName: String?
    /// PEM text of the authorities that may sign the server's certificate; nil means the system's.
    package var authoritiesPEM: [UInt8]?
    package var credential = Credential.none

    package init(server: String) { self.server = server }

    /// Throws a failure for an address that is none, and for a credential that would be sent in the clear.
    package func connection() throws(CommandFailure) -> ServerConnection {
        let credentials: ServerConnection.Credentials =
            switch credential {
            case .none: .none
            case .token(let text): .token(BearerToken(text))
            case .tokenFile(let path): .token(BearerToken(file: path))
            case .certificate(let chain, let key): .certificate(chainPEM: chain, keyPEM: key)
            }
        do throws(ClientError) {
            // Planning lists whole fleets before it answers: it may take minutes.
            var connection = try ServerConnection(
                server: server, credentials: credentials,
                timeouts: HTTPTimeouts(connect: .seconds(10), total: .seconds(300)), watchSilence: .seconds(120))
            connection.authoritiesPEM = authoritiesPEM
            connection.serverName = serverName
            return connection
        } catch {
            throw CommandFailure(error)
        }
    }
}

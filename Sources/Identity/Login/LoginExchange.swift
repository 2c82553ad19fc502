// SPDX-License-Identifier: Apache-2.0
package import ChaosModel
import FoundationEssentials

/// The client's side of logging in: a new key, a request for a certificate, and what came back. The private key never
/// leaves this machine. Carrying the messages to `POST /login` is for the caller.
package struct LoginExchange: Sendable {
    /// What a login gave.
    package struct Credential: Sendable {
        package var certificatePEM: String
        /// A secret: mode 0600.
        package var keyPEM: String
        /// What to trust for this server.
        package var authorityPEM: String
        package var name: String
        package var groups: [String]
        package var expiresAt: Timestamp
    }

    private let key: PrivateKey
    /// The JSON to send.
    package let body: [UInt8]

    /// `token` is a one-time or other token; nil to renew with the certificate of the connection.
    package init(token: String?) throws(IdentityError) {
        key = try PrivateKey.make(.p256)
        let request = LoginRequest(certificateRequest: try CertificateRequest.make(with: key), token: token)
        do {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            body = Array(try encoder.encode(request))
        } catch {
            throw IdentityError(.malformed, "The login cannot be written as JSON.", hint: "", cause: error)
        }
    }

    /// Reads the answer, and checks that the certificate is for our key and of the authority that came with it. Throws
    /// `.malformed`, `.keyMismatch`, and what `CertificateAuthority` says of a leaf.
    package func credential(from answer: [UInt8], at now: Timestamp) throws(IdentityError) -> Credential {
        let hint = "Check that the server is a Rebound controller."
        let decoded: LoginAnswer
        do {
            decoded = try JSONDecoder().decode(LoginAnswer.self, from: Data(answer))
        } catch {
            throw IdentityError(.malformed, "The answer to the login cannot be read.", hint: hint, cause: error)
        }
        let leaf = try Certificate.read(pem: Array(decoded.certificate.utf8), name: "The certificate of the login")[0]
        let authority = try Certificate.read(pem: Array(decoded.authority.utf8), name: "The authority of the login")[0]
        guard leaf.publicKey.der == key.publicKey.der else {
            throw IdentityError(.keyMismatch, "The certificate of the login is for another key.", hint: hint)
        }
        try ChainCheck.check(leaf.der, against: authority, purpose: .client, at: now)
        return Credential(
            certificatePEM: decoded.certificate, keyPEM: try key.pem(), authorityPEM: decoded.authority,
            name: decoded.name, groups: decoded.groups, expiresAt: leaf.notAfter)
    }
}

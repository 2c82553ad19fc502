// SPDX-License-Identifier: Apache-2.0

/// What `POST /login` takes: a request for a certificate, and who asks. Without a token, the client certificate of the
/// connection or the `Authorization` header says who.
package struct LoginRequest: Sendable, Codable, Equatable {
    /// More than any request we make; longer bodies are refused unread.
    package static let mostBytes = 16 * 1024

    /// PEM of a PKCS #10 request.
    package var certificateRequest: String
    package var token: String?

    package init(certificateRequest: String, token: String?) {
        self.certificateRequest = certificateRequest
        self.token = token
    }
}

/// What `POST /login` answers.
package struct LoginAnswer: Sendable, Codable, Equatable {
    /// PEM of the client certificate.
    package var certificate: String
    /// PEM of what the client may trust for this server.
    package var authority: String
    package var name: String
    package var groups: [String]
    /// RFC 3339.
    package var expiresAt: String

    package init(certificate: String, authority: String, name: String, groups: [String], expiresAt: String) {
        self.certificate = certificate
        self.authority = authority
        self.name = name
        self.groups = groups
        self.expiresAt = expiresAt
    }
}

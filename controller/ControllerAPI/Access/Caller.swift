// SPDX-License-Identifier: Apache-2.0
package import ChaosModel
package import ResourceStore

/// Who is asking, once a credential has proved it.
package struct Caller: Sendable, Equatable {
    /// The name that role bindings of kind `User` and the audit log know: the certificate's CN, or the token's user.
    package var name: String
    /// What bindings of kind `Group` know: the certificate's O values, or the token's groups.
    package var groups: [String]
    /// What proved it and what a revocation names: `certificate:<serial in hex>` or `token:<id>`. Never a secret.
    package var credential: String
    /// When the credential stops being valid by itself; nil for a token without an end.
    package var expiresAt: Timestamp?

    package init(name: String, groups: [String], credential: String, expiresAt: Timestamp?) {
        self.name = name
        self.groups = groups
        self.credential = credential
        self.expiresAt = expiresAt
    }
}

/// What a request brings to say who is asking. Both are hostile until `AccessControl.caller` has looked at them.
package struct PresentedCredentials: Sendable {
    /// The DER of the leaf that the TLS handshake ended with, if the client showed one.
    package var certificate: [UInt8]?
    /// The value of the `Authorization` header, if there is one.
    package var authorization: String?

    package init(certificate: [UInt8]? = nil, authorization: String? = nil) {
        self.certificate = certificate
        self.authorization = authorization
    }
}

/// Why it is not known who is asking.
package enum CallerFailure: Error, Sendable {
    /// The credential proves nothing: 401.
    case denied(Denial)
    /// Whether it does cannot be looked up now: 503. The same credential may be good a moment later, so nobody is told
    /// to throw it away.
    case unavailable(StoreError)
}

/// Why a credential proves nothing. All of them are answered with 401.
package enum Denial: String, Error, Sendable, CaseIterable {
    /// No certificate and no token came with the request.
    case none
    /// Not readable, not known, or not of a kind that is served.
    case wrong
    /// Was good, and its time is over (or has not begun).
    case expired
    /// Was taken back before its time.
    case revoked
    /// A certificate that another authority signed.
    case foreign

    /// For the answer's `message`; tells a stranger nothing beyond what he sent.
    package var message: String {
        switch self {
        case .none: "No credential came with the request."
        case .wrong: "The credential is not one that this controller knows."
        case .expired: "The credential has expired."
        case .revoked: "The credential was revoked."
        case .foreign: "The client certificate was signed by another authority than this fleet's."
        }
    }

    /// What the caller can do now.
    package var hint: String {
        switch self {
        case .none: "Log in with `rebound login`, or send `Authorization: Bearer TOKEN`."
        case .wrong: "Check that the token is whole and is for this server, or log in again with `rebound login`."
        case .expired: "Log in again with `rebound login`, or ask an admin for a new token."
        case .revoked: "Ask an admin for a new token."
        case .foreign: "Log in at this server with `rebound login`."
        }
    }
}

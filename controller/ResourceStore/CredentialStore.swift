// SPDX-License-Identifier: Apache-2.0
package import ChaosModel

/// A credential that was given to somebody: enough to check and to list it, never the secret itself.
package struct IssuedCredential: Sendable, Codable, Equatable {
    package enum Kind: String, Sendable, Codable, CaseIterable {
        case certificate
        /// May be shown with every request until it expires.
        case token
        /// May be exchanged for a certificate, once.
        case oneTimeToken
    }
    /// `certificate:<serial in hex>` or `token:<id>`; not a secret.
    package var id: String
    package var kind: Kind
    package var name: String
    package var groups: [String]
    /// SHA-256 of a token's secret; nil for a certificate.
    package var secretHash: [UInt8]?
    package var issuedAt: Timestamp
    /// Nil for a token without an end.
    package var expiresAt: Timestamp?
    /// When somebody last proved himself with something else than a certificate: renewing does not move it.
    package var sessionBegan: Timestamp
    /// The credential that it was given for; nil for one that an admin made or the first start.
    package var issuedBy: String?
    /// What it is for, in the words of who made it.
    package var purpose: String?
    /// To the minute.
    package var lastUsedAt: Timestamp?
    /// When a one-time token was exchanged.
    package var redeemedAt: Timestamp?

    package init(
        id: String, kind: Kind, name: String, groups: [String], secretHash: [UInt8]?, issuedAt: Timestamp,
        expiresAt: Timestamp?
    ) {
        self.id = id
        self.kind = kind
        self.name = name
        self.groups = groups
        self.secretHash = secretHash
        self.issuedAt = issuedAt
        self.expiresAt = expiresAt
        sessionBegan = issuedAt
    }
}

/// That a credential was taken back.
package struct Revocation: Sendable, Codable, Equatable {
    package var credential: String
    package var at: Timestamp
    /// Who took it back, as in the audit: `user:alice`.
    package var by: String
    package var reason: String

    package init(credential: String, at: Timestamp, by: String, reason: String) {
        self.credential = credential
        self.at = at
        self.by = by
        self.reason = reason
    }
}

/// What the store knows of one credential. Certificates of a company's own authority may be in no list.
package struct CredentialRecord: Sendable, Codable, Equatable {
    package var issued: IssuedCredential?
    package var revocation: Revocation?

    package init(issued: IssuedCredential?, revocation: Revocation?) {
        self.issued = issued
        self.revocation = revocation
    }
}

/// Keeps what was issued and what was taken back. Every write is durable when its call returns, and every process on
/// the store reads it from then on. Issuing and revoking have their record in the audit in the same transaction.
package protocol CredentialStore: Sendable {
    /// Writes down a credential; with `issuedBy`, in the same transaction checks that that one is not revoked
    /// (`.conflict`) and, if it is a one-time token, marks it as exchanged: of several that try, one succeeds, the
    /// others get `.conflict`. Forgets credentials that expired 30 days before.
    func issue(_ credential: IssuedCredential) async throws(StoreError)
    /// Writes down a credential if no credential with this group can be used or was ever exchanged. Says whether it
    /// did: of several processes that start at once, one does.
    func issueFirst(_ credential: IssuedCredential, ofGroup group: String) async throws(StoreError) -> Bool
    /// Both parts are nil for a credential that the store has never heard of.
    func credential(_ id: String) async throws(StoreError) -> CredentialRecord
    /// All that are remembered, the newest first.
    func credentials() async throws(StoreError) -> [CredentialRecord]
    /// Writes down when a credential was last used.
    func noteUse(of id: String, at: Timestamp) async throws(StoreError)
    /// Takes back a credential and all that were issued by it, and by those; `id` need not be known. Twice is as once.
    /// Returns what was taken back by this call.
    func revoke(_ revocation: Revocation) async throws(StoreError) -> [String]
    /// Takes back all credentials of that name that are known, with those issued by them. Returns them.
    func revokeAll(ofName name: String, _ revocation: Revocation) async throws(StoreError) -> [String]
    /// Grows with every revocation, by whichever process.
    func revocationCount() async throws(StoreError) -> Int64
}

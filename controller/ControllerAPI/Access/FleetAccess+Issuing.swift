// SPDX-License-Identifier: Apache-2.0
import ChaosModel
package import Identity
package import ResourceStore

/// What a token is to be.
package struct TokenOrder: Sendable, Equatable {
    package enum Kind: Sendable, Equatable { case everyRequest, oneLogin }
    package var kind: Kind
    package var name: String
    package var groups: [String]
    /// At most `FleetAccess.longestToken`.
    package var lifetime: Duration
    /// What it is for, to be found again in the list.
    package var purpose: String

    package init(kind: Kind, name: String, groups: [String], lifetime: Duration, purpose: String) {
        self.kind = kind
        self.name = name
        self.groups = groups
        self.lifetime = lifetime
        self.purpose = purpose
    }
}

/// Why a token was not made.
package enum TokenRefusal: Error, Sendable {
    /// The order is wrong.
    case invalid(IdentityError)
    case unavailable(StoreError)
}

/// Giving credentials out and taking them back.
extension FleetAccess {
    /// One year and a day.
    package static let longestToken = Duration.seconds(366 * 86_400)
    /// Who the first start's token is for.
    package static let firstName = "admin"

    /// Makes a token. The text is shown to whoever asked, once; only its hash is kept. Throws `.badName` for names that
    /// no certificate could carry or that begin with `system:`, and for a lifetime out of range.
    package func issueToken(_ order: TokenOrder) async throws(TokenRefusal) -> (text: String, IssuedCredential) {
        let (token, issued) = try draft(order)
        do { try await store.issue(issued) } catch { throw .unavailable(error) }
        return (token.text, issued)
    }

    /// The first admin's one-time token, if the controller has no admin yet: nil when there is one, or when a token
    /// made by an earlier start can still be used. One that ran out unused is followed by a new one.
    package func firstToken(lifetime: Duration) async throws(TokenRefusal) -> String? {
        let order = TokenOrder(
            kind: .oneLogin, name: Self.firstName, groups: [Self.adminGroup], lifetime: lifetime,
            purpose: "first start")
        let (token, issued) = try draft(order)
        do {
            return try await store.issueFirst(issued, ofGroup: Self.adminGroup) ? token.text : nil
        } catch {
            throw .unavailable(error)
        }
    }

    private func draft(_ order: TokenOrder) throws(TokenRefusal) -> (AccessToken, IssuedCredential) {
        do throws(IdentityError) {
            try Self.check(order)
            let token = try AccessToken.make()
            let time = now()
            var issued = IssuedCredential(
                id: Self.credential(of: token), kind: order.kind == .oneLogin ? .oneTimeToken : .token,
                name: order.name, groups: order.groups, secretHash: token.secretHash, issuedAt: time,
                expiresAt: time.advanced(by: order.lifetime))
            issued.purpose = order.purpose
            return (token, issued)
        } catch {
            throw .invalid(error)
        }
    }

    private static func check(_ order: TokenOrder) throws(IdentityError) {
        _ = try CertificateSubject(name: order.name, groups: order.groups)
        for text in [order.name] + order.groups where text.hasPrefix("system:") {
            throw IdentityError(
                .badName, "\"\(text)\" is a name of the controller itself.", hint: "Choose one without `system:`.")
        }
        if order.groups.contains(HostRule.group) {
            let host =
                order.name.hasPrefix(AgentRule.namePrefix) ? order.name.dropFirst(AgentRule.namePrefix.count) : ""
            guard order.kind == .oneLogin, order.groups.count == 1, TextRule.name.matches(String(host)) else {
                throw IdentityError(
                    .badName, "\(HostRule.group) is for agents, which enrol with one-time tokens of that group alone.",
                    hint: "Make one with `rebound host token NAME`, where NAME is \(TextRule.name.words).")
            }
        }
        guard order.lifetime > .zero, order.lifetime <= longestToken else {
            throw IdentityError(
                .badName, "A token cannot last \(order.lifetime).",
                hint: "Give a time of more than nothing and at most 366 days.")
        }
    }

    /// Takes back one credential and what was issued by it; open watches of this process end at once, those of others
    /// within their look interval. Returns what was taken back now.
    package func revoke(
        _ credential: String, by: String, reason: String
    ) async throws(StoreError) -> [String] {
        let revocation = Revocation(credential: credential, at: now(), by: by, reason: reason)
        let taken = try await store.revoke(revocation)
        try await revocations.look()
        return taken
    }

    /// Takes back everything that somebody has.
    package func revokeAll(ofName name: String, by: String, reason: String) async throws(StoreError) -> [String] {
        let revocation = Revocation(credential: "", at: now(), by: by, reason: reason)
        let taken = try await store.revokeAll(ofName: name, revocation)
        try await revocations.look()
        return taken
    }

    /// Everything that was issued and is remembered, without secrets.
    package func credentials() async throws(StoreError) -> [CredentialRecord] { try await store.credentials() }
}

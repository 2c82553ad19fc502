// SPDX-License-Identifier: Apache-2.0
package import ChaosModel
package import Identity
package import Logging
package import ResourceStore
import Synchronization

/// Access for the controller on its own: certificates of the fleet's authority, tokens and revocations in the store,
/// roles by bindings. Every request asks the store anew, so what one process takes back no process serves any more.
package final class FleetAccess: AccessControl {
    /// Who is in this group is an admin everywhere, without a binding: otherwise nobody could make the first one.
    package static let adminGroup = "rebound:admins"

    package struct Options: Sendable {
        /// How soon an open watch ends after another process revoked its credential, after a binding was taken away, or
        /// after its credential expired.
        package var lookInterval = Duration.milliseconds(250)

        package init() {}
    }

    let authority: CertificateAuthority
    let store: any ResourceStore & CredentialStore
    let now: @Sendable () -> Timestamp
    let logger: Logger
    let revocations: RevocationWatch
    private let verified = VerifiedCertificates()

    /// `now` gives dates, `clock` waits between looks at the store.
    package init(
        authority: CertificateAuthority, store: any ResourceStore & CredentialStore, options: Options,
        clock: any Clock<Duration>, now: @escaping @Sendable () -> Timestamp, logger: Logger
    ) {
        self.authority = authority
        self.store = store
        self.now = now
        self.logger = logger
        revocations = RevocationWatch(interval: options.lookInterval, clock: clock, now: now) {
            () async throws(StoreError) in try await Self.mark(store)
        }
    }

    package func caller(_ credentials: PresentedCredentials) async -> Result<Caller, CallerFailure> {
        do {
            if let header = credentials.authorization { return .success(try await caller(authorization: header)) }
            if let leaf = credentials.certificate { return .success(try await caller(certificate: leaf)) }
            return .failure(.denied(.none))
        } catch {
            return .failure(error)
        }
    }

    package func untilInvalid(_ caller: Caller) async {
        await follow(caller) { () async throws(StoreError) in true }
    }

    package func untilForbidden(_ caller: Caller, _ request: AccessRequest) async {
        await follow(caller) { [self] () async throws(StoreError) in try await decide(caller, request).isAllowed }
    }
}

/// What is open ends when its ground is gone.
extension FleetAccess {
    private static func mark(_ store: any ResourceStore & CredentialStore) async throws(StoreError) -> AccessMark {
        let cluster = try await store.list(ClusterRoleBinding.self, namespace: nil, labels: [:]).items.map(\.metadata)
        let local = try await store.list(RoleBinding.self, namespace: nil, labels: [:]).items.map(\.metadata)
        let bindings = (cluster + local).map { "\($0.uid ?? "") \($0.resourceVersion ?? "")" }
        return AccessMark(revocations: try await store.revocationCount(), bindings: Set(bindings))
    }

    /// Returns when the credential is no longer good or `isAllowed` no longer holds; looks after each change.
    private func follow(_ caller: Caller, _ isAllowed: () async throws(StoreError) -> Bool) async {
        while !Task.isCancelled {
            do throws(StoreError) {
                let turn = try await revocations.look()
                if try await store.credential(caller.credential).revocation != nil { return }
                if let end = caller.expiresAt, end <= now() { return }
                guard try await isAllowed() else { return }
                await revocations.wait(after: turn, until: caller.expiresAt)
            } catch {
                logger.warning(
                    "cannot look whether somebody may still watch; what he has open ends",
                    metadata: ["credential": "\(caller.credential)", "error": "\(error.message)"])
                return
            }
        }
    }
}

extension FleetAccess {
    private func caller(authorization: String) async throws(CallerFailure) -> Caller {
        let (token, record) = try await knownToken(authorization: authorization)
        guard record.kind == .token else { throw .denied(.wrong) }  // A one-time token is good for logging in only.
        await noteUse(record)
        return Caller(
            name: record.name, groups: record.groups, credential: Self.credential(of: token),
            expiresAt: record.expiresAt)
    }

    /// The token of an `Authorization: Bearer` header and its record, once the secret is right and it is valid now.
    func knownToken(authorization: String) async throws(CallerFailure) -> (AccessToken, IssuedCredential) {
        let words = authorization.split(separator: " ", omittingEmptySubsequences: true)
        guard words.count == 2, words[0].lowercased() == "bearer" else { throw .denied(.wrong) }
        return try await knownToken(String(words[1]))
    }

    func knownToken(_ text: String) async throws(CallerFailure) -> (AccessToken, IssuedCredential) {
        guard let token = AccessToken(text) else { throw .denied(.wrong) }
        let record = try await record(of: Self.credential(of: token))
        // The secret first: who does not have it learns nothing of what became of the token.
        guard let issued = record.issued, let hash = issued.secretHash, token.matches(hash) else {
            throw .denied(.wrong)
        }
        guard record.revocation == nil else { throw .denied(.revoked) }
        if let end = issued.expiresAt, end <= now() { throw .denied(.expired) }
        return (token, issued)
    }

    private func caller(certificate leaf: [UInt8]) async throws(CallerFailure) -> Caller {
        let certificate: Certificate
        do { certificate = try verified.certificate(leaf, authority: authority, at: now()) } catch {
            throw .denied(error)
        }
        guard let name = certificate.commonName, !name.isEmpty else { throw .denied(.wrong) }
        let caller = Caller(
            name: name, groups: certificate.organizations, credential: "certificate:\(certificate.serial)",
            expiresAt: certificate.notAfter)
        guard try await record(of: caller.credential).revocation == nil else { throw .denied(.revoked) }
        return caller
    }

    static func credential(of token: AccessToken) -> String { "token:\(token.id)" }

    private func record(of credential: String) async throws(CallerFailure) -> CredentialRecord {
        do {
            return try await store.credential(credential)
        } catch {
            logger.error(
                "a credential cannot be looked up; the request is refused",
                metadata: ["error": "\(error.message)", "hint": "\(error.hint)"])
            throw .unavailable(error)
        }
    }

    /// Once a minute at most, and never a reason to refuse: a full disk must not lock the operators out.
    private func noteUse(_ record: IssuedCredential) async {
        let time = now()
        if let last = record.lastUsedAt, time.since(last) < .seconds(60), time >= last { return }
        do {
            try await store.noteUse(of: record.id, at: time)
        } catch {
            logger.warning(
                "cannot write down that a token was used",
                metadata: ["credential": "\(record.id)", "error": "\(error.message)"])
        }
    }
}

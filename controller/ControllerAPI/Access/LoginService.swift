// SPDX-License-Identifier: Apache-2.0
import ChaosModel
package import Identity
import Logging
package import ResourceStore

/// Why nobody was logged in.
package enum LoginRefusal: Error, Sendable {
    /// 401
    case denied(Denial)
    /// 400: the request for a certificate is not one.
    case invalid(IdentityError)
    /// 503
    case unavailable(StoreError)
    /// 500: no certificate could be made.
    case failed(IdentityError)
}

/// Exchanges a token, or a certificate that is still good, for a new short certificate: what `POST /login` does.
package struct LoginService: Sendable {
    package struct Options: Sendable {
        /// How long a certificate lasts.
        package var certificateLifetime: Duration
        /// How long certificates can be renewed with certificates, until a token is needed again.
        package var sessionLifetime: Duration

        package init(certificateLifetime: Duration, sessionLifetime: Duration) {
            self.certificateLifetime = certificateLifetime
            self.sessionLifetime = sessionLifetime
        }
    }

    let access: FleetAccess
    private let options: Options

    package init(access: FleetAccess, options: Options) {
        self.access = access
        self.options = options
    }

    /// More renewals than a session has, even of one that is renewed every half an hour.
    private static let mostRenewals = 2_000

    /// What a login stands on.
    private struct Ground {
        var subject: CertificateSubject
        var credential: String
        var sessionBegan: Timestamp
        /// The certificate ends with what it was given for, but for a one-time token.
        var notBeyond: Timestamp?
    }

    /// Strangers are refused before their request is looked at, and it is looked at before a token is used up. Of
    /// several that show one one-time token at once, one is answered. A certificate that the store did not take was
    /// never handed out.
    package func login(
        _ request: LoginRequest, _ credentials: PresentedCredentials
    ) async throws(LoginRefusal) -> LoginAnswer {
        let ground = try await ground(request, credentials)
        let asked = try Self.parsed(request)
        let now = access.now()
        let session = ground.sessionBegan.advanced(by: options.sessionLifetime)
        let end = min(now.advanced(by: options.certificateLifetime), session, ground.notBeyond ?? session)
        guard end > now else { throw .denied(.expired) }
        let certificate: Certificate
        let answer: LoginAnswer
        do throws(IdentityError) {
            certificate = try access.authority.clientCertificate(
                for: ground.subject, key: asked.publicKey, at: now, lifetime: end.since(now))
            answer = LoginAnswer(
                certificate: try certificate.pem(), authority: try access.authority.trustPEM(),
                name: ground.subject.name, groups: ground.subject.groups,
                expiresAt: certificate.notAfter.description)
        } catch {
            throw .failed(error)
        }
        var issued = IssuedCredential(
            id: "certificate:\(certificate.serial)", kind: .certificate, name: ground.subject.name,
            groups: ground.subject.groups, secretHash: nil, issuedAt: now, expiresAt: certificate.notAfter)
        issued.sessionBegan = ground.sessionBegan
        issued.issuedBy = ground.credential
        try await record(issued)
        return answer
    }

    private static func parsed(_ request: LoginRequest) throws(LoginRefusal) -> CertificateRequest {
        do {
            return try CertificateRequest(pem: Array(request.certificateRequest.utf8))
        } catch {
            throw .invalid(error)
        }
    }

    private func record(_ issued: IssuedCredential) async throws(LoginRefusal) {
        var origin = WriteOrigin.current
        origin.actor = "user:\(issued.name)"
        let outcome: Result<Void, StoreError> = await WriteOrigin.$current.withValue(origin) {
            do throws(StoreError) { return .success(try await access.store.issue(issued)) } catch {
                return .failure(error)
            }
        }
        if case .failure(let error) = outcome {
            if error.code == .conflict {
                access.logger.warning(
                    "a login was refused: its credential was revoked or used at the same time",
                    metadata: ["credential": "\(issued.issuedBy ?? "")", "name": "\(issued.name)"])
                throw .denied(.revoked)
            }
            throw .unavailable(error)
        }
    }

    private func ground(
        _ request: LoginRequest, _ credentials: PresentedCredentials
    ) async throws(LoginRefusal) -> Ground {
        do throws(CallerFailure) {
            if let text = request.token { return try ground(try await access.knownToken(text).1) }
            if let header = credentials.authorization {
                return try ground(try await access.knownToken(authorization: header).1)
            }
            return try await groundOfCertificate(credentials)
        } catch {
            switch error {
            case .denied(let denial): throw .denied(denial)
            case .unavailable(let reason): throw .unavailable(reason)
            }
        }
    }

    private func ground(_ token: IssuedCredential) throws(CallerFailure) -> Ground {
        if token.redeemedAt != nil {
            access.logger.warning(
                "a one-time token was shown again: whoever shows it may have stolen it",
                metadata: ["credential": "\(token.id)", "name": "\(token.name)"])
            throw .denied(.expired)
        }
        return Ground(
            subject: try Self.subject(token.name, token.groups), credential: token.id, sessionBegan: access.now(),
            notBeyond: token.kind == .token ? token.expiresAt : nil)
    }

    private func groundOfCertificate(_ credentials: PresentedCredentials) async throws(CallerFailure) -> Ground {
        let caller = try await access.caller(credentials).get()
        let record: CredentialRecord
        do { record = try await access.store.credential(caller.credential) } catch { throw .unavailable(error) }
        // One of a company's own tools is in no list; it is renewed there.
        guard let issued = record.issued else { throw .denied(.wrong) }
        if issued.groups == [HostRule.group] {
            // Nobody is there to log an agent in again: it renews for as long as it does so in time and is not revoked.
            // It began with a one-time token, as there is no other for its group, so that none is outlived.
            return Ground(
                subject: try Self.subject(issued.name, issued.groups), credential: issued.id,
                sessionBegan: access.now(), notBeyond: nil)
        }
        return Ground(
            subject: try Self.subject(issued.name, issued.groups), credential: issued.id,
            sessionBegan: issued.sessionBegan, notBeyond: try await end(ofTokenBehind: issued))
    }

    /// When the token ends that a chain of renewals began with: renewing must not make more of it. Nil for a one-time
    /// token, whose end is that of logging in with it.
    private func end(ofTokenBehind certificate: IssuedCredential) async throws(CallerFailure) -> Timestamp? {
        var link = certificate
        for _ in 0..<Self.mostRenewals {
            guard let issuer = link.issuedBy else { return nil }
            let record: CredentialRecord
            do { record = try await access.store.credential(issuer) } catch { throw .unavailable(error) }
            // Forgotten, so that it ended long ago.
            guard let next = record.issued else { throw .denied(.expired) }
            if next.kind != .certificate { return next.kind == .token ? next.expiresAt : nil }
            link = next
        }
        throw .denied(.expired)
    }

    private static func subject(_ name: String, _ groups: [String]) throws(CallerFailure) -> CertificateSubject {
        do { return try CertificateSubject(name: name, groups: groups) } catch { throw .denied(.wrong) }
    }
}

// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import ControllerAPI
import FoundationEssentials
import Identity
import ResourceStore
import SQLiteStore
import TestSupport
import Testing

/// Logging in, as a client does it.
struct LoginWorld {
    let world: AccessWorld
    let service: LoginService

    init(_ world: AccessWorld) {
        self.world = world
        service = LoginService(
            access: world.access,
            options: LoginService.Options(certificateLifetime: .hours(24), sessionLifetime: .days(30)))
    }

    func certificate(token: String) async throws -> Certificate {
        try await certificate(LoginExchange(token: token), PresentedCredentials())
    }

    func certificate(renewing old: Certificate) async throws -> Certificate {
        try await certificate(LoginExchange(token: nil), PresentedCredentials(certificate: old.der))
    }

    func certificate(_ exchange: LoginExchange, _ credentials: PresentedCredentials) async throws -> Certificate {
        let request = try JSONDecoder().decode(LoginRequest.self, from: Data(exchange.body))
        let answer = try await service.login(request, credentials)
        let credential = try exchange.credential(from: Array(JSONEncoder().encode(answer)), at: world.now)
        return try Certificate.read(pem: Array(credential.certificatePEM.utf8), name: "login")[0]
    }

    /// Why not; nil when it was answered.
    func denial(token: String?, _ credentials: PresentedCredentials = PresentedCredentials()) async throws -> Denial? {
        do {
            _ = try await certificate(LoginExchange(token: token), credentials)
            return nil
        } catch let refusal as LoginRefusal {
            guard case .denied(let denial) = refusal else { throw refusal }
            return denial
        }
    }
}

@Suite("Logging in")
struct AccessLoginTests {
    @Test("the first start's token makes an admin once; later starts give none")
    func firstAdmin() async throws {
        let world = try await AccessWorld()
        let login = LoginWorld(world)
        let token = try #require(try await world.access.firstToken(lifetime: .hours(1)))
        #expect(try await world.access.firstToken(lifetime: .hours(1)) == nil)
        let leaf = try await login.certificate(token: token)
        let caller = try await world.answer(leaf).get()
        #expect(caller.name == "admin" && caller.groups == [FleetAccess.adminGroup])
        let request = AccessRequest(verb: "create", resource: "clusterrolebindings")
        #expect(try await world.access.decide(caller, request).isAllowed)
        #expect(try await login.denial(token: token) == .expired)
        world.setDate(on: .days(60))
        #expect(try await world.access.firstToken(lifetime: .hours(1)) == nil, "there was an admin")
        await world.close()
    }

    @Test("a first token that ran out unused is followed by a new one, and is good for nothing")
    func unusedFirst() async throws {
        let world = try await AccessWorld()
        let token = try #require(try await world.access.firstToken(lifetime: .hours(1)))
        world.setDate(on: .seconds(3_601))
        #expect(try await LoginWorld(world).denial(token: token) == .expired)
        let next = try #require(try await world.access.firstToken(lifetime: .hours(1)))
        #expect(try await LoginWorld(world).denial(token: next) == nil)
        await world.close()
    }

    @Test("of many processes that start at once one prints a token")
    func firstTogether() async throws {
        let world = try await AccessWorld()
        let (_, elsewhere) = try await world.anotherProcess()
        let tokens = try await withThrowingTaskGroup(of: String?.self) { group in
            for index in 0..<20 {
                group.addTask { try await (index % 2 == 0 ? world.access : elsewhere).firstToken(lifetime: .hours(1)) }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(tokens.compactMap { $0 }.count == 1)
        await world.close()
    }

    @Test("of many that show one one-time token at once one gets a certificate")
    func onceOnly() async throws {
        let world = try await AccessWorld()
        let (_, elsewhere) = try await world.anotherProcess()
        let token = try await world.token("alice", kind: .oneLogin).text
        let services = [world.access, elsewhere].map {
            LoginService(
                access: $0, options: .init(certificateLifetime: .hours(24), sessionLifetime: .days(30)))
        }
        let request = LoginRequest(certificateRequest: try CertificateRequest.make(with: .make(.p256)), token: token)
        let answered = await withTaskGroup(of: Bool.self) { group in
            for index in 0..<30 {
                group.addTask {
                    (try? await services[index % 2].login(request, PresentedCredentials())) != nil
                }
            }
            return await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
        }
        #expect(answered == 1)
        #expect(try await world.store.credentials().count { $0.issued?.kind == .certificate } == 1)
        await world.close()
    }

    @Test("a request that is none does not use a one-time token up")
    func badRequest() async throws {
        let world = try await AccessWorld()
        let login = LoginWorld(world)
        let token = try await world.token("alice", kind: .oneLogin).text
        await #expect(throws: LoginRefusal.self) {
            try await login.service.login(
                LoginRequest(certificateRequest: "none", token: token), PresentedCredentials())
        }
        #expect(try await login.denial(token: token) == nil)
        await world.close()
    }

    @Test("a token for every request logs in too, and the certificate ends with it")
    func tokenLogin() async throws {
        let world = try await AccessWorld()
        let token = try await world.token("ci", groups: ["pipelines"], lifetime: .hours(3))
        let leaf = try await LoginWorld(world).certificate(token: token.text)
        #expect(leaf.notAfter == token.issued.expiresAt)
        #expect(leaf.organizations == ["pipelines"])
        let header = PresentedCredentials(authorization: "Bearer \(token.text)")
        #expect(try await LoginWorld(world).denial(token: nil, header) == nil)
        await world.close()
    }

    @Test("a certificate renews itself until the session is over; then a token is needed")
    func renewal() async throws {
        let world = try await AccessWorld()
        let login = LoginWorld(world)
        var leaf = try await login.certificate(token: world.token("alice", groups: ["ops"], kind: .oneLogin).text)
        for _ in 0..<39 {
            world.setDate(on: .hours(18))
            leaf = try await login.certificate(renewing: leaf)
            #expect(leaf.commonName == "alice" && leaf.organizations == ["ops"])
            #expect(leaf.notAfter <= AccessWorld.start.advanced(by: .days(30)))
        }
        world.setDate(on: .hours(18))
        #expect(try await login.denial(token: nil, PresentedCredentials(certificate: leaf.der)) == .expired)
        await world.close()
    }

    @Test("renewing makes no more of a token than it was: the last certificate ends with it")
    func renewalOfToken() async throws {
        let world = try await AccessWorld()
        let login = LoginWorld(world)
        let token = try await world.token("ci", lifetime: .hours(60))
        var leaf = try await login.certificate(token: token.text)
        for _ in 0..<3 {
            world.setDate(on: .hours(18))
            leaf = try await login.certificate(renewing: leaf)
        }
        #expect(leaf.notAfter == token.issued.expiresAt)
        world.setDate(on: .hours(6))
        #expect(try await login.denial(token: nil, PresentedCredentials(certificate: leaf.der)) == .expired)
        await world.close()
    }

    @Test("without a credential, with a wrong, revoked or foreign one nobody is logged in")
    func denied() async throws {
        let world = try await AccessWorld()
        let login = LoginWorld(world)
        #expect(try await login.denial(token: nil) == Denial.none)
        #expect(try await login.denial(token: "rebound_") == .wrong)
        let foreign = try world.certificate("alice", by: CertificateAuthority.make(at: world.now))
        #expect(try await login.denial(token: nil, PresentedCredentials(certificate: foreign.der)) == .foreign)
        let token = try await world.token("alice", kind: .oneLogin)
        _ = try await world.access.revoke(token.issued.id, by: "user:root", reason: "lost")
        #expect(try await login.denial(token: token.text) == .revoked)
        let unlisted = try world.certificate("alice")
        #expect(try await login.denial(token: nil, PresentedCredentials(certificate: unlisted.der)) == .wrong)
        await world.close()
    }

    @Test(
        "tokens for the controller's own names, without end or for unsafe names are not made",
        arguments: [
            ("system:controller", Duration.hours(1)), ("alice", .zero), ("alice", .days(367)), ("", .hours(1)),
            ("a\nb", .hours(1)),
        ])
    func badOrders(name: String, lifetime: Duration) async throws {
        let world = try await AccessWorld()
        await #expect(throws: TokenRefusal.self) { try await world.token(name, lifetime: lifetime) }
        #expect(try await world.store.credentials().isEmpty)
        await world.close()
    }
}

// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import ControllerAPI
import Identity
import ResourceStore
import SQLiteStore
import TestSupport
import Testing

@Suite("Who is asking")
struct AccessDenialTests {
    @Test("a certificate of the fleet says who, with which groups and until when")
    func certificate() async throws {
        let world = try await AccessWorld()
        let leaf = try world.certificate("alice", groups: ["storefront", "ops"])
        let caller = try await world.answer(leaf).get()
        let expected = Caller(
            name: "alice", groups: ["storefront", "ops"], credential: "certificate:\(leaf.serial)",
            expiresAt: leaf.notAfter)
        #expect(caller == expected)
        #expect(try await world.answer(leaf).get() == expected, "the second time it is remembered")
        await world.close()
    }

    @Test("a token says who, and when it was last used, to the minute")
    func token() async throws {
        let world = try await AccessWorld()
        let token = try await world.token("ci", groups: ["pipelines"])
        let caller = try await world.answer(bearer: token.text).get()
        #expect(caller.name == "ci" && caller.groups == ["pipelines"] && caller.credential == token.issued.id)
        #expect(caller.expiresAt == world.now.advanced(by: .hours(24)))
        let used = try await world.store.credential(token.issued.id).issued?.lastUsedAt
        #expect(used == world.now)
        world.setDate(on: .seconds(59))
        _ = await world.answer(bearer: token.text)
        #expect(try await world.store.credential(token.issued.id).issued?.lastUsedAt == used)
        world.setDate(on: .seconds(1))
        _ = await world.answer(bearer: token.text)
        #expect(try await world.store.credential(token.issued.id).issued?.lastUsedAt == world.now)
        await world.close()
    }

    @Test("the store keeps a token's hash and nothing of its secret")
    func onlyHashes() async throws {
        let world = try await AccessWorld()
        let token = try await world.token("ci")
        let secret = String(token.text.suffix(43))
        await world.close()
        for name in world.folder.names() {
            let process = try ChildProcess("/bin/grep", ["-c", "--text", secret, world.folder.file(name)])
            #expect(process.readLine() == "0", "\(name)")
        }
    }

    @Test("no credential, a wrong one, an expired, a revoked and a foreign one are told apart")
    func denials() async throws {
        let world = try await AccessWorld()
        let other = try CertificateAuthority.make(at: AccessWorld.start)
        let foreign = try world.certificate("alice", groups: [FleetAccess.adminGroup], by: other)
        let short = try world.certificate("alice", lifetime: .hours(1))
        let seen = try world.certificate("alice", lifetime: .hours(1))
        let taken = try world.certificate("alice")
        let shortToken = try await world.token("ci", lifetime: .hours(1))
        let takenToken = try await world.token("ci")
        let oneTime = try await world.token("bob", kind: .oneLogin)
        _ = try await world.answer(seen).get()
        for credential in ["certificate:\(taken.serial)", takenToken.issued.id] {
            _ = try await world.access.revoke(credential, by: "user:root", reason: "lost")
        }
        #expect(await world.access.caller(PresentedCredentials()).denial == Denial.none)
        #expect(await world.answer(foreign).denial == .foreign)
        #expect(await world.answer(taken).denial == .revoked)
        #expect(await world.answer(bearer: takenToken.text).denial == .revoked)
        #expect(await world.answer(bearer: oneTime.text).denial == .wrong)
        world.setDate(on: .seconds(3_601))
        for certificate in [short, seen] { #expect(await world.answer(certificate).denial == .expired) }
        #expect(await world.answer(bearer: shortToken.text).denial == .expired)
        await world.close()
    }

    @Test("a certificate from before a clock was set back is not valid yet, also when it is remembered")
    func notYet() async throws {
        let world = try await AccessWorld()
        let leaf = try world.certificate("alice")
        _ = try await world.answer(leaf).get()
        world.setDate(on: .zero - .hours(1))
        #expect(await world.answer(leaf).denial == .expired)
        await world.close()
    }

    @Test("a server's certificate, an authority's, one without a name and garbage prove nothing")
    func wrongCertificates() async throws {
        let world = try await AccessWorld()
        let server = try world.authority.serverCertificate(
            names: [ServerName("alice.example")], key: PrivateKey.make(.p256).publicKey, at: world.now,
            lifetime: .hours(1))
        #expect(await world.answer(server).denial == .wrong)
        #expect(await world.answer(world.authority.certificate).denial == .wrong)
        let leaf = try world.certificate("alice")
        for length in stride(from: 0, to: leaf.der.count, by: 5) {
            let presented = PresentedCredentials(certificate: Array(leaf.der[..<length]))
            #expect(await world.access.caller(presented).denial == .wrong)
        }
        #expect(
            await world.access.caller(PresentedCredentials(certificate: [UInt8](repeating: 48, count: 1 << 20))).denial
                == .wrong)
        await world.close()
    }

    @Test(
        "headers that are no known bearer token are wrong, and a good certificate does not save them",
        arguments: [
            "", "Bearer", "Bearer ", "bearer x", "Basic YWRtaW46YWRtaW4=", "Token x", "Bearer a b", "Bearer rebound_",
            "Bearer rebound_0123456789abcdef_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "\0", "Bearer \u{1B}[2J",
            "Bearer " + String(repeating: "a", count: 1 << 20),
        ])
    func wrongHeaders(header: String) async throws {
        let world = try await AccessWorld()
        let leaf = try world.certificate("alice")
        #expect(await world.access.caller(PresentedCredentials(authorization: header)).denial == .wrong)
        let both = PresentedCredentials(certificate: leaf.der, authorization: header)
        #expect(await world.access.caller(both).denial == .wrong)
        await world.close()
    }

    @Test("a right id with another secret is wrong, also for a token that was revoked or has expired")
    func otherSecret() async throws {
        let world = try await AccessWorld()
        let (good, revoked) = (try await world.token("ci"), try await world.token("ci"))
        _ = try await world.access.revoke(revoked.issued.id, by: "user:root", reason: "lost")
        for token in [good, revoked] {
            let stolen = String(token.text.dropLast(43)) + String(try AccessToken.make().text.suffix(43))
            #expect(await world.answer(bearer: stolen).denial == .wrong)
        }
        await world.close()
    }

    @Test("a store that cannot be read lets nobody in, and calls no credential wrong")
    func closedStore() async throws {
        let world = try await AccessWorld()
        let token = try await world.token("ci", groups: [FleetAccess.adminGroup])
        let leaf = try world.certificate("alice", groups: [FleetAccess.adminGroup])
        await world.close()
        #expect(await world.answer(bearer: token.text).unavailable?.code == .unavailable)
        #expect(await world.answer(leaf).unavailable?.code == .unavailable)
        #expect(await world.answer(bearer: "rebound_garbage").denial == .wrong, "needs no store to be seen")
        let request = AccessRequest(verb: "get", resource: "runs", namespace: "shop")
        await #expect(throws: StoreError.self) { try await world.access.decide(.named("alice"), request) }
    }

    @Test("every denial has a message and a hint")
    func texts() {
        for denial in Denial.allCases {
            #expect(denial.message.hasSuffix(".") && denial.hint.hasSuffix("."))
        }
    }
}

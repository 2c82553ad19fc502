// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import ControllerAPI
import Identity
import ResourceStore
import SQLiteStore
import TestSupport
import Testing

@Suite("Taking credentials back")
struct AccessRevocationTests {
    @Test("a revocation ends what is open at once, and only what that credential opened")
    func open() async throws {
        let world = try await AccessWorld()
        let mine = try await world.answer(world.certificate("alice")).get()
        let other = try await world.answer(world.certificate("alice")).get()
        try await withThrowingTaskGroup(of: String.self) { group in
            for caller in [mine, other] {
                group.addTask {
                    await world.access.untilInvalid(caller)
                    return caller.credential
                }
            }
            await world.clock.untilSleeping(1)
            _ = try await world.access.revoke(mine.credential, by: "user:root", reason: "lost")
            #expect(try await group.next() == mine.credential)
            group.cancelAll()
            #expect(try await group.next() == other.credential, "cancelling ends the waiting")
        }
        await world.close()
    }

    @Test("what another process revokes is refused by the next request, and open things end with the next look")
    func anotherProcess() async throws {
        let world = try await AccessWorld()
        let (_, elsewhere) = try await world.anotherProcess()
        let token = try await world.token("ci")
        let leaf = try world.certificate("alice")
        let caller = try await world.answer(leaf).get()
        _ = try await elsewhere.caller(PresentedCredentials(certificate: leaf.der)).get()
        async let ended: Void = world.access.untilInvalid(caller)
        await world.clock.untilSleeping(1)
        for credential in [caller.credential, token.issued.id] {
            _ = try await elsewhere.revoke(credential, by: "user:root", reason: "lost")
        }
        #expect(await world.answer(leaf).denial == .revoked)
        #expect(await world.answer(bearer: token.text).denial == .revoked)
        world.clock.advance(by: FleetAccess.Options().lookInterval)
        await ended
        await world.close()
    }

    @Test("an expiry ends what is open, by the date, also when the date was set on by hand")
    func expiry() async throws {
        let world = try await AccessWorld()
        let caller = try await world.answer(world.certificate("alice", lifetime: .hours(1))).get()
        async let ended: Void = world.access.untilInvalid(caller)
        await world.clock.untilSleeping(1)
        world.setDate(on: .hours(1))
        world.clock.advance(by: FleetAccess.Options().lookInterval)
        await ended
        await world.access.untilInvalid(caller)
        await world.close()
    }

    @Test("a credential that is no longer good is not waited for, and one that cannot be looked up neither")
    func alreadyInvalid() async throws {
        let world = try await AccessWorld()
        let caller = try await world.answer(world.certificate("alice")).get()
        _ = try await world.access.revoke(caller.credential, by: "user:root", reason: "lost")
        await world.access.untilInvalid(caller)
        let other = try await world.answer(world.certificate("bob")).get()
        await world.close()
        await world.access.untilInvalid(other)
    }

    @Test("revoking a token takes back every certificate that came of it, by login and by renewal")
    func descendants() async throws {
        let world = try await AccessWorld()
        let login = LoginWorld(world)
        let token = try await world.token("alice", kind: .oneLogin)
        let first = try await login.certificate(token: token.text)
        let second = try await login.certificate(renewing: first)
        let stranger = try await login.certificate(token: world.token("bob", kind: .oneLogin).text)
        let taken = try await world.access.revoke(token.issued.id, by: "user:root", reason: "stolen")
        #expect(
            Set(taken) == [token.issued.id, "certificate:\(first.serial)", "certificate:\(second.serial)"])
        for leaf in [first, second] { #expect(await world.answer(leaf).denial == .revoked) }
        _ = try await world.answer(stranger).get()
        #expect(try await world.access.revoke(token.issued.id, by: "user:root", reason: "again") == [])
        await world.close()
    }

    @Test("everything of one person goes at once, and nothing of others")
    func wholePerson() async throws {
        let world = try await AccessWorld()
        let login = LoginWorld(world)
        let leaf = try await login.certificate(token: world.token("alice", kind: .oneLogin).text)
        let token = try await world.token("alice")
        let other = try await world.token("bob")
        _ = try await world.access.revokeAll(ofName: "alice", by: "user:root", reason: "left")
        #expect(await world.answer(leaf).denial == .revoked)
        #expect(await world.answer(bearer: token.text).denial == .revoked)
        _ = try await world.answer(bearer: other.text).get()
        let listed = try await world.access.credentials().filter { $0.revocation != nil }.map { $0.issued?.name }
        #expect(Set(listed) == ["alice"] && listed.count == 3)
        await world.close()
    }

    @Test("five hundred open watches end with one revocation each and leave nobody waiting")
    func many() async throws {
        let world = try await AccessWorld()
        let leaf = try world.certificate("alice")
        let caller = try await world.answer(leaf).get()
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<500 { group.addTask { await world.access.untilInvalid(caller) } }
            await world.clock.untilSleeping(1)
            _ = try? await world.access.revoke(caller.credential, by: "user:root", reason: "lost")
            await group.waitForAll()
        }
        #expect(await world.answer(leaf).denial == .revoked)
        await world.close()
    }

    @Test("a binding that is taken away ends what it allowed, and a change that leaves the right ends nothing")
    func bindings() async throws {
        let world = try await AccessWorld()
        let (other, _) = try await world.anotherProcess()
        try await world.bind(.viewer, to: RoleSubject(kind: .user, name: "alice"), in: "shop")
        let alice = try await world.answer(world.certificate("alice")).get()
        let request = AccessRequest(verb: "watch", resource: "runs", namespace: "shop")
        await world.access.untilForbidden(alice, AccessRequest(verb: "watch", resource: "runs", namespace: "other"))
        async let ended: Void = world.access.untilForbidden(alice, request)
        await world.clock.untilSleeping(1)
        try await world.bind(.viewer, to: RoleSubject(kind: .user, name: "bob"), in: "shop")
        world.clock.advance(by: FleetAccess.Options().lookInterval)
        await world.clock.untilSleeping(1)
        #expect(try await world.access.decide(alice, request).isAllowed)
        try await other.delete(ResourceKey(kind: .roleBinding, namespace: "shop", name: "viewer-alice"))
        world.clock.advance(by: FleetAccess.Options().lookInterval)
        await ended
        await world.close()
    }
}

// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import ControllerAPI
import FoundationEssentials
import HTTPTransport
import Identity
import ResourceStore
import SQLiteStore
import TestSupport
import Testing

/// What an agent may do with hosts, over the real server where it is more than a decision.
@Suite("Hosts and their agents")
struct HostRuleTests {
    private static let agents = ["rebound:agents"]
    private static let root = "/apis/rebound.chaos/v1/hosts"

    @Test("of all requests for anything that is in no namespace, an agent may make those for its own host")
    func matrix() async throws {
        let world = try await AccessWorld()
        let agent = Caller.named("agent:web-1", groups: Self.agents)
        var allowed: Set<String> = []
        for verb in AccessMatrixTests.verbs {
            for resource in AccessMatrixTests.collections + AccessMatrixTests.others {
                for subresource in AccessMatrixTests.subresources {
                    for name in ["web-1", "web-2", nil] {
                        let request = AccessRequest(
                            verb: verb, resource: resource, subresource: subresource, name: name)
                        guard try await world.access.decide(agent, request).isAllowed else { continue }
                        allowed.insert("\(verb) \(resource)/\(subresource ?? "") \(name ?? "")")
                    }
                }
            }
        }
        #expect(
            allowed == [
                "create hosts/ ", "get hosts/ web-1", "list hosts/ web-1", "watch hosts/ web-1",
                "get hosts/status web-1", "update hosts/status web-1", "patch hosts/status web-1",
            ])
        await world.close()
    }

    private func body(_ name: String, _ more: String = "") -> [UInt8] {
        Array(
            """
            {"apiVersion":"rebound.chaos/v1","kind":"Host","metadata":{"name":"\(name)"\(more)},"spec":{"agent":{}}}
            """.utf8)
    }

    private func host(_ answer: HTTPResponse) throws -> Host {
        try JSONDecoder().decode(Host.self, from: Data(answer.body))
    }

    @Test("an agent makes its own host, bare, and no other")
    func creating() async throws {
        let world = try await AccessWorld()
        try await AccessServer.serve(world) { server in
            let agent = try server.files("agent:web-1", groups: Self.agents, by: world.authority, at: world.now)
            let refused = [
                (body("web-2"), 403), (body("web-1", #","labels":{"role":"api"}"#), 422),
                (body("web-1", #","annotations":{"a":"b"}"#), 422), (body("web-1", #","finalizers":["x/y"]"#), 422),
                (
                    Array(String(decoding: body("web-"), as: UTF8.self).replacing("name", with: "generateName").utf8),
                    403
                ),
            ]
            for (body, status) in refused {
                let answer = try await server.send("POST", Self.root, agent, body: body)
                #expect(answer.status == status, "\(String(decoding: answer.body, as: UTF8.self))")
            }
            #expect(try await server.send("POST", Self.root, agent, body: body("web-1")).status == 201)
            #expect(try await server.send("POST", Self.root, agent, body: body("web-1")).status == 409)
        }
        await world.close()
    }

    @Test("when an agent was heard is said by the controller, whatever the agent writes; nobody else writes it")
    func stamping() async throws {
        let world = try await AccessWorld()
        try await AccessServer.serve(world) { server in
            let agent = try server.files("agent:web-1", groups: Self.agents, by: world.authority, at: world.now)
            let admin = try server.files("root", groups: ["rebound:admins"], by: world.authority, at: world.now)
            _ = try await server.send("POST", Self.root, agent, body: body("web-1"))
            let path = Self.root + "/web-1/status"
            let audited = try await world.store.auditHead().sequence
            var stored = try await world.store.get(Host.self, namespace: "", name: "web-1")
            let forged = Timestamp("2030-01-01T00:00:00Z")
            stored?.status = HostStatus()
            stored?.status?.lastContact = forged
            stored?.status?.setReady(.no, reason: "Forged", message: "m", at: world.now)
            let bytes = Array(try ManifestWriter.compactJSON(try #require(stored)).utf8)
            let first = try host(try await server.send("PUT", path, agent, body: bytes))
            #expect(first.status?.lastContact == world.now && first.readiness?.reason == "Heard")
            #expect(first.readiness?.status == .yes && first.readiness?.lastTransitionTime == world.now)
            let since = world.now
            world.setDate(on: .seconds(60))
            var again = first
            again.status?.conditions = nil
            let second = try host(
                try await server.send("PUT", path, agent, body: Array(try ManifestWriter.compactJSON(again).utf8)))
            #expect(second.status?.lastContact == world.now && second.readiness?.lastTransitionTime == since)
            world.setDate(on: .seconds(60))
            let byAdmin = try await server.send(
                "PUT", path, admin, body: Array(try ManifestWriter.compactJSON(second).utf8))
            #expect(byAdmin.status == 403)
            #expect(try await world.store.get(Host.self, namespace: "", name: "web-1")?.status == second.status)
            #expect(audited > 0, "its making is in the audit")
            #expect(try await world.store.auditHead().sequence == audited, "its reports are not")
        }
        await world.close()
    }

    @Test("an agent changes neither the spec of its host nor anything of another's, nor writes a status without end")
    func foreign() async throws {
        let world = try await AccessWorld()
        try await AccessServer.serve(world) { server in
            let agent = try server.files("agent:web-1", groups: Self.agents, by: world.authority, at: world.now)
            let other = try server.files("agent:web-2", groups: Self.agents, by: world.authority, at: world.now)
            _ = try await server.send("POST", Self.root, agent, body: body("web-1"))
            _ = try await server.send("POST", Self.root, other, body: body("web-2"))
            for (method, path) in [
                ("PUT", "/web-1"), ("PUT", "/web-2/status"), ("DELETE", "/web-1"), ("GET", "/web-2"), ("GET", ""),
                ("DELETE", ""),
            ] {
                let answer = try await server.send(method, Self.root + path, agent, body: body("web-1"))
                #expect(answer.status == 403, "\(method) \(path)")
            }
            var stored = try await world.store.get(Host.self, namespace: "", name: "web-1")
            stored?.status = HostStatus()
            stored?.status?.capabilities = HostCapabilities(
                cores: 1, memoryBytes: 1, controlGroups: .none, tc: nil, nft: nil, hasNetem: false,
                interfaces: (0..<2_000).map { HostInterface(name: "veth-that-is-long-\($0)", isUp: true) })
            let bytes = Array(try ManifestWriter.compactJSON(try #require(stored)).utf8)
            #expect(try await server.send("PUT", Self.root + "/web-1/status", agent, body: bytes).status == 422)
        }
        await world.close()
    }

    @Test("the clock is told to every caller: an instant of receipt, and one of sending that is no earlier")
    func clock() async throws {
        struct Answer: Decodable { var receivedAt, sentAt: Timestamp }
        let world = try await AccessWorld()
        try await AccessServer.serve(world) { server in
            let agent = try server.files("agent:web-1", groups: Self.agents, by: world.authority, at: world.now)
            let answer = try await server.send("GET", "/apis/rebound.chaos/v1/clock", agent)
            let told = try JSONDecoder().decode(Answer.self, from: Data(answer.body))
            #expect(told.receivedAt == world.now && told.sentAt == world.now)
            #expect(try await server.send("POST", "/apis/rebound.chaos/v1/clock", agent).status == 405)
            #expect(try await server.send("GET", "/apis/rebound.chaos/v1/clock", .init(name: "none")).status == 401)
        }
        await world.close()
    }

    // MARK: Enrolment

    @Test("a token for agents is good for one login as one agent and for nothing else")
    func tokens() async throws {
        let world = try await AccessWorld()
        for (name, groups, kind) in [
            ("agent:web-1", Self.agents, TokenOrder.Kind.everyRequest), ("web-1", Self.agents, .oneLogin),
            ("agent:", Self.agents, .oneLogin), ("agent:Web 1", Self.agents, .oneLogin),
            ("agent:web-1", Self.agents + ["rebound:admins"], .oneLogin),
        ] {
            await #expect(throws: TokenRefusal.self) { _ = try await world.token(name, groups: groups, kind: kind) }
        }
        let token = try await world.token("agent:web-1", groups: Self.agents, kind: .oneLogin)
        let login = LoginWorld(world)
        #expect(try await world.answer(login.certificate(token: token.text)).get().groups == Self.agents)
        #expect(try await login.denial(token: token.text) == .expired)
        await world.close()
    }

    @Test("an agent renews for years, until it is revoked or too late; a person's session ends")
    func renewing() async throws {
        let world = try await AccessWorld()
        let login = LoginWorld(world)
        let token = try await world.token("agent:web-1", groups: Self.agents, kind: .oneLogin)
        var leaf = try await login.certificate(token: token.text)
        for _ in 0..<100 {
            world.setDate(on: .hours(20))
            leaf = try await login.certificate(renewing: leaf)
            #expect(leaf.notAfter.since(world.now) == .hours(24))
        }
        _ = try await world.access.revokeAll(ofName: "agent:web-1", by: "user:root", reason: "test")
        #expect(try await login.denial(token: nil, PresentedCredentials(certificate: leaf.der)) == .revoked)
        await world.close()
    }
}

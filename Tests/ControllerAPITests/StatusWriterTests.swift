// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import ControllerAPI
import FoundationEssentials
import HTTPTransport
import Identity
import ResourceStore
import SQLiteStore
import Testing

@testable import ControllerAPI

/// Status is written by who sees the world: the controller, and an agent for what it does itself.
@Suite("Who writes a status")
struct StatusWriterTests {
    private static let kinds = ResourceKind.allCases

    /// One resource of each kind, in the store.
    private static func makeAll(in world: AccessWorld) async throws {
        _ = try await world.store.create(
            Experiment(metadata: ObjectMetadata(name: "one", namespace: "default"), spec: AdmissionTests.plan))
        _ = try await world.store.create(AdmissionTests.run("one"))
        _ = try await world.store.create(injection("one", host: "web-1"))
        let schedule = ScheduleSpec(experiment: "one", timeZone: "Europe/Madrid")
        _ = try await world.store.create(
            Schedule(metadata: ObjectMetadata(name: "one", namespace: "default"), spec: schedule))
        _ = try await world.store.create(Policy(metadata: ObjectMetadata(name: "one"), spec: PolicySpec()))
        _ = try await world.store.create(Namespace(metadata: ObjectMetadata(name: "one")))
        _ = try await world.store.create(Host(metadata: ObjectMetadata(name: "one"), spec: HostSpec()))
        let binding = RoleBindingSpec(role: .viewer, subjects: [RoleSubject(kind: .user, name: "vera")])
        _ = try await world.store.create(
            RoleBinding(metadata: ObjectMetadata(name: "one", namespace: "default"), spec: binding))
        _ = try await world.store.create(ClusterRoleBinding(metadata: ObjectMetadata(name: "one"), spec: binding))
    }

    private static func injection(_ name: String, host: String?) -> Injection {
        var injection = AdmissionTests.injection(of: name)
        injection.metadata.name = name
        injection.spec.host = host
        return injection
    }

    private static func path(_ kind: ResourceKind, _ name: String) -> String {
        let group = kind == .namespace ? "/api/v1" : "/apis/rebound.chaos/v1"
        return group + (kind.isNamespaced ? "/namespaces/default" : "") + "/\(kind.plural)/\(name)"
    }

    /// A server with an admin of everything, an admin of one namespace, an operator, and two agents.
    private static func serve(
        _ body: (AccessServer, [String: AccessServer.Credential]) async throws -> Void
    ) async throws {
        let world = try await AccessWorld()
        try await world.bind(.operator, to: RoleSubject(kind: .user, name: "olga"), in: nil)
        try await world.bind(.admin, to: RoleSubject(kind: .user, name: "nina"), in: "default")
        try await world.bind(.agent, to: RoleSubject(kind: .group, name: "agents"), in: nil)
        try await makeAll(in: world)
        try await AccessServer.serve(world) { server in
            var people: [String: AccessServer.Credential] = [:]
            for (name, group) in [
                ("admin", FleetAccess.adminGroup), ("nina", ""), ("olga", ""), ("agent:web-1", "agents"),
                ("agent:web-2", "agents"), ("agent:i-0000000001", "agents"),
            ] {
                people[name] = try server.files(
                    name, groups: group.isEmpty ? [] : [group], by: world.authority, at: world.now)
            }
            try await body(server, people)
        }
        await world.close()
    }

    private static func refusal(_ answer: (status: Int, text: String)) throws -> (field: String?, message: String) {
        let tree = try JSONDocument.read(Array(answer.text.utf8))
        return (
            tree.at(["details", "causes"])?.items?.first?["field"]?.text, tree["message"]?.text ?? ""
        )
    }

    @Test("no person writes the status of anything, be it an admin of everything; the answer says what to do instead")
    func people() async throws {
        try await Self.serve { server, people in
            for kind in Self.kinds {
                let path = Self.path(kind, "one")
                let key = ResourceKey(kind: kind, namespace: "default", name: "one")
                let before = try #require(try await server.world.store.getDocument(key))
                for name in ["admin", "nina", "olga"] {
                    let caller = try #require(people[name])
                    let answer = try await server.put("\(path)/status", Array(before.json), caller)
                    #expect(answer.status == 403, "\(name) \(kind): \(answer.text)")
                    let refusal = try Self.refusal(answer)
                    #expect(refusal.field == "status" && refusal.message.contains("; "), "\(answer.text)")
                    let after = try await server.world.store.getDocument(key)
                    #expect(after == before, "\(name) \(kind)")
                }
            }
        }
    }

    @Test("a forged undo or verdict is refused as a patch too, in every form, and when it is only tried")
    func patches() async throws {
        let forged = [
            ("application/merge-patch+json", #"{"status":{"state":"reverted","attempts":1,"evidence":[]}}"#),
            ("application/json-patch+json", #"[{"op":"add","path":"/status","value":{"state":"reverted"}}]"#),
        ]
        try await Self.serve { server, people in
            let admin = try #require(people["admin"])
            for kind in [ResourceKind.run, .injection] {
                for (type, body) in forged {
                    for query in ["", "?dryRun=All", "?fieldManager=x"] {
                        let path = Self.path(kind, "one") + "/status" + query
                        let answer = try await server.patch(path, Array(body.utf8), type, admin)
                        #expect(answer.status == 403, "\(answer.text)")
                    }
                }
            }
            let run = try await server.world.store.get(Run.self, namespace: "default", name: "one")
            #expect(run?.status == nil)
        }
    }

    @Test("a status in the whole object is left out, as in Kubernetes")
    func wholeObjects() async throws {
        try await Self.serve { server, people in
            let store = server.world.store
            var injection = try #require(try await store.get(Injection.self, namespace: "default", name: "one"))
            injection.status = InjectionStatus(state: .reverted)
            let admin = try #require(people["admin"])
            let body = Array(try JSONEncoder().encode(injection))
            #expect(try await server.put(Self.path(.injection, "one"), body, admin).status == 200)
            let patch = Array(#"{"status":{"state":"reverted","attempts":1,"evidence":[]}}"#.utf8)
            let type = "application/merge-patch+json"
            #expect(try await server.patch(Self.path(.injection, "one"), patch, type, admin).status == 200)
            #expect(try await store.get(Injection.self, namespace: "default", name: "one")?.status == nil)
        }
    }

    @Test("an agent reports what its own Host does, and neither what another's nor what the controller does")
    func agents() async throws {
        try await Self.serve { server, people in
            let store = server.world.store
            for (name, host) in [("ours", "web-1"), ("theirs", "web-2"), ("clouds", nil)] as [(String, String?)] {
                var injection = try await store.create(Self.injection(name, host: host))
                injection.status = InjectionStatus(state: .announced)
                _ = try await store.updateStatus(injection)
            }
            func report(_ caller: String, _ name: String) async throws -> Int {
                var injection = try #require(try await store.get(Injection.self, namespace: "default", name: name))
                injection.status?.state = .armed
                injection.status?.undo = .nothing
                let body = Array(try JSONEncoder().encode(injection))
                return try await server.put(
                    Self.path(.injection, name) + "/status", body, try #require(people[caller])
                ).status
            }
            for name in ["theirs", "clouds"] { #expect(try await report("agent:web-1", name) == 403) }
            // The instance of an AWS fault is its target, and no Host of ours.
            #expect(try await report("agent:i-0000000001", "clouds") == 403)
            #expect(try await report("agent:web-2", "ours") == 403)
            #expect(try await report("agent:web-1", "ours") == 200)
            let reported = try await store.get(Injection.self, namespace: "default", name: "ours")
            #expect(reported?.status?.state == .armed)
            for path in [Self.path(.run, "one"), Self.path(.schedule, "one")] {
                let answer = try await server.put(
                    "\(path)/status", Array("{}".utf8), try #require(people["agent:web-1"]))
                #expect(answer.status == 403)
            }
        }
    }

    @Test("what an agent reports keeps to the life of an injection, and takes nothing back")
    func transitions() async throws {
        try await Self.serve { server, people in
            let store = server.world.store
            let agent = try #require(people["agent:web-1"])
            var injection = try await store.create(Self.injection("life", host: "web-1"))
            var status = InjectionStatus(state: .effective)
            status.undo = .nothing
            (status.fencingToken, status.attempts, status.evidence) = (4, 1, ["seen"])
            status.callBegan = MonotonicInstant(nanoseconds: 5)
            injection.status = status
            injection = try await store.updateStatus(injection)
            func answer(_ change: (inout InjectionStatus) -> Void) async throws -> (Int, String?) {
                var (wanted, status) = (injection, try #require(injection.status))
                change(&status)
                wanted.status = status
                let body = Array(try JSONEncoder().encode(wanted))
                let answer = try await server.put(Self.path(.injection, "life") + "/status", body, agent)
                return (answer.status, answer.status == 200 ? nil : try Self.refusal(answer).field)
            }
            #expect(try await answer { $0.state = .reverted } == (422, "status.state"))
            #expect(try await answer { $0.state = .armed } == (422, "status.state"))
            #expect(try await answer { $0.undo = nil } == (422, "status.undo"))
            #expect(try await answer { $0.undo = .startInstance(id: "i") } == (422, "status.undo"))
            #expect(try await answer { $0.fencingToken = 5 } == (422, "status.fencingToken"))
            #expect(try await answer { $0.attempts = 0 } == (422, "status.attempts"))
            #expect(try await answer { $0.evidence = ["other"] } == (422, "status.evidence"))
            #expect(try await answer { $0.callBegan = nil } == (422, "status.callBegan"))
            #expect(try await store.get(Injection.self, namespace: "default", name: "life") == injection)
            #expect(try await answer { $0.state = .reverting } == (200, nil))
        }
    }
}

extension AccessServer {
    func put(_ path: String, _ body: [UInt8], _ caller: Credential) async throws -> (status: Int, text: String) {
        let answer = try await send("PUT", path, caller, body: body)
        return (answer.status, String(decoding: answer.body, as: UTF8.self))
    }

    func patch(
        _ path: String, _ body: [UInt8], _ type: String, _ caller: Credential
    ) async throws -> (status: Int, text: String) {
        let answer = try await send("PATCH", path, caller, body: body, type: type)
        return (answer.status, String(decoding: answer.body, as: UTF8.self))
    }
}

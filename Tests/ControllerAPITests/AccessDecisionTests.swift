// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import ControllerAPI
import ResourceStore
import SQLiteStore
import Testing

@Suite("Bindings decide")
struct AccessDecisionTests {
    private static let runs = AccessRequest(verb: "list", resource: "runs", namespace: "shop")

    private func isAllowed(_ world: AccessWorld, _ caller: Caller, _ request: AccessRequest) async throws -> Bool {
        try await world.access.decide(caller, request).isAllowed
    }

    @Test("a binding gives its role in its namespace, to the user or the group it names and to nobody else")
    func inNamespace() async throws {
        let world = try await AccessWorld()
        try await world.bind(.viewer, to: RoleSubject(kind: .user, name: "alice"), in: "shop")
        try await world.bind(.operator, to: RoleSubject(kind: .group, name: "ops"), in: "shop")
        let elsewhere = AccessRequest(verb: "list", resource: "runs", namespace: "other")
        let everywhere = AccessRequest(verb: "list", resource: "runs")
        let abort = AccessRequest(verb: "abort", resource: "runs", namespace: "shop", name: "r")
        #expect(try await isAllowed(world, .named("alice"), Self.runs))
        #expect(try await !isAllowed(world, .named("alice"), abort))
        #expect(try await isAllowed(world, .named("carol", groups: ["x", "ops"]), abort))
        for caller in [Caller.named("alice"), .named("carol", groups: ["ops"])] {
            #expect(try await !isAllowed(world, caller, elsewhere))
            #expect(try await !isAllowed(world, caller, everywhere))
        }
        #expect(try await !isAllowed(world, .named("ops"), Self.runs), "a user with a group's name")
        #expect(try await !isAllowed(world, .named("bob", groups: ["alice"]), Self.runs), "a group with a user's name")
        await world.close()
    }

    @Test("a cluster-wide binding holds everywhere, and ends with the next request when it is deleted")
    func clusterWide() async throws {
        let world = try await AccessWorld()
        let (_, elsewhere) = try await world.anotherProcess()
        try await world.bind(.operator, to: RoleSubject(kind: .user, name: "alice"), in: nil)
        let halt = AccessRequest(verb: "halt", resource: "halt")
        let alice = Caller.named("alice")
        for request in [Self.runs, halt] { #expect(try await elsewhere.decide(alice, request).isAllowed) }
        try await world.store.delete(ResourceKey(kind: .clusterRoleBinding, namespace: "", name: "operator-alice"))
        for request in [Self.runs, halt] { #expect(try await !elsewhere.decide(alice, request).isAllowed) }
        await world.close()
    }

    @Test("nobody has a role by default, and only the admins' group is an admin without a binding")
    func defaults() async throws {
        let world = try await AccessWorld()
        let wishes = ["get", "create", "delete"].map { AccessRequest(verb: $0, resource: "runs", namespace: "shop") }
        for request in wishes {
            #expect(try await !isAllowed(world, .named("alice"), request))
            #expect(try await !isAllowed(world, .named(FleetAccess.adminGroup), request))
            #expect(try await isAllowed(world, .named("root", groups: [FleetAccess.adminGroup]), request))
        }
        await world.close()
    }

    @Test("an admin of one namespace cannot give himself the cluster")
    func noEscalation() async throws {
        let world = try await AccessWorld()
        try await world.bind(.admin, to: RoleSubject(kind: .user, name: "alice"), in: "shop")
        let alice = Caller.named("alice")
        let own = AccessRequest(verb: "create", resource: "rolebindings", namespace: "shop")
        #expect(try await isAllowed(world, alice, own))
        for request in [
            AccessRequest(verb: "create", resource: "clusterrolebindings"),
            AccessRequest(verb: "create", resource: "clusterrolebindings", namespace: "shop"),
            AccessRequest(verb: "create", resource: "rolebindings", namespace: "other"),
            AccessRequest(verb: "create", resource: "rolebindings", namespace: ""),
            AccessRequest(verb: "update", resource: "policies", name: "p"),
            AccessRequest(verb: "delete", resource: "namespaces", name: "shop"),
            AccessRequest(verb: "create", resource: "credentials", namespace: "shop"),
            AccessRequest(verb: "halt", resource: "halt"), AccessRequest(verb: "get", resource: "audit"),
        ] {
            #expect(try await !isAllowed(world, alice, request), "\(request)")
        }
        #expect(try await isAllowed(world, alice, AccessRequest(verb: "get", resource: "namespaces", name: "shop")))
        await world.close()
    }

    @Test("a refusal says what is missing, and names no binding of others; an answer names its grant")
    func reasons() async throws {
        let world = try await AccessWorld()
        try await world.bind(.viewer, to: RoleSubject(kind: .user, name: "alice"), in: "shop")
        try await world.bind(.admin, to: RoleSubject(kind: .user, name: "secretive"), in: "shop")
        let abort = AccessRequest(verb: "create", resource: "runs", subresource: "abort", namespace: "shop", name: "r")
        let refusal = try await world.access.decide(.named("alice"), abort).reason
        #expect(
            refusal == "alice may not create runs/abort in namespace shop: alice has: viewer; needed is one of: "
                + "operator, admin")
        let nobody = try await world.access.decide(.named("bob"), abort).reason
        #expect(nobody.contains("no role is bound to bob there") && !nobody.contains("secretive"))
        let granted = try await world.access.decide(.named("alice"), Self.runs).reason
        #expect(granted == "allowed by RoleBinding shop/viewer-alice: role viewer")
        await world.close()
    }

    // MARK: Agents

    private static let names = ["mine", "theirs", "clouds", "absent", nil]

    /// The target has the name of the host all the same, as that says nothing about who executes.
    private func injection(_ name: String, target: String, host: String?) -> Injection {
        var spec = InjectionSpec(
            run: "r", fault: "f", action: .ec2(.terminate),
            target: PlannedTarget(id: target, account: "1", region: "eu"), scope: AWSScope(), duration: nil,
            planHash: "h")
        spec.host = host
        return Injection(metadata: ObjectMetadata(name: name, namespace: "shop"), spec: spec)
    }

    @Test("an agent reads and reports its own injections, one by one, and nothing else")
    func agents() async throws {
        let world = try await AccessWorld()
        try await world.bind(.agent, to: RoleSubject(kind: .group, name: "agents"), in: nil)
        _ = try await world.store.create(injection("mine", target: "i-1", host: "web-1"))
        _ = try await world.store.create(injection("theirs", target: "web-1", host: "web-2"))
        _ = try await world.store.create(injection("clouds", target: "web-1", host: nil))
        let agent = Caller.named("agent:web-1", groups: ["agents"])
        var allowed: Set<String> = []
        for verb in AccessMatrixTests.verbs {
            for resource in AccessMatrixTests.collections + AccessMatrixTests.others {
                for subresource in AccessMatrixTests.subresources {
                    for name in resource == "injections" ? Self.names : ["mine"] {
                        let request = AccessRequest(
                            verb: verb, resource: resource, subresource: subresource, namespace: "shop", name: name)
                        guard try await isAllowed(world, agent, request) else { continue }
                        allowed.insert("\(verb) \(resource)/\(subresource ?? "") \(name ?? "")")
                    }
                }
            }
        }
        #expect(
            allowed == [
                "get injections/ mine", "list injections/ mine", "watch injections/ mine", "get injections/status mine",
                "update injections/status mine", "patch injections/status mine",
            ])
        await world.close()
    }

    @Test("the name of an agent without the role, and the role without such a name, open nothing")
    func notAgents() async throws {
        let world = try await AccessWorld()
        try await world.bind(.agent, to: RoleSubject(kind: .group, name: "agents"), in: nil)
        _ = try await world.store.create(injection("mine", target: "i-1", host: "web-1"))
        let request = AccessRequest(verb: "get", resource: "injections", namespace: "shop", name: "mine")
        for caller in [
            Caller.named("agent:web-1"), .named("web-1", groups: ["agents"]), .named("agent:", groups: ["agents"]),
            .named("agent:web-2", groups: ["agents"]), .named("agent:web-1 ", groups: ["agents"]),
            .named("Agent:web-1", groups: ["agents"]),
        ] {
            #expect(try await !isAllowed(world, caller, request), "\(caller.name)")
        }
        await world.close()
    }
}

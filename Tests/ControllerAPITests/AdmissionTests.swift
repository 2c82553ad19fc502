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

/// What the API keeps from being written, whoever asks.
@Suite("What clients do not write")
struct AdmissionTests {
    private static let place = "/apis/rebound.chaos/v1/namespaces/default"

    static let plan: ExperimentSpec = {
        var selector = InstanceSelector(region: "eu-west-1")
        selector.tags = ["app": "web"]
        let fault = FaultSpec(
            name: "lose-one", action: .ec2(.stop), targets: TargetsSpec(instances: selector, pick: PickSpec(count: 1)),
            duration: WrittenDuration(.seconds(60)))
        return ExperimentSpec(
            hypothesis: "It holds.",
            steadyState: [ProbeSpec(name: "web", kind: .tcp(TCPProbeSpec(host: "127.0.0.1", port: 9)))],
            faults: [fault], limits: LimitsSpec(maxTargets: 1, minHealthy: 1),
            recovery: RecoverySpec(
                stableFor: WrittenDuration(.seconds(1)), giveUpAfter: WrittenDuration(.seconds(60))))
    }()

    static func run(_ name: String, _ change: (inout Run) -> Void = { _ in }) -> Run {
        var metadata = ObjectMetadata(name: name, namespace: "default")
        metadata.labels = ["tier": "production"]
        var run = Run(
            metadata: metadata, spec: RunSpec(experiment: "web", plan: plan, seed: 1, requestedBy: "somebody"))
        change(&run)
        return run
    }

    static func injection(of run: String) -> Injection {
        let labels = ["rebound/run": run, "rebound/fault": "lose-one"]
        return Injection(
            metadata: ObjectMetadata(name: run + "-1", namespace: "default", labels: labels),
            spec: InjectionSpec(
                run: run, fault: "lose-one", action: .ec2(.stop),
                target: PlannedTarget(id: "i-0000000001", account: "123456789012", region: "eu-west-1"),
                scope: AWSScope(region: "eu-west-1"), duration: WrittenDuration(.seconds(60)), planHash: "h"))
    }

    /// A server with an operator and an admin.
    private struct Asked {
        var server: AccessServer
        var admin: AccessServer.Credential
        var operating: AccessServer.Credential

        func send(
            _ method: String, _ path: String, _ document: some Encodable, as caller: AccessServer.Credential
        ) async throws -> (status: Int, text: String) {
            let body = Array(try JSONEncoder().encode(document))
            let answer = try await server.send(method, AdmissionTests.place + path, caller, body: body)
            return (answer.status, String(decoding: answer.body, as: UTF8.self))
        }
    }

    private static func serve(_ body: (Asked, SQLiteStore) async throws -> Void) async throws {
        let world = try await AccessWorld()
        try await world.bind(.operator, to: RoleSubject(kind: .user, name: "olga"), in: nil)
        try await AccessServer.serve(world) { server in
            let admin = try server.files(
                "admin", groups: [FleetAccess.adminGroup], by: world.authority, at: world.now)
            let olga = try server.files("olga", groups: [], by: world.authority, at: world.now)
            try await body(Asked(server: server, admin: admin, operating: olga), world.store)
        }
        await world.close()
    }

    @Test("a run that comes with approvals, or with somebody's request to abort it, is not created")
    func forgedApprovals() async throws {
        try await Self.serve { asked, store in
            let approved = Self.run("forged") {
                $0.spec.approvals = [Approval(by: "eve", at: AccessWorld.start, planHash: "h", reason: nil)]
            }
            let aborted = Self.run("ended") {
                $0.spec.abort = AbortRequest(requestedBy: "eve", reason: "enough", at: AccessWorld.start)
            }
            for (run, field) in [(approved, "spec.approvals"), (aborted, "spec.abort")] {
                let answer = try await asked.send("POST", "/runs", run, as: asked.operating)
                #expect(answer.status == 422 && answer.text.contains(field), "\(answer)")
            }
            #expect(try await store.list(Run.self, namespace: nil, labels: [:]).items.isEmpty)
            #expect(try await asked.send("POST", "/runs", Self.run("honest"), as: asked.operating).status == 201)
        }
    }

    @Test("a run that is created names no authors of its own, and takes over no annotation of Rebound's")
    func forgedAuthors() async throws {
        try await Self.serve { asked, store in
            let forged = Self.run("copied") {
                $0.spec.authors = ["user:somebody"]
                $0.metadata.annotations = [
                    RetentionPolicy.acknowledgement: "beforehand", "rebound.chaos/slot": "2026-11-24T09:00:00Z",
                    WriteOrigin.reasonAnnotation: "a try", "team": "web",
                ]
            }
            #expect(try await asked.send("POST", "/runs", forged, as: asked.operating).status == 201)
            let run = try #require(try await store.get(Run.self, namespace: "default", name: "copied"))
            #expect(run.spec.authors == nil && run.spec.requestedBy == "olga")
            #expect(run.metadata.annotations == [WriteOrigin.reasonAnnotation: "a try", "team": "web"])
        }
    }

    @Test(
        "that a failed undo was dealt with is said once it has failed, and not before",
        arguments: [
            (RunPhase.pending, UndoState.none, 422), (.holding, .none, 422), (.reporting, .dirty, 422),
            (.done, .clean, 422), (.done, .dirty, 200),
        ])
    func acknowledgement(phase: RunPhase, undo: UndoState, status: Int) async throws {
        try await Self.serve { asked, store in
            var run = Self.run("web-1")
            run.metadata.annotations = ["rebound.chaos/slot": "2026-11-24T09:00:00Z"]
            run = try await store.create(run)
            run.status = RunStatus(phase: phase)
            run.status?.undo = undo
            run = try await store.updateStatus(run)
            var moved = run
            moved.metadata.annotations?["rebound.chaos/slot"] = nil
            let answer = try await asked.send("PUT", "/runs/web-1", moved, as: asked.admin)
            #expect(answer.status == 422 && answer.text.contains("metadata.annotations"), "\(answer)")
            run.metadata.annotations?[RetentionPolicy.acknowledgement] = "by hand"
            #expect(try await asked.send("PUT", "/runs/web-1", run, as: asked.admin).status == status)
        }
    }

    @Test("who wrote an experiment is told by its credential, whatever the manifest says")
    func authorsOfExperiments() async throws {
        try await Self.serve { asked, store in
            func authors() async throws -> [String?] {
                let found = try await store.get(Experiment.self, namespace: "default", name: "web")
                return [Authorship.creator, Authorship.author].map { found?.metadata.annotations?[$0] }
            }
            var experiment = Experiment(metadata: ObjectMetadata(name: "web", namespace: "default"), spec: Self.plan)
            experiment.metadata.annotations = [Authorship.creator: "user:bob", Authorship.author: "user:bob"]
            #expect(try await asked.send("POST", "/experiments", experiment, as: asked.operating).status == 201)
            #expect(try await authors() == ["user:olga", "user:olga"])
            experiment = try #require(try await store.get(Experiment.self, namespace: "default", name: "web"))
            experiment.metadata.annotations = ["seen": "yes"]
            #expect(try await asked.send("PUT", "/experiments/web", experiment, as: asked.admin).status == 200)
            #expect(try await authors() == ["user:olga", "user:olga"])
            experiment = try #require(try await store.get(Experiment.self, namespace: "default", name: "web"))
            experiment.spec.hypothesis = "It holds, still."
            #expect(try await asked.send("PUT", "/experiments/web", experiment, as: asked.admin).status == 200)
            #expect(try await authors() == ["user:olga", "user:admin"])
        }
    }

    @Test("nobody creates an injection beside those that a plan gives, not even an admin")
    func injections() async throws {
        try await Self.serve { asked, store in
            let answer = try await asked.send("POST", "/injections", Self.injection(of: "web-1"), as: asked.admin)
            #expect(answer.status == 403 && answer.text.contains("plan of a run"), "\(answer)")
            #expect(try await store.list(Injection.self, namespace: nil, labels: [:]).items.isEmpty)
        }
    }

    @Test("an injection keeps the labels by which it is found to be put back; others may change")
    func labelsOfInjections() async throws {
        try await Self.serve { asked, store in
            var injection = try await store.create(Self.injection(of: "web-1"))
            injection.metadata.labels?["rebound/run"] = "another"
            let path = "/injections/web-1-1"
            let moved = try await asked.send("PUT", path, injection, as: asked.admin)
            #expect(moved.status == 422 && moved.text.contains("rebound/run"), "\(moved)")
            injection.metadata.labels = nil
            #expect(try await asked.send("PUT", path, injection, as: asked.admin).status == 422)
            injection.metadata.labels = ["rebound/run": "web-1", "rebound/fault": "lose-one", "seen": "yes"]
            #expect(try await asked.send("PUT", path, injection, as: asked.admin).status == 200)
        }
    }

    @Test(
        "a run keeps the labels that approvals are asked for by, until it has gone ahead",
        arguments: [
            (nil, 422), (RunPhase.pending, 422), (.planned, 422), (.awaitingApproval, 422), (.baseline, 200),
            (.done, 200),
        ])
    func labelsOfRuns(phase: RunPhase?, status: Int) async throws {
        try await Self.serve { asked, store in
            var run = try await store.create(Self.run("web-1"))
            if let phase {
                run.status = RunStatus(phase: phase)
                run = try await store.updateStatus(run)
            }
            run.metadata.labels = ["tier": "staging"]
            #expect(try await asked.send("PUT", "/runs/web-1", run, as: asked.operating).status == status)
        }
    }

    @Test(
        "injections go with their run also when dependents are to be left: the next run of that name must not find them"
    )
    func orphans() async throws {
        try await Self.serve { asked, store in
            var run = try await store.create(Self.run("web-1"))
            run.status = RunStatus(phase: .done)
            run = try await store.updateStatus(run)
            var injection = Self.injection(of: "web-1")
            injection.metadata.ownerReferences = [
                OwnerReference(kind: .run, name: "web-1", uid: try #require(run.metadata.uid))
            ]
            _ = try await store.create(injection)
            let options = ["kind": "DeleteOptions", "apiVersion": "v1", "propagationPolicy": "Orphan"]
            #expect(try await asked.send("DELETE", "/runs/web-1", options, as: asked.admin).status == 200)
            #expect(try await store.list(Injection.self, namespace: nil, labels: [:]).items.isEmpty)
        }
    }

    @Test("a table of policies shows no halt that was resumed")
    func resumedHalt() {
        var spec = PolicySpec()
        spec.halt = HaltSpec(reason: "incident", requestedBy: "ana", at: AccessWorld.start)
        func cells() -> [ManifestNode] {
            TableColumns.cells(
                .policy(Policy(metadata: ObjectMetadata(name: "halt"), spec: spec)), now: AccessWorld.start)
        }
        #expect(cells()[1].text == "incident")
        spec.halt?.resumed = ResumeSpec(reason: "over", requestedBy: "ana", at: AccessWorld.start)
        #expect(cells()[1].text == "")
    }
}

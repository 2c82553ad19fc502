// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import ResourceStore
import Testing

@testable import ExperimentControl

/// Two people, of whom none wrote what is run: who made the schedule or the experiment does not approve its runs.
@Suite("approvals of scheduled runs")
struct ApprovalAuthorTests {
    /// Who is behind what the body writes.
    private func write<R: Sendable>(as person: String, _ body: @Sendable () async throws -> R) async throws -> R {
        try await WriteOrigin.$current.withValue(WriteOrigin(actor: "user:" + person)) { try await body() }
    }

    private func bench() async throws -> ScheduleBench {
        let bench = try await ScheduleBench("2026-11-24T09:00Z")
        try await write(as: "ada") {
            let spec = Sample.experiment([Sample.fault(.ec2(.terminate))])
            _ = try await bench.store.create(Experiment(metadata: ObjectMetadata(name: "web"), spec: spec))
        }
        try await write(as: "bob") { try await bench.prepareSchedule { $0.cron = "30 10 * * *" } }
        await bench.turn(at("2026-11-24T09:00Z"))
        return bench
    }

    /// Lets the slot come, and the run wait for approval, as its reconciler would.
    private func waitingRun(_ bench: ScheduleBench) async throws -> Run {
        await bench.turn(at("2026-11-24T10:30Z"))
        var run = try #require(try await bench.runs().first)
        run.status = RunStatus(phase: .awaitingApproval)
        run.status?.plan = PlanReport(hash: "h", seed: 1, steps: [], guards: [], selections: [], iamActions: [])
        return try await bench.store.updateStatus(run)
    }

    private func mayApprove(_ person: String, _ run: Run, _ bench: ScheduleBench) async throws -> Bool {
        do throws(ExperimentError) {
            try await bench.controller.approve(
                run: run.metadata.name, namespace: "default", by: person, reason: nil)
            return true
        } catch {
            guard error.code == .notPermitted else { throw error }
            return false
        }
    }

    @Test("neither the schedule's nor the experiment's author approves a run of it; somebody else does")
    func authors() async throws {
        let bench = try await bench()
        let run = try await waitingRun(bench)
        #expect(run.spec.authors == ["user:ada", "user:bob"])
        for person in ["ada", "bob", "Bob", "user:ada"] { #expect(try await !mayApprove(person, run, bench)) }
        #expect(try await mayApprove("eve", run, bench))
        // What got past the door would not count either.
        var forged = run
        forged.spec.approvals = ["ada", "user:bob"].map {
            Approval(by: $0, at: bench.clock.wall(), planHash: "h", reason: nil)
        }
        let state = ApprovalState.of(
            forged, plan: try #require(run.status?.plan),
            rules: [.init(value: ApprovalRule(count: 1), policy: "four-eyes")], since: bench.clock.wall(),
            now: bench.clock.wall())
        #expect(state == .wanting("Policy/four-eyes spec.approvals: 0 of 1 people have approved"))
    }

    @Test("who changed the schedule or the experiment before the run was made is its author, and the creator stays one")
    func changedBefore() async throws {
        let bench = try await bench()
        try await write(as: "eve") {
            try await bench.change {
                $0.jitter = nil; $0.suspend = false
            }
        }
        try await write(as: "dan") {
            var experiment = try #require(
                try await bench.store.get(Experiment.self, namespace: "default", name: "web"))
            experiment.spec.hypothesis = "Another."
            _ = try await bench.store.update(experiment)
        }
        await bench.turn(at("2026-11-24T09:01Z"))
        let run = try await waitingRun(bench)
        #expect(run.spec.authors == ["user:bob", "user:dan", "user:eve"])
        for person in ["bob", "dan", "eve"] { #expect(try await !mayApprove(person, run, bench)) }
        #expect(try await mayApprove("ada", run, bench), "nothing that she wrote is run")
    }

    @Test("what is changed, deleted or made anew after the run was made frees nobody")
    func changedAfter() async throws {
        let bench = try await bench()
        let run = try await waitingRun(bench)
        try await write(as: "zoe") { try await bench.change { $0.cron = "31 10 * * *" } }
        try await write(as: "zoe") {
            let old = try #require(try await bench.store.get(Experiment.self, namespace: "default", name: "web"))
            try await bench.store.delete(old.key)
            _ = try await bench.store.create(Experiment(metadata: ObjectMetadata(name: "web"), spec: old.spec))
        }
        for person in ["ada", "bob"] { #expect(try await !mayApprove(person, run, bench)) }
    }

    @Test("a run that somebody starts himself has the experiment's author as well; the controller is nobody")
    func startedByHand() async throws {
        let bench = try await bench()
        let experiment = try #require(try await bench.store.get(Experiment.self, namespace: "default", name: "web"))
        let run = try await bench.controller.start(
            experiment, seed: 1, expectedPlanHash: nil, requestedBy: "eve", reason: nil)
        #expect(run.spec.authors == ["user:ada"])
        let own = try await bench.store.create(
            Experiment(metadata: ObjectMetadata(name: "own"), spec: experiment.spec))
        let alone = try await bench.controller.start(
            own, seed: 1, expectedPlanHash: nil, requestedBy: "eve", reason: nil)
        #expect(alone.spec.authors == nil)
    }

    @Test("no run takes over that its undo was dealt with, from an experiment that says so beforehand")
    func acknowledgedBeforehand() async throws {
        let bench = try await bench()
        var experiment = try #require(try await bench.store.get(Experiment.self, namespace: "default", name: "web"))
        experiment.metadata.annotations?[RetentionPolicy.acknowledgement] = "whatever comes"
        experiment.metadata.annotations?["team"] = "storefront"
        experiment = try await bench.store.update(experiment)
        let started = try await bench.controller.start(
            experiment, seed: 1, expectedPlanHash: nil, requestedBy: "eve", reason: nil)
        #expect(started.metadata.annotations == ["team": "storefront"])
        let scheduled = try await waitingRun(bench)
        #expect(scheduled.metadata.annotations?["team"] == "storefront")
        #expect(scheduled.metadata.annotations?[RetentionPolicy.acknowledgement] == nil)
        #expect(scheduled.metadata.annotations?[Authorship.author] == nil)
    }
}

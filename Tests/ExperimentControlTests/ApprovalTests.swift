// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import ResourceStore
import Testing

@testable import ExperimentControl

@Suite("approvals")
struct ApprovalTests {
    private static let kill = Sample.fault(.ec2(.terminate))

    private static func plan(_ hash: String = "h", targets: Int = 1) -> PlanReport {
        let steps = (1...targets).map { number in
            FaultText.step(
                kill, target: PlannedTarget(id: World.id(number), account: Sample.account, region: Sample.region),
                scope: AWSScope())
        }
        return PlanReport(hash: hash, seed: 1, steps: steps, guards: [], selections: [], iamActions: [])
    }

    private static func state(
        _ approvals: [Approval], author: String = "ada", count: Int = 2, targets: Int = 1, now: Timestamp = .noon,
        labels: [String: String]? = nil, rule change: (inout ApprovalRule) -> Void = { _ in }
    ) -> ApprovalState {
        var run = Sample.run(Sample.experiment([kill]))
        run.spec.requestedBy = author
        run.spec.approvals = approvals
        run.metadata.labels = labels
        var rule = ApprovalRule(count: count)
        change(&rule)
        return .of(
            run, plan: plan(targets: targets), rules: [.init(value: rule, policy: "four-eyes")], since: .noon, now: now)
    }

    private static func by(_ person: String, hash: String = "h", at: Timestamp = .noon) -> Approval {
        Approval(by: person, at: at, planHash: hash, reason: nil)
    }

    @Test("two different people who did not ask for the run are needed, and the rule is named")
    func people() {
        #expect(Self.state([Self.by("bob"), Self.by("eve")]) == .given)
        let wanting = ApprovalState.wanting("Policy/four-eyes spec.approvals: 1 of 2 people have approved")
        #expect(Self.state([Self.by("bob"), Self.by("bob")]) == wanting)
        #expect(Self.state([Self.by("bob"), Self.by("Bob"), Self.by("user:bob")]) == wanting)
        #expect(Self.state([Self.by("bob"), Self.by("ada")]) == wanting)
    }

    @Test("who asked through sudo is who typed it, and cannot approve under another name")
    func sudo() {
        let wanting = ApprovalState.wanting("Policy/four-eyes spec.approvals: 0 of 1 people have approved")
        #expect(Self.state([Self.by("ana@ops-1")], author: "root@ops-1 (sudo by ana)", count: 1) == wanting)
        #expect(Self.state([Self.by("root@ops-1 (sudo by ana)")], author: "ana@ops-1", count: 1) == wanting)
        #expect(Self.state([Self.by("root@ops-1 (sudo by bob)")], author: "ana@ops-1", count: 1) == .given)
    }

    @Test("an approval of another plan, or too old a one, does not count; and waiting comes to an end")
    func stale() {
        let later = Timestamp.noon.advanced(by: .seconds(8 * 3_600))
        let before = Timestamp.noon.advanced(by: .seconds(8 * 3_600 - 1))
        #expect(Self.state([Self.by("bob", hash: "other")], count: 1) != .given)
        #expect(Self.state([Self.by("bob")], count: 1, now: before) == .given)
        #expect(
            Self.state([Self.by("bob")], count: 1, now: later)
                == .expired("Policy/four-eyes spec.approvals: 0 of 1 people have approved within 8h"))
        #expect(
            Self.state([], count: 1, now: .noon.advanced(by: .seconds(60))) {
                $0.validFor = WrittenDuration(.seconds(60))
            }
                == .expired("Policy/four-eyes spec.approvals: 0 of 1 people have approved within 1m"))
    }

    @Test("labels and blast radius each bring a run under the rule; without a condition every run is")
    func conditions() {
        func needed(_ targets: Int, _ labels: [String: String]?) -> Bool {
            Self.state([], targets: targets, labels: labels) {
                $0.whenLabels = ["tier": "production"]
                $0.whenTargetsAtLeast = 3
            } != .notNeeded
        }
        #expect(!needed(2, ["tier": "staging"]) && !needed(2, nil))
        #expect(needed(3, nil) && needed(1, ["tier": "production"]))
        #expect(Self.state([]) != .notNeeded)
    }

    /// A run that has been planned under a rule for one approval.
    private static func waiting(_ bench: Bench) async throws -> (RunReconciler, ExperimentController, Run) {
        _ = try await bench.store.create(Sample.policy("four-eyes") { $0.approvals = ApprovalRule(count: 1) })
        var run = Sample.run(Sample.experiment([kill]))
        run.metadata.uid = nil
        run = try await bench.store.create(run)
        let reconciler = RunReconciler(
            store: bench.store, connections: bench.connections, clock: bench.clock, options: bench.options,
            outbox: bench.outbox, watches: RunWatches(), logger: .silent, confirmLease: { _ in })
        for _ in 0..<3 { _ = await reconciler.reconcile(run.key) }
        let controller = ExperimentController(
            store: bench.store, aws: bench.connections, options: bench.options, clock: bench.clock, logger: .silent)
        return (reconciler, controller, run)
    }

    private static func stored(_ bench: Bench) async throws -> Run {
        try #require(try await bench.store.get(Run.self, namespace: "default", name: "run-1"))
    }

    @Test("a run waits until somebody else has approved its plan, then goes on with that plan")
    func approved() async throws {
        let bench = try await Bench(.alone(3))
        let (reconciler, controller, run) = try await Self.waiting(bench)
        #expect(try await Self.stored(bench).status?.phase == .awaitingApproval)
        await #expect(throws: ExperimentError.self) {
            try await controller.approve(run: "run-1", namespace: "default", by: "ada@example", reason: nil)
        }
        #expect(try await Self.stored(bench).spec.approvals == nil)
        let approved = try await controller.approve(run: "run-1", namespace: "default", by: "bob", reason: "seen")
        let again = try await controller.approve(run: "run-1", namespace: "default", by: "bob", reason: "seen")
        #expect(again.spec.approvals?.count == 1)
        #expect(approved.spec.approvals?.first?.planHash == approved.status?.plan?.hash)
        _ = await reconciler.reconcile(run.key)
        #expect(try await Self.stored(bench).status?.phase == .baseline)
        await #expect(throws: ExperimentError.self) {
            try await controller.approve(run: "run-1", namespace: "default", by: "eve", reason: nil)
        }
    }

    @Test("a plan that has changed since it was approved waits for a new approval")
    func changed() async throws {
        let bench = try await Bench(.alone(3))
        let (reconciler, controller, run) = try await Self.waiting(bench)
        let chosen = try #require(try await Self.stored(bench).status?.plan?.steps.first?.target.id)
        try await controller.approve(run: "run-1", namespace: "default", by: "bob", reason: nil)
        bench.aws.world.instances[chosen]?.state = "stopped"
        for _ in 0..<3 { _ = await reconciler.reconcile(run.key) }
        let status = try #require(try await Self.stored(bench).status)
        #expect(status.phase == .awaitingApproval)
        #expect(status.plan?.steps.first?.target.id != chosen)
        #expect(status.timeline.contains { $0.type == "planChanged" })
        try await controller.approve(run: "run-1", namespace: "default", by: "bob", reason: nil)
        _ = await reconciler.reconcile(run.key)
        #expect(try await Self.stored(bench).status?.phase == .baseline)
    }

    @Test("a run that nobody approves ends inconclusive, and says so")
    func expired() async throws {
        let bench = try await Bench(.alone(3))
        let (reconciler, _, run) = try await Self.waiting(bench)
        bench.clock.advance(by: ApprovalState.usualValidity)
        for _ in 0..<2 { _ = await reconciler.reconcile(run.key) }
        let status = try #require(try await Self.stored(bench).status)
        #expect(status.verdict == .inconclusive)
        #expect(status.verdictReasons.first?.hasPrefix("notApproved: Policy/four-eyes spec.approvals") == true)
    }
}

// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import ResourceStore
import Testing

@testable import ExperimentControl

@Suite("policies over a run")
struct PolicyTests {
    private static let kill = Sample.fault(.ec2(.terminate), select: { $0.autoScalingGroup = "web" })

    private static func own(_ change: (inout PolicySpec) -> Void) -> RunPolicy {
        RunPolicy(name: "mine", spec: Sample.policy("mine", change).spec)
    }

    private static func created(_ bench: Bench, _ policies: [RunPolicy]? = nil) async throws -> (RunReconciler, Run) {
        var run = Sample.run(Sample.experiment([kill]))
        run.metadata.uid = nil
        run.spec.policies = policies
        let reconciler = RunReconciler(
            store: bench.store, connections: bench.connections, clock: bench.clock, options: bench.options,
            outbox: bench.outbox, watches: RunWatches(), logger: .silent, confirmLease: { _ in })
        return (reconciler, try await bench.store.create(run))
    }

    /// The status after so many turns.
    private static func after(_ turns: Int, _ bench: Bench, _ made: (RunReconciler, Run)) async throws -> RunStatus {
        for _ in 0..<turns { _ = await made.0.reconcile(made.1.key) }
        return try #require(try await bench.store.get(Run.self, namespace: "default", name: "run-1")?.status)
    }

    @Test("a run's own policies join the stored ones: of each rule the tighter holds, whoever wrote it")
    func joined() {
        let stored = [
            Sample.policy("house") {
                $0.maxTargetsPerRun = 2
                $0.maxTargetsPerDay = 8
            }
        ]
        let effective = EffectivePolicy(
            stored,
            joining: [
                Self.own {
                    $0.maxTargetsPerRun = 9
                    $0.maxTargetsPerDay = 3
                }
            ])
        #expect(effective.maxTargetsPerRun == .init(value: 2, policy: "house"))
        #expect(
            effective.maxTargetsPerDay?.named("maxTargetsPerDay") == "Policy/mine (of this run) spec.maxTargetsPerDay")
    }

    @Test("a run's own policy of a stored one's name takes nothing of it away")
    func sameName() {
        let stored = [Sample.policy("mine") { $0.maxTargetsPerRun = 1 }]
        let effective = EffectivePolicy(stored, joining: [Self.own { $0.maxTargetsPerRun = 5 }])
        #expect(effective.maxTargetsPerRun?.value == 1)
    }

    @Test("a run's own policy does not lift the stored ones' tags, and a plan that tries is refused by name")
    func tagsStay() {
        let lifting = Self.own {
            $0.optIn = OptInSpec(tag: "team", value: "x", required: false)
            $0.denyTag = "mine:deny"
        }
        let effective = EffectivePolicy([Sample.policy("house") { $0.minHealthy = 1 }], joining: [lifting])
        #expect(effective.optIns == [OptInSpec(tag: "rebound:opt-in", value: "true")])
        #expect(effective.denyTags == ["rebound:deny", "mine:deny"])
        let results = PolicyGuards(policy: effective).results(
            spec: Sample.experiment([Self.kill]), steps: [], now: .noon)
        #expect(results.contains { !$0.passed && $0.message.contains("Policy/mine (of this run) spec.optIn.required") })
        #expect(EffectivePolicy([], joining: [lifting]).optIns.isEmpty, "alone, the file rules")
        let halted = Sample.policy(Policy.haltName) { $0.halt = HaltSpec(reason: "r") }
        #expect(EffectivePolicy([halted], joining: [lifting]).optIns.isEmpty, "a halt says nothing of tags")
    }

    @Test("submitting keeps a file's policies with the run, and leaves the store's as they are")
    func submitted() async throws {
        let bench = try await Bench(.web(3))
        _ = try await bench.store.create(Sample.policy("mine") { $0.maxTargetsPerRun = 1 })
        let controller = ExperimentController(
            store: bench.store, aws: bench.connections, options: bench.options, logger: .silent)
        let experiment = Experiment(metadata: ObjectMetadata(name: "web"), spec: Sample.experiment([Self.kill]))
        let loose = Sample.policy("mine") { $0.maxTargetsPerRun = 9 }
        let run = try await controller.submit(
            experiment, policies: [loose], seed: 1, expectedPlanHash: nil, requestedBy: "ada", reason: nil)
        #expect(run.spec.policies == [RunPolicy(name: "mine", spec: loose.spec)])
        let kept = try await bench.store.list(Policy.self, namespace: nil, labels: [:]).items
        #expect(kept.map(\.spec.maxTargetsPerRun) == [1])
        let plan = try await controller.plan(experiment, policies: [loose], seed: 1)
        #expect(plan.guards.contains { $0.message.hasPrefix("Policy/mine spec.maxTargetsPerRun: 1 target,") })
    }

    struct Refusal: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var apply: @Sendable (inout PolicySpec) -> Void
    }

    @Test(
        "a stored policy refuses every run, and names its rule and its resource",
        arguments: [
            Refusal(testDescription: "halt") { $0.halt = HaltSpec(reason: "incident 7") },
            Refusal(testDescription: "freezes") {
                $0.freezes = [
                    FreezeSpec(from: .noon, until: Timestamp.noon.advanced(by: .seconds(9_000)), reason: "sale")
                ]
            },
            Refusal(testDescription: "allowedAccounts") { $0.allowedAccounts = ["000000000000"] },
            Refusal(testDescription: "allowedRegions") { $0.allowedRegions = ["eu-west-2"] },
            Refusal(testDescription: "allowedFaults") { $0.allowedFaults = ["ec2.stop"] },
        ])
    func refusals(_ refusal: Refusal) async throws {
        let bench = try await Bench(.web(3))
        _ = try await bench.store.create(Sample.policy("house", refusal.apply))
        let status = try await Self.after(2, bench, try await Self.created(bench))
        #expect(status.verdict == .inconclusive)
        let reason = status.verdictReasons.first ?? ""
        #expect(reason.hasPrefix("guardRefused: ") && reason.contains("Policy/house spec.\(refusal.testDescription)"))
    }

    @Test("caps of a plan count its targets, also those of one group")
    func planCaps() {
        let targets = (1...3).map { number in
            PlannedTarget(
                id: World.id(number), account: Sample.account, region: Sample.region,
                autoScalingGroup: number < 3 ? "web" : nil)
        }
        let steps = targets.map { FaultText.step(Self.kill, target: $0, scope: AWSScope()) }
        let policy = EffectivePolicy([
            Sample.policy("p") {
                $0.maxTargetsPerRun = 2
                $0.maxTargetsPerDay = 3
                $0.maxTargetsPerGroup = 1
                $0.maxTargetsPerGroupPerDay = 2
            }
        ])
        let refused = PolicyGuards(policy: policy).results(
            spec: Sample.experiment([Self.kill]), steps: steps, now: .noon
        ).filter { !$0.passed }.map(\.message)
        #expect(
            refused == [
                "Policy/p spec.maxTargetsPerRun: 3 targets, at most 2",
                "Policy/p spec.maxTargetsPerGroup: 2 targets of \(Sample.account)/\(Sample.region)/web, at most 1",
            ])
    }

    @Test("a leashed run ends with its plan, inconclusive and with a clear word; nothing was touched")
    func leash() async throws {
        let bench = try await Bench(.web(3))
        _ = try await bench.store.create(Policy.freshInstallation)
        let status = try await Self.after(3, bench, try await Self.created(bench))
        #expect(status.plan?.steps.count == 1)
        #expect(status.phaseSince[RunPhase.planned.rawValue] != nil)
        #expect(status.verdict == .inconclusive)
        #expect(
            status.verdictReasons == [
                "leashed: Policy/fresh-installation spec.leash: everything is only planned"
            ])
        #expect(bench.aws.count("TerminateInstances") == 0 && bench.aws.count("CreateTags") == 0)
    }

    @Test("a weekly freeze goes by its zone's clocks, wraps midnight, and also stops what would still be held in it")
    func weekly() {
        // 2026-03-01 12:00 UTC is a Sunday, 13:00 in Madrid.
        func frozen(
            _ days: [WindowSpec.Day], _ from: String, _ to: String, zone: String = "Europe/Madrid",
            hold: Duration = .zero
        )
            -> Bool
        {
            let weekly = WeeklyFreezeSpec(days: days, from: from, to: to, timeZone: zone)
            return FreezeZones.system.isFrozen(
                FreezeSpec(weekly: weekly, reason: "r"), from: .noon, until: Timestamp.noon.advanced(by: hold))
        }
        #expect(frozen([.sun], "13:00", "14:00"))
        #expect(!frozen([.sun], "12:00", "13:00"))
        #expect(!frozen([.mon], "13:00", "14:00"))
        #expect(frozen([.sat], "22:00", "13:01"))
        #expect(!frozen([.sun], "13:10", "14:00"))
        #expect(frozen([.sun], "13:10", "14:00", hold: .seconds(600)))
        #expect(frozen([.mon], "00:00", "01:00", zone: "No/Such"), "what cannot be read opens nothing")
    }

    @Test("a policy that comes while the guards are looked at stops the act, and no call is made")
    func lastMoment() async throws {
        let bench = try await Bench(.web(3))
        let (run, injection) = try await bench.prepare(
            Self.kill, plan: Sample.experiment([Self.kill]), group: "web", targetGroups: [World.targetGroup("web")])
        let armed = try await bench.advance(injection, of: run, until: [.armed])
        let store = bench.store
        let injector = Injector(
            records: StoredRecords(store: store),
            world: AWSWorld(connections: bench.connections, options: bench.options), clock: bench.clock,
            options: bench.options, outbox: bench.outbox,
            confirmLease: { _ throws(StoreError) in
                // The last thing that is waited for before the store is read once more.
                do throws(StoreError) {
                    _ = try await store.create(Sample.policy("new") { $0.halt = HaltSpec(reason: "incident") })
                } catch { if error.code != .alreadyExists { throw error } }
            }, logger: .silent, tries: TriesUnderWay())
        let context = Injector.Context(run: run, policies: [], targets: [armed.spec.target], mayHarm: true)
        let unmarked = try await injector.advance(armed, in: context)
        #expect(unmarked.state == .armed && unmarked.status?.attempts == 0)
        let refused = try await injector.advance(unmarked, in: context)
        #expect(refused.state == .refused)
        #expect(refused.status?.message == "halted by Policy/new spec.halt: incident")
        #expect(bench.aws.count("TerminateInstances") == 0)
    }
}

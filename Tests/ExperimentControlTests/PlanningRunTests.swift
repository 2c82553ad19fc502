// SPDX-License-Identifier: Apache-2.0
import AWS
import ChaosModel
import Glibc
import Logging
import ResourceStore
import TestSupport
import Testing

@testable import ExperimentControl

@Suite("from a created run to the first fault")
struct PlanningRunTests {
    private static let kill = Sample.fault(.ec2(.terminate))

    private static func reconciler(_ bench: Bench, _ connections: AWSConnections? = nil) -> RunReconciler {
        RunReconciler(
            store: bench.store, connections: connections ?? bench.connections, clock: bench.clock,
            options: bench.options, outbox: bench.outbox, watches: RunWatches(), logger: .silent,
            confirmLease: { _ in })
    }

    private static func created(_ bench: Bench, _ plan: ExperimentSpec) async throws -> Run {
        var run = Sample.run(plan)
        run.metadata.uid = nil
        return try await bench.store.create(run)
    }

    /// The run after planning.
    private static func planned(
        _ bench: Bench, _ plan: ExperimentSpec = Sample.experiment([kill]), _ connections: AWSConnections? = nil
    ) async throws -> RunStatus {
        let run = try await created(bench, plan)
        try await reconciler(bench, connections).plan(run, RunStatus(phase: .pending))
        let stored = try await bench.store.get(Run.self, namespace: "default", name: "run-1")
        return try #require(stored?.status)
    }

    @Test("a plan that keeps every rule is kept with the run, and nothing was changed for it")
    func good() async throws {
        let bench = try await Bench(.web(3))
        let status = try await Self.planned(bench)
        #expect(status.phase == .planned && status.verdict == nil)
        #expect(status.plan?.steps.count == 1)
        let acts = bench.aws.calls.filter { !$0.action.hasPrefix("Describe") && $0.form["DryRun"] != "true" }
        #expect(Set(acts.map(\.action)) == ["GetCallerIdentity"])
    }

    @Test("what a look at the whole account shows counts, also target groups that the group does not know of")
    func everyTargetGroup() async throws {
        var world = World.web(3)
        for number in 1...3 {
            world.targets[World.targetGroup("api"), default: [:]][World.id(number) + ":81"] = "unhealthy"
        }
        let status = try await Self.planned(try await Bench(world))
        #expect(status.plan?.selections.first?.filters.map(\.name) == ["targetHealthy"])
        #expect(status.verdict == .inconclusive)
    }

    @Test("instances that another run harmed too short a time ago are not chosen, whatever namespace it was in")
    func recentlyHarmed() async throws {
        let bench = try await Bench(.web(3))
        let now = bench.clock.wall()
        try await bench.store.keepRun(
            namespace: "elsewhere", harming: [World.id(1), World.id(3)], at: now.advanced(by: .seconds(-3_600)))
        var run = Sample.run(Sample.experiment([Self.kill]))
        run.metadata.uid = nil
        for (hours, chosen) in [(2, [World.id(2)]), (1, [World.id(1)])] {
            run.spec.minTimeBetween = WrittenDuration(.seconds(3_600 * hours))
            run.metadata.name = "after-\(hours)"
            let created = try await bench.store.create(run)
            try await Self.reconciler(bench).plan(created, RunStatus(phase: .pending))
            let stored = try await bench.store.get(Run.self, namespace: "default", name: run.metadata.name)
            let selection = try #require(stored?.status?.plan?.selections.first)
            #expect(selection.filters.map(\.name) == (hours == 2 ? ["minTimeBetween"] : []))
            #expect(selection.eligible == (hours == 2 ? 1 : 3))
            if hours == 2 { #expect(selection.chosen == chosen) }
        }
    }

    @Test("a target rests for the whole time, in its region, and from others' harm only")
    func rests() async throws {
        let harmed = Timestamp(nanosecondsSinceEpoch: 1_800_000_000_000_000_000)
        var run = Sample.run(Sample.experiment([Self.kill]))
        run.spec.minTimeBetween = WrittenDuration(.seconds(60))
        var other = Sample.run(Sample.experiment([Self.kill]), name: "other")
        other.status = RunStatus(phase: .done)
        other.status?.injections = [
            InjectionReport(
                name: "i", fault: "f", action: "a", target: World.id(1), region: Sample.region, state: .completed,
                acceptedAt: harmed)
        ]
        let harm = try #require(RecentHarm(for: run, among: [run, other]))
        #expect(harm.refusal(of: World.id(1), in: Sample.region, now: harmed.advanced(by: .seconds(59))) != nil)
        #expect(harm.refusal(of: World.id(1), in: Sample.region, now: harmed.advanced(by: .seconds(60))) == nil)
        #expect(harm.refusal(of: World.id(1), in: "us-east-1", now: harmed) == nil)
        #expect(harm.refusal(of: World.id(2), in: Sample.region, now: harmed) == nil)
        #expect(RecentHarm(for: other, among: [run, other]) == nil)
    }

    struct Ending: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var verdict: Verdict
        var environment: [String: String] = [:]
        var action = ""
        var code = ""
    }

    @Test(
        "each way in which planning ends has its word and its verdict",
        arguments: [
            Ending(testDescription: "noRegion", verdict: .error, environment: ["AWS_REGION": ""]),
            Ending(
                testDescription: "noCredentials", verdict: .error,
                environment: [
                    "AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "", "AWS_EC2_METADATA_DISABLED": "true",
                ]),
            Ending(
                testDescription: "notPermitted", verdict: .error, action: "DescribeInstances",
                code: "UnauthorizedOperation"),
            Ending(
                testDescription: "awsUnavailable", verdict: .error, action: "DescribeInstances", code: "InternalError"),
            Ending(
                testDescription: "notPermitted", verdict: .error, action: "TerminateInstances",
                code: "UnauthorizedOperation"),
            Ending(
                testDescription: "awsUnavailable", verdict: .error, action: "TerminateInstances",
                code: "OperationNotPermitted"),
        ])
    func endings(_ ending: Ending) async throws {
        let bench = try await Bench(.web(3))
        var fault = Self.kill
        if ending.testDescription == "noRegion" { fault.targets.instances?.region = nil }
        let (action, code) = (ending.action, ending.code)
        bench.aws.disturb { call, _ in
            call.action == action ? .deny(code, status: code == "InternalError" ? 500 : 403) : nil
        }
        let connections = try Bench.connections(bench.aws.url, variables: ending.environment)
        let status = try await Self.planned(bench, Sample.experiment([fault]), connections)
        #expect(status.phase == .reporting)
        #expect(status.verdict == ending.verdict)
        #expect(
            status.verdictReasons.first?.hasPrefix(ending.testDescription + ": ") == true, "\(status.verdictReasons)")
        #expect(bench.aws.world.instances[World.id(1)]?.state == "running")
    }

    @Test(
        "what could not be marked, or not be put back, is not harmed at all",
        arguments: [
            (FaultAction.ec2(.stop), "StartInstances"), (.ec2(.stop), "CreateTags"), (.elb(.deregister), "CreateTags"),
        ])
    func undoNotAllowed(action: FaultAction, denied: String) async throws {
        let bench = try await Bench(.web(3))
        bench.aws.disturb { call, _ in call.action == denied ? .deny("UnauthorizedOperation") : nil }
        let fault = Sample.fault(action, duration: .seconds(60))
        let status = try await Self.planned(bench, Sample.experiment([fault]))
        #expect(status.phase == .reporting)
        #expect(status.verdictReasons.first?.hasPrefix("notPermitted: ") == true)
        #expect(
            bench.aws.calls.filter { $0.form["DryRun"] != "true" }.allSatisfy {
                $0.action.hasPrefix("Describe") || $0.action.hasPrefix("Get")
            })
    }

    @Test("no target, all filtered, a refusing guard and a changed plan are inconclusive: nothing was learnt")
    func refusals() async throws {
        let missing = try await Self.planned(try await Bench(World()))
        #expect(missing.verdict == .inconclusive)
        #expect(missing.verdictReasons.first?.hasPrefix("targetsNotFound: ") == true)
        var denied = World.web(3)
        for id in denied.instances.keys { denied.instances[id]?.tags["rebound:deny"] = "" }
        let filtered = try await Self.planned(try await Bench(denied))
        #expect(filtered.verdictReasons.first?.hasPrefix("noTargets: ") == true)
        let limits = LimitsSpec(maxTargets: 1, minHealthy: 3)
        let guarded = try await Self.planned(try await Bench(.web(3)), Sample.experiment([Self.kill], limits: limits))
        #expect(guarded.verdictReasons.first?.hasPrefix("guardRefused: ") == true)
        for code in [ExperimentError.Code.noTargets, .targetsNotFound, .guardRefused, .planChanged, .gateClosed] {
            #expect(code.verdict == .inconclusive)
        }
        for code in [
            ExperimentError.Code.invalid, .notPermitted, .awsUnavailable, .noCredentials, .noRegion, .store, .busy,
        ] {
            #expect(code.verdict == .error)
        }
    }

    // MARK: Gates

    private static func afterGates(_ gates: [GateSpec], policies: [Policy] = []) async throws -> RunStatus {
        let bench = try await Bench(.web(3))
        for policy in policies { _ = try await bench.store.create(policy) }
        var plan = Sample.experiment([kill])
        plan.gates = gates
        let run = try await created(bench, plan)
        var status = RunStatus(phase: .baseline)
        status.plan = PlanReport(hash: "h", seed: 1, steps: [], guards: [], selections: [], iamActions: [])
        try await reconciler(bench).checkGates(run, status)
        return try #require(try await bench.store.get(Run.self, namespace: "default", name: "run-1")?.status)
    }

    private static func file(_ path: String, _ must: FileGate.Requirement) -> GateSpec {
        GateSpec(name: "freeze", condition: .file(FileGate(path: path, must: must)))
    }

    @Test("a file that must not be there closes the gate when it is, or when that cannot be told")
    func fileGates() async throws {
        let folder = try TestFolder()
        let there = folder.path + "/freeze"
        close(open(there, O_CREAT | O_WRONLY, 0o600))
        let tooLong = "/" + String(repeating: "x", count: 300)
        let cases: [(GateSpec, Bool)] = [
            (Self.file(there, .exist), true), (Self.file(there, .notExist), false),
            (Self.file(there + "-not", .exist), false), (Self.file(there + "-not", .notExist), true),
            (Self.file(there + "/below", .notExist), false), (Self.file(tooLong, .notExist), false),
        ]
        for (gate, isOpen) in cases {
            let status = try await Self.afterGates([gate])
            #expect(status.phase == (isOpen ? .injecting : .reporting), "\(gate)")
            #expect(status.plan?.guards.map(\.passed) == [isOpen])
            if !isOpen { #expect(status.verdict == .inconclusive) }
        }
        let unknown = try await Self.afterGates([Self.file(tooLong, .notExist)])
        #expect(unknown.verdictReasons.first?.contains("cannot be looked at") == true)
    }

    @Test("a probe that fails, or cannot be made, closes the gate; one that succeeds opens it")
    func probeGates() async throws {
        let server = RawServer.answering(body: "ok")
        func gate(_ port: Int) -> GateSpec {
            GateSpec(name: "up", condition: .probe(.tcp(TCPProbeSpec(host: "127.0.0.1", port: port))))
        }
        #expect(try await Self.afterGates([gate(server.port)]).phase == .injecting)
        let closed = try await Self.afterGates([gate(server.port), gate(unusedPort())])
        #expect(closed.phase == .reporting)
        #expect(closed.plan?.guards.map(\.passed) == [true, false])
        let alarm = GateSpec(name: "alarm", condition: .probe(.cloudWatchAlarm(CloudWatchAlarmProbeSpec(name: "none"))))
        #expect(try await Self.afterGates([alarm]).phase == .reporting, "what cannot be read is closed")
    }

    @Test("a halt or a freeze that began since the plan closes the way")
    func policies() async throws {
        let halted = try await Self.afterGates([], policies: [Sample.policy { $0.halt = HaltSpec(reason: "incident") }])
        #expect(halted.phase == .reporting && halted.verdict == .inconclusive)
        #expect(halted.verdictReasons.first?.contains("incident") == true)
    }
}

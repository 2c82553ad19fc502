// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import Glibc
import ResourceStore
import SQLiteStore
import Synchronization
import TestSupport
import Testing

@testable import ExperimentControl

@Suite("halt")
struct HaltTests {
    private static let stop = Sample.fault(.ec2(.stop), duration: .seconds(600))

    private static func controller(
        _ bench: Bench, clock: (any ControlClock)? = nil, _ change: (inout ControllerOptions) -> Void = { _ in }
    ) -> ExperimentController {
        var options = bench.options
        options.evidenceInterval = .milliseconds(200)
        options.haltFileInterval = .milliseconds(20)
        change(&options)
        return ExperimentController(
            store: bench.store, aws: bench.connections, options: options, clock: clock ?? SystemControlClock(),
            logger: .silent)
    }

    private static func halt(_ bench: Bench) async throws -> HaltSpec? {
        try await bench.store.get(Policy.self, namespace: "", name: Policy.haltName)?.spec.halt
    }

    @Test("a halt is a policy that says who and why; a second one keeps the first; resuming says who and why too")
    func record() async throws {
        let bench = try await Bench(.alone(3))
        let controller = Self.controller(bench, clock: bench.clock)
        try await controller.halt(reason: "incident 7", requestedBy: "ada")
        try await controller.halt(reason: "another", requestedBy: "eve")
        #expect(try await Self.halt(bench) == HaltSpec(reason: "incident 7", requestedBy: "ada", at: .noon))
        #expect(try await controller.resume(reason: "over", requestedBy: "bob") == [])
        let resumed = try await Self.halt(bench)?.resumed
        #expect(resumed == ResumeSpec(reason: "over", requestedBy: "bob", at: .noon))
        await #expect(throws: ExperimentError.self) { try await controller.resume(reason: "x", requestedBy: "bob") }
        try await controller.halt(reason: "again", requestedBy: "ada")
        #expect(try await Self.halt(bench)?.resumed == nil)
        let entries = try await bench.store.auditEntries(after: 0, limit: 10).map {
            try AuditChain.entry(of: $0)
        }
        #expect(entries.map(\.origin.actor) == ["ada", "bob", "ada"])
        #expect(entries.map(\.origin.reason) == ["incident 7", "over", "again"])
    }

    @Test("resuming names the policies that halt still")
    func others() async throws {
        let bench = try await Bench(.alone(3))
        _ = try await bench.store.create(Sample.policy("house") { $0.halt = HaltSpec(reason: "audit") })
        let controller = Self.controller(bench)
        try await controller.halt(reason: "incident", requestedBy: "ada")
        #expect(try await controller.resume(reason: "over", requestedBy: "ada") == ["Policy/house spec.halt"])
    }

    @Test("a halted store lets no new run do anything, whoever opens it, until it is resumed")
    func blocks() async throws {
        let bench = try await Bench(.alone(3))
        try await Self.controller(bench).halt(reason: "incident", requestedBy: "ada")
        let experiment = Experiment(metadata: ObjectMetadata(name: "web"), spec: Sample.experiment([Self.stop]))
        for turn in 0..<3 {
            let restarted = Self.controller(bench)
            if turn == 2 { _ = try await restarted.resume(reason: "over", requestedBy: "ada") }
            let plan = try await restarted.plan(experiment, policies: [], seed: 1)
            #expect((plan.refusal(expecting: nil) == nil) == (turn == 2))
        }
    }

    @Test("a run under way, and those that wait, end at a halt, with the reason; nothing more is begun")
    func phases() {
        for phase in [RunPhase.planned, .awaitingApproval, .baseline] {
            let action = RunDecision.next(RunDecisionTests.facts(phase, halt: "halted by Policy/halt spec.halt: r"))
            #expect(action == .endUntouched(reason: "halted: halted by Policy/halt spec.halt: r"))
        }
    }

    /// A way to halt that needs no tool of ours.
    enum Way: String, CaseIterable, Sendable { case command, file, signal, groupTag, instanceTag }

    @Test("what is held is put back, whichever way the halt comes, and the order names it", arguments: Way.allCases)
    func ways(way: Way) async throws {
        let site = RawServer.answering(body: "ok")
        let bench = try await Bench(.web(3))
        bench.aws.disturb { call, world in
            for (id, instance) in world.instances
            where instance.state == "stopping" && call.action == "DescribeInstances" {
                world.instances[id]?.state = "stopped"
            }
            return nil
        }
        let (signals, signal) = AsyncStream.makeStream(of: String.self)
        let controller = Self.controller(bench) { options in
            options.haltFile = bench.folder.path + "/HALT"
            options.haltSignals = { signals }
        }
        let run = try await controller.submit(
            Self.experiment(port: site.port), policies: [], seed: 1, expectedPlanHash: nil, requestedBy: "ada",
            reason: nil)
        async let driven = controller.drive(run: run.metadata.name, namespace: "default")
        for await progress in controller.progress(run: run.metadata.name) where progress.run.status?.phase == .holding {
            break
        }
        try await Self.order(way, bench, signal)
        let done = try await driven
        #expect(done.status?.verdict == .inconclusive)
        #expect(done.status?.undo == .clean)
        #expect(done.status?.aborted?.requestedBy == "policy")
        #expect(bench.aws.world.instances.values.allSatisfy { $0.state == "running" })
        let order = try #require(try await Self.halt(bench))
        switch way {
        case .command: #expect(order.requestedBy == "eve")
        case .file: #expect(order.reason == "stop it now" && order.requestedBy?.hasPrefix("file:") == true)
        case .signal: #expect(order.requestedBy == "signal:SIGUSR1")
        case .groupTag: #expect(order.requestedBy == "tag:web")
        case .instanceTag: #expect(order.requestedBy?.hasPrefix("tag:i-") == true)
        }
    }

    private static func experiment(port: Int) -> Experiment {
        var probe = ProbeSpec(name: "site", kind: .tcp(TCPProbeSpec(host: "127.0.0.1", port: port)))
        probe.every = WrittenDuration(.milliseconds(100))
        let fault = Sample.fault(.ec2(.stop), duration: .seconds(600), select: { $0.autoScalingGroup = "web" })
        let spec = ExperimentSpec(
            hypothesis: "it holds", steadyState: [probe],
            baseline: BaselineSpec(holdFor: WrittenDuration(.milliseconds(200))), faults: [fault],
            limits: LimitsSpec(maxTargets: 1, minHealthy: 1),
            recovery: RecoverySpec(
                stableFor: WrittenDuration(.milliseconds(300)), giveUpAfter: WrittenDuration(.seconds(60))))
        return Experiment(metadata: ObjectMetadata(name: "web"), spec: spec)
    }

    private static func order(_ way: Way, _ bench: Bench, _ signal: AsyncStream<String>.Continuation) async throws {
        switch way {
        // Another process of the same store.
        case .command: try await controller(bench).halt(reason: "incident", requestedBy: "eve")
        case .signal: signal.yield("SIGUSR1")
        case .groupTag: bench.aws.world.groups["web"]?.tags[HaltTag.key] = ""
        case .instanceTag:
            let id = try #require(bench.aws.world.instances.first { $0.value.state != "running" }?.key)
            bench.aws.world.instances[id]?.tags[HaltTag.key] = "please"
        case .file:
            let file = try #require(fopen(bench.folder.path + "/HALT", "w"))
            fputs("stop it\nnow\n", file)
            fclose(file)
        }
    }

    @Test("while the file is there nothing is resumed, and taking it away resumes nothing by itself")
    func fileStays() async throws {
        let bench = try await Bench(.alone(3))
        let path = bench.folder.path + "/HALT"
        let file = try #require(fopen(path, "w"))
        fclose(file)
        let controller = Self.controller(bench) { $0.haltFile = path }
        #expect(await controller.haltSafely(HaltFile.reason(at: path) ?? "", by: "file:" + path))
        #expect(try await Self.halt(bench)?.reason == "\(path) is there")
        await #expect(throws: ExperimentError.self) { try await controller.resume(reason: "x", requestedBy: "ada") }
        unlink(path)
        #expect(try await Self.halt(bench)?.resumed == nil)
        #expect(try await controller.resume(reason: "over", requestedBy: "ada") == [])
    }

    @Test("the slow look halts for a tag on anything in a place where a run is under way, and on nothing else")
    func slowLook() async throws {
        var world = World.alone(3)
        world.instances[World.id(3)]?.tags[HaltTag.key] = ""
        let bench = try await Bench(world, clock: HandClock())
        let controller = Self.controller(bench, clock: bench.clock)
        let watching = Task { await controller.watchHaltTags() }
        await bench.clock.manual.untilSleeping(1)
        bench.clock.advance(by: .seconds(30))
        await bench.clock.manual.untilSleeping(1)
        #expect(try await Self.halt(bench) == nil, "no run is under way")
        _ = try await bench.prepare(Self.stop)
        bench.clock.advance(by: .seconds(30))
        await bench.clock.manual.untilSleeping(1)
        #expect(try await Self.halt(bench)?.requestedBy == "tag:" + World.id(3))
        watching.cancel()
        await watching.value
    }

    @Test("a step that waits on AWS holds up no other injection's undo in the same run")
    func slowStep() async throws {
        let bench = try await Bench(.alone(4), clock: HandClock())
        let gate = Gate()
        let slow = World.id(2)
        bench.aws.stall { call in call.list("InstanceId.").contains(slow) && call.action == "StopInstances" ? gate : nil
        }
        let plan = Sample.experiment([Self.stop])
        let (run, first) = try await bench.prepare(Self.stop, plan: plan)
        let held = try await bench.advance(first, of: run, until: [.effective])
        let second = try await bench.store.create(
            Sample.injection(Self.stop, target: slow, name: "run-1-2", run: "run-1"))
        _ = try await bench.advance(second, of: run, until: [.armed], alsoTaken: [held.spec.target])
        try await Self.hold(bench, run)
        let (turns, turn) = AsyncStream.makeStream(of: ResourceKey.self)
        let watches = RunWatches()
        let reconciler = RunReconciler(
            store: bench.store, connections: bench.connections, clock: bench.clock, options: bench.options,
            outbox: bench.outbox, watches: watches, logger: .silent, wake: { turn.yield($0) }, confirmLease: { _ in })
        for _ in 0..<2 { _ = await reconciler.reconcile(run.key) }
        await bench.aws.untilCalled("StopInstances", times: 2)
        bench.aws.world.instances[World.id(1)]?.state = "stopped"
        var halted = try #require(try await bench.store.get(Run.self, namespace: "default", name: "run-1"))
        halted.spec.abort = AbortRequest(requestedBy: "ada", reason: "enough", at: .noon)
        _ = try await bench.store.update(halted)
        _ = await reconciler.reconcile(run.key)
        await bench.aws.untilCalled("StartInstances", times: 1)
        #expect(bench.aws.world.instances[World.id(1)]?.state == "running", "while the other call is still waited for")
        #expect(watches.flights.isUnderWay("run-1-2", of: run.key))
        gate.open()
        for await _ in turns where !watches.flights.isUnderWay("run-1-2", of: run.key) { break }
        await watches.flights.cancelAll()
        await reconciler.stopWatching(run)
    }

    private static func hold(_ bench: Bench, _ run: Run) async throws {
        var running = try #require(try await bench.store.get(Run.self, namespace: "default", name: "run-1"))
        var status = RunStatus(phase: .injecting)
        status.anchor = bench.clock.anchor()
        status.plan = PlanReport(hash: "h", seed: 1, steps: [], guards: [], selections: [], iamActions: [])
        status.phaseSince = [RunPhase.injecting.rawValue: bench.clock.wall()]
        running.status = status
        _ = try await bench.store.updateStatus(running)
    }

    @Test("an undo's first call is made also when the store takes no writes, and the step says that it could not write")
    func fullStore() async throws {
        let bench = try await Bench(.alone(3))
        let (run, injection) = try await bench.prepare(Self.stop)
        let held = try await bench.advance(injection, of: run, until: [.effective])
        bench.aws.world.instances[World.id(1)]?.state = "stopped"
        // A stale version is refused as a full disk would refuse it: nothing is written.
        var stale = held
        stale.metadata.resourceVersion = "1"
        await #expect(throws: StoreError.self) { _ = try await bench.injector.beginRevert(stale) }
        #expect(bench.aws.world.instances[World.id(1)]?.state == "running")
    }
}

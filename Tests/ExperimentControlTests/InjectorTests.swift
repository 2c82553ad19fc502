// SPDX-License-Identifier: Apache-2.0
import AWS
import ChaosModel
import ResourceStore
import Synchronization
import TestSupport
import Testing

@testable import ExperimentControl

@Suite("one injection, step by step")
struct InjectorTests {
    private static let kill = Sample.fault(.ec2(.terminate))
    private static let stop = Sample.fault(.ec2(.stop), duration: .seconds(60))

    @Test("an instance is reserved, tagged, announced and terminated, each once and in this order")
    func terminate() async throws {
        let bench = try await Bench(.alone(3))
        let (run, injection) = try await bench.prepare(Self.kill)
        let done = try await bench.advance(injection, of: run, until: [.completed])
        #expect(done.state == .completed)
        #expect(bench.aws.count("TerminateInstances") == 1)
        #expect(bench.aws.world.instances[World.id(1)]?.state == "shutting-down")
        let acts = bench.aws.calls.map(\.action).filter { ["CreateTags", "TerminateInstances"].contains($0) }
        #expect(acts == ["CreateTags", "TerminateInstances"])
        let tagged = try #require(bench.aws.calls.first { $0.action == "CreateTags" })
        #expect(tagged.form["ResourceId.1"] == World.id(1))
        #expect(try await bench.store.reservations(run: run.uid).count == 1)
        let status = try #require(done.status)
        #expect(status.undo == .nothing)
        #expect(try #require(status.effectiveLow) <= (try #require(status.effectiveHigh)))
    }

    @Test("a stopped instance is started again, and that is read back")
    func stopAndStart() async throws {
        let bench = try await Bench(.alone(3))
        let (run, injection) = try await bench.prepare(Self.stop)
        let held = try await bench.advance(injection, of: run, until: [.effective])
        #expect(held.status?.undo == .startInstance(id: World.id(1)))
        let reverting = try await bench.advance(held, of: run, until: [.reverting])
        #expect(bench.aws.count("StartInstances") == 0, "an instance that is still stopping cannot be started")
        bench.aws.world.instances[World.id(1)]?.state = "stopped"
        let done = try await bench.advance(reverting, of: run, until: [.reverted])
        #expect(done.state == .reverted)
        #expect(bench.aws.count("StartInstances") == 1)
        #expect(bench.aws.world.instances[World.id(1)]?.state == "running")
    }

    @Test("an instance that did not run before is not started by the undo")
    func stoppedBefore() async throws {
        var world = World.alone(3)
        world.instances[World.id(1)]?.state = "stopped"
        let bench = try await Bench(world)
        var fault = Self.stop
        fault.targets.instances?.states = ["running", "stopped"]
        let (run, injection) = try await bench.prepare(fault)
        let done = try await bench.advance(injection, of: run, until: [.reverted])
        #expect(done.state == .reverted)
        #expect(bench.aws.count("StartInstances") == 0)
        #expect(bench.aws.world.instances[World.id(1)]?.state != "running")
    }

    @Test("an undo looks first: what is back already is not put back again")
    func backAlready() async throws {
        let bench = try await Bench(.alone(3))
        let (run, injection) = try await bench.prepare(Self.stop)
        let held = try await bench.advance(injection, of: run, until: [.effective])
        bench.aws.world.instances[World.id(1)]?.state = "running"
        bench.clock.advance(by: .seconds(60))
        let done = try await bench.advance(held, of: run, until: [.reverted])
        #expect(done.state == .reverted)
        #expect(bench.aws.count("StartInstances") == 0)
    }

    @Test("a look right after the stop that still shows the instance running is not taken for an undo")
    func staleLook() async throws {
        let bench = try await Bench(.alone(3))
        let (run, injection) = try await bench.prepare(Self.stop)
        let held = try await bench.advance(injection, of: run, until: [.effective])
        // EC2 answers from a copy that has not heard of the stop yet.
        bench.aws.world.instances[World.id(1)]?.state = "running"
        let context = Injector.Context(run: run, policies: [], targets: [held.spec.target], mayHarm: false)
        let reverting = try await bench.injector.advance(held, in: context)
        #expect(reverting.state == .reverting)
        bench.aws.world.instances[World.id(1)]?.state = "stopped"
        let done = try await bench.advance(reverting, of: run, until: [.reverted])
        #expect(done.state == .reverted)
        #expect(bench.aws.count("StartInstances") == 1)
    }

    @Test("a target that is gone has nothing to put back")
    func gone() async throws {
        let bench = try await Bench(.alone(3))
        let (run, injection) = try await bench.prepare(Self.stop)
        let held = try await bench.advance(injection, of: run, until: [.effective])
        bench.aws.world.instances[World.id(1)] = nil
        let done = try await bench.advance(held, of: run, until: [.targetGone, .reverted])
        #expect(done.state == .targetGone)
        #expect(UndoState(of: [done]) == .clean)
    }

    @Test("credentials of another account prove nothing: a missing instance is not gone, and the undo is dirty")
    func otherAccount() async throws {
        let bench = try await Bench(.alone(3))
        let (run, injection) = try await bench.prepare(Self.stop)
        let held = try await bench.advance(injection, of: run, until: [.effective])
        var empty = World()
        empty.account = "999999999999"
        let other = try await Bench(empty)
        let injector = Injector(
            records: StoredRecords(store: bench.store),
            world: AWSWorld(connections: other.connections, options: bench.options),
            clock: bench.clock, options: bench.options, outbox: bench.outbox, confirmLease: { _ in }, logger: .silent,
            tries: TriesUnderWay())
        let context = Injector.Context(run: run, policies: [], targets: [held.spec.target], mayHarm: false)
        let looked = try await injector.advance(held, in: context)
        #expect(looked.state == .reverting)
        #expect(looked.status?.message?.contains("999999999999") == true)
        var failed = looked
        for _ in 0..<15 {
            bench.clock.advance(by: bench.options.revertDeadline / 15)
            failed = try await injector.advance(failed, in: context)
        }
        #expect(failed.state == .revertFailed)
        #expect(UndoState(of: [failed]) == .dirty)
    }

    @Test("an undo that AWS refuses is tried until its deadline, and is then dirty")
    func revertFails() async throws {
        let bench = try await Bench(.alone(3))
        let (run, injection) = try await bench.prepare(Self.stop)
        let held = try await bench.advance(injection, of: run, until: [.effective])
        bench.aws.world.instances[World.id(1)]?.state = "stopped"
        bench.aws.disturb { call, _ in call.action == "StartInstances" ? .deny("UnauthorizedOperation") : nil }
        let began = bench.clock.now()
        let failed = try await bench.advance(held, of: run, until: [.revertFailed], pause: .seconds(30))
        #expect(failed.state == .revertFailed)
        #expect(bench.clock.now().since(began) >= bench.options.revertDeadline)
        #expect(bench.aws.count("StartInstances") > 20)
        #expect(UndoState(of: [failed]) == .dirty)
    }

    @Test("an undo that nobody tried for longer than its deadline is not given up at the first look")
    func longAbsence() async throws {
        let bench = try await Bench(.alone(3))
        let (run, injection) = try await bench.prepare(Self.stop)
        let held = try await bench.advance(injection, of: run, until: [.effective])
        let reverting = try await bench.advance(held, of: run, until: [.reverting])
        // The controller dies, and comes back an hour later, before its network does.
        bench.tries.withLock { $0 = TriesUnderWay() }
        bench.clock.advance(by: .seconds(3_600))
        bench.aws.world.instances[World.id(1)]?.state = "stopped"
        bench.aws.disturb { _, _ in .loseRequest }
        let context = Injector.Context(run: run, policies: [], targets: [held.spec.target], mayHarm: false)
        let looked = try await bench.injector.advance(reverting, in: context)
        #expect(looked.state == .reverting)
        bench.aws.disturb(nil)
        let done = try await bench.advance(looked, of: run, until: [.reverted, .revertFailed])
        #expect(done.state == .reverted)
        #expect(bench.aws.world.instances[World.id(1)]?.state == "running")
    }

    @Test("a process that is told to end makes the call that it is about to make, if it puts something back")
    func cancelled() async throws {
        let bench = try await Bench(.alone(3))
        let (run, injection) = try await bench.prepare(Self.stop)
        let held = try await bench.advance(injection, of: run, until: [.effective])
        bench.aws.world.instances[World.id(1)]?.state = "stopped"
        let looks = bench.aws.count("DescribeInstances")
        let gate = Gate()
        bench.aws.stall { call in call.action == "DescribeInstances" ? gate : nil }
        let injector = bench.injector
        let context = Injector.Context(run: run, policies: [], targets: [held.spec.target], mayHarm: false)
        let step = Task { try await injector.advance(held, in: context) }
        await bench.aws.untilCalled("DescribeInstances", times: looks + 1)
        step.cancel()
        gate.open()
        #expect(try await step.value.state == .reverting)
        #expect(bench.aws.count("StartInstances") == 1)
        #expect(bench.aws.world.instances[World.id(1)]?.state == "running")
    }

    @Test("a process that was stopped while it put something back goes on with it")
    func stoppedProcess() async throws {
        let bench = try await Bench(.alone(3))
        let (run, injection) = try await bench.prepare(Self.stop)
        let held = try await bench.advance(injection, of: run, until: [.effective])
        let reverting = try await bench.advance(held, of: run, until: [.reverting])
        bench.clock.advance(by: .seconds(3_600))
        bench.aws.world.instances[World.id(1)]?.state = "stopped"
        let context = Injector.Context(run: run, policies: [], targets: [held.spec.target], mayHarm: false)
        let looked = try await bench.injector.advance(reverting, in: context)
        #expect(looked.state == .reverting, "it has only now been tried again")
    }

    @Test("a denied call fails the injection and gives the reservation back")
    func denied() async throws {
        let bench = try await Bench(.alone(3))
        bench.aws.disturb { call, _ in call.action == "TerminateInstances" ? .deny("UnauthorizedOperation") : nil }
        let (run, injection) = try await bench.prepare(Self.kill)
        let failed = try await bench.advance(injection, of: run, until: [.failed])
        #expect(failed.state == .failed)
        #expect(!failed.mayHaveChangedTheWorld)
        #expect(try await bench.store.reservations(run: run.uid).isEmpty)
    }

    @Test("accepted and without effect until the deadline is no effect, and what can be put back is")
    func noEffect() async throws {
        let bench = try await Bench(.web(3))
        let fault = Sample.fault(.elb(.deregister), duration: .seconds(60))
        bench.aws.disturb { call, _ in call.action == "DeregisterTargets" ? .ignore : nil }
        let (run, injection) = try await bench.prepare(
            fault, group: "web", targetGroups: [World.targetGroup("web")])
        let none = try await bench.advance(injection, of: run, until: [.noEffect])
        #expect(none.state == .noEffect)
        #expect(none.status?.message?.contains("no effect within 15s") == true)
        let done = try await bench.advance(none, of: run, until: [.reverted])
        #expect(done.state == .reverted)
        #expect(!done.tookEffect)
    }

    @Test("what comes into a target group after the record is neither taken out nor put back, and hides no effect")
    func registeredLater() async throws {
        let bench = try await Bench(.web(3))
        let fault = Sample.fault(.elb(.deregister), duration: .seconds(60))
        let arn = World.targetGroup("web")
        let (run, injection) = try await bench.prepare(fault, group: "web", targetGroups: [arn])
        let armed = try await bench.advance(injection, of: run, until: [.armed])
        bench.aws.world.targets[arn]?[World.id(1) + ":81"] = "healthy"
        let held = try await bench.advance(armed, of: run, until: [.effective, .noEffect])
        #expect(held.state == .effective)
        #expect(bench.aws.world.targets[arn]?[World.id(1) + ":80"] == "draining")
        #expect(bench.aws.world.targets[arn]?[World.id(1) + ":81"] == "healthy")
        bench.aws.world.targets[arn]?[World.id(1) + ":81"] = nil
        _ = try await bench.advance(held, of: run, until: [.reverted])
        #expect(bench.aws.world.targets[arn]?[World.id(1) + ":80"] == "initial")
        #expect(bench.aws.world.targets[arn]?[World.id(1) + ":81"] == nil)
    }
}

// SPDX-License-Identifier: Apache-2.0
import AWS
import ChaosModel
import ResourceStore
import Testing

@testable import ExperimentControl

@Suite("answers that never came")
struct LostAnswerTests {
    private static let acting: Set<InjectionState> = [.acting]

    /// An injection whose only call was sent and never answered.
    private func unanswered(
        _ bench: Bench, _ fault: FaultSpec, _ action: String, _ loss: Interference, group: String? = nil
    ) async throws -> (Run, Injection) {
        bench.aws.disturb { call, _ in call.action == action ? loss : nil }
        let (run, injection) = try await bench.prepare(
            fault, group: group, targetGroups: group == nil ? [] : [World.targetGroup("web")])
        let open = try await bench.advance(injection, of: run, until: Self.acting)
        #expect(open.state == .acting)
        #expect(open.status?.evidence.first?.hasPrefix("no answer: ") == true)
        return (run, open)
    }

    @Test("a call that was carried out and not answered is settled by looking, and is not made again")
    func carriedOut() async throws {
        let bench = try await Bench(.alone(3))
        let (run, open) = try await unanswered(bench, Sample.fault(.ec2(.terminate)), "TerminateInstances", .loseAnswer)
        let made = bench.aws.count("TerminateInstances")
        let done = try await bench.advance(open, of: run, until: [.completed])
        #expect(done.state == .completed)
        #expect(bench.aws.count("TerminateInstances") == made)
        #expect(try await bench.store.reservations(run: run.uid).count == 1)
    }

    @Test("a call that never arrived is made again after the settling time, on the same target")
    func neverArrived() async throws {
        let bench = try await Bench(.alone(3))
        let (run, open) = try await unanswered(
            bench, Sample.fault(.ec2(.terminate)), "TerminateInstances", .loseRequest)
        bench.aws.disturb(nil)
        let began = bench.clock.now()
        let done = try await bench.advance(open, of: run, until: [.completed])
        #expect(done.state == .completed)
        #expect(done.status?.attempts == 2)
        #expect(bench.clock.now().since(began) >= Injector.settlingTime)
        let targets = bench.aws.calls.filter { $0.action == "TerminateInstances" }.map { $0.list("InstanceId.") }
        #expect(Set(targets) == [[World.id(1)]])
    }

    @Test("calls that are never answered are made a few times and no more")
    func bounded() async throws {
        let bench = try await Bench(.alone(3))
        let (run, open) = try await unanswered(
            bench, Sample.fault(.ec2(.terminate)), "TerminateInstances", .loseRequest)
        let done = try await bench.advance(open, of: run, until: [.noEffect])
        #expect(done.state == .noEffect)
        #expect(done.status?.attempts == Injector.mostAttempts)
        #expect(done.mayHaveChangedTheWorld)
        #expect(try await bench.store.reservations(run: run.uid).count == 1)
    }

    @Test(
        "a reboot, and what lowers the desired capacity, is sent once only, and nobody claims that it worked",
        arguments: [
            (FaultAction.ec2(.reboot), "RebootInstances"),
            (.autoScaling(.terminate(decrementDesiredCapacity: true)), "TerminateInstanceInAutoScalingGroup"),
            (.autoScaling(.detach(decrementDesiredCapacity: true)), "DetachInstances"),
        ])
    func once(action: FaultAction, call: String) async throws {
        let bench = try await Bench(.web(3))
        let (run, open) = try await unanswered(bench, Sample.fault(action), call, .loseRequest, group: "web")
        let done = try await bench.advance(open, of: run, until: [.noEffect, .completed])
        #expect(done.state == .noEffect)
        #expect(!done.tookEffect)
        #expect(bench.aws.count(call) == 1)
    }

    @Test("an aborted run does not harm again: a call that may be lost is settled and put back, not repeated")
    func aborted() async throws {
        let bench = try await Bench(.alone(3))
        let stop = Sample.fault(.ec2(.stop), duration: .seconds(60))
        let (run, open) = try await unanswered(bench, stop, "StopInstances", .loseRequest)
        bench.aws.disturb(nil)
        let made = bench.aws.count("StopInstances")
        let done = try await bench.advance(open, of: run, until: [.reverted], mayHarm: false)
        #expect(done.state == .reverted)
        #expect(bench.aws.count("StopInstances") == made)
        #expect(bench.aws.world.instances[World.id(1)]?.state == "running")
    }

    @Test("a refusal of the second call does not prove that the first changed nothing")
    func refusedRepetition() async throws {
        let bench = try await Bench(.alone(3))
        let stop = Sample.fault(.ec2(.stop), duration: .seconds(60))
        let (run, open) = try await unanswered(bench, stop, "StopInstances", .loseRequest)
        bench.aws.disturb { call, world in
            guard call.action == "StopInstances" else { return nil }
            // The first call arrives late, and this one is refused.
            world.instances[World.id(1)]?.state = "stopped"
            return .deny("UnauthorizedOperation")
        }
        let done = try await bench.advance(open, of: run, until: [.reverted, .failed])
        #expect(done.state == .reverted)
        #expect(bench.aws.world.instances[World.id(1)]?.state == "running")
    }

    @Test("out of one target group and refused by the next is half done, and is put back")
    func halfDone() async throws {
        var world = World.web(3)
        world.targets[World.targetGroup("zone")] = [World.id(1) + ":81": "healthy", World.id(2) + ":81": "healthy"]
        let bench = try await Bench(world)
        bench.aws.disturb { call, _ in
            call.action == "DeregisterTargets" && call.form["TargetGroupArn"] == World.targetGroup("zone")
                ? .deny("AccessDenied") : nil
        }
        let fault = Sample.fault(.elb(.deregister), duration: .seconds(60))
        let (run, injection) = try await bench.prepare(
            fault, group: "web", targetGroups: [World.targetGroup("web"), World.targetGroup("zone")])
        let done = try await bench.advance(injection, of: run, until: [.reverted, .failed])
        #expect(done.state == .reverted)
        #expect(bench.aws.world.targets[World.targetGroup("web")]?[World.id(1) + ":80"] == "initial")
    }

    @Test("an effect that nobody can look at does not stay for ever")
    func cannotLook() async throws {
        let bench = try await Bench(.alone(3))
        let stop = Sample.fault(.ec2(.stop), duration: .seconds(60))
        let (run, open) = try await unanswered(bench, stop, "StopInstances", .loseAnswer)
        bench.aws.disturb { call, _ in call.action == "DescribeInstances" ? .deny("UnauthorizedOperation") : nil }
        let given = try await bench.advance(open, of: run, until: [.noEffect], pause: .seconds(60))
        #expect(given.state == .noEffect)
        bench.aws.disturb(nil)
        bench.aws.world.instances[World.id(1)]?.state = "stopped"
        let done = try await bench.advance(given, of: run, until: [.reverted])
        #expect(bench.aws.world.instances[World.id(1)]?.state == "running")
        #expect(done.state == .reverted)
    }
}

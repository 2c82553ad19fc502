// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import ResourceStore
import Testing

@testable import ExperimentControl

@Suite("the looks right before the act")
struct RightBeforeTheActTests {
    struct Change<Value>: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var reason: String
        var apply: @Sendable (inout Value) -> Void

        init(_ what: String, _ reason: String, _ apply: @escaping @Sendable (inout Value) -> Void) {
            (testDescription, self.reason, self.apply) = (what, reason, apply)
        }
    }

    private static let kill = Sample.fault(.ec2(.terminate), select: { $0.autoScalingGroup = "web" })

    /// An armed injection on a member of a group of three.
    private func armed(
        _ bench: Bench, _ fault: FaultSpec = kill, policies: [Policy] = []
    ) async throws -> (Run, Injection) {
        let (run, injection) = try await bench.prepare(
            fault, plan: Sample.experiment([fault], limits: LimitsSpec(maxTargets: 1, minHealthy: 2)), group: "web",
            targetGroups: [World.targetGroup("web")])
        let armed = try await bench.advance(injection, of: run, until: [.armed], policies: policies)
        #expect(armed.state == .armed)
        return (run, armed)
    }

    @Test(
        "what changed since the notice refuses the kill, with the reason, and the reservation is given back",
        arguments: [
            .init(
                "another member fell ill", "group web: 2 healthy, 1 taken, 1 left",
                { $0.groups["web"]?.members[World.id(2)]?.health = "Unhealthy" }),
            .init(
                "another target fell ill", "target group web",
                { $0.targets[World.targetGroup("web")]?[World.id(3) + ":80"] = "unhealthy" }),
            .init(
                "it is not in service", "inService", { $0.groups["web"]?.members[World.id(1)]?.lifecycle = "Standby" }),
            .init(
                "it is unhealthy", "targetHealthy",
                { $0.targets[World.targetGroup("web")]?[World.id(1) + ":80"] = "initial" }),
            .init("it was denied", "denyTag", { $0.instances[World.id(1)]?.tags["rebound:deny"] = "" }),
            .init("its opt-in is gone", "optIn", { $0.instances[World.id(1)]?.tags["rebound:opt-in"] = nil }),
            .init("it stops", "state", { $0.instances[World.id(1)]?.state = "stopping" }),
            .init("it is gone", "gone", { $0.instances[World.id(1)] = nil }),
            .init("its group is gone", "inService", { $0.groups["web"] = nil }),
        ] as [Change<World>])
    func changed(_ change: Change<World>) async throws {
        let bench = try await Bench(.web(3))
        let (run, armed) = try await armed(bench)
        change.apply(&bench.aws.world)
        let refused = try await bench.advance(armed, of: run, until: [.refused, .completed])
        #expect(refused.state == .refused)
        #expect(refused.status?.message?.contains(change.reason) == true, "\(refused.status?.message ?? "")")
        #expect(bench.aws.count("TerminateInstances") == 0)
        #expect(try await bench.store.reservations(run: run.uid).isEmpty)
    }

    @Test(
        "a policy that came in between refuses the kill",
        arguments: [
            .init("halted", "", { $0.halt = HaltSpec(reason: "incident") }),
            .init(
                "freeze", "",
                {
                    $0.freezes = [
                        FreezeSpec(from: .noon, until: Timestamp.noon.advanced(by: .seconds(9_000)), reason: "sale")
                    ]
                }),
            .init("allowedFaults", "", { $0.allowedFaults = ["ec2.stop"] }),
            .init("allowedRegions", "", { $0.allowedRegions = ["eu-west-2"] }),
            .init("allowedAccounts", "", { $0.allowedAccounts = ["000000000000"] }),
            .init("minHealthy", "", { $0.minHealthy = 3 }),
            .init("denyTag", "", { $0.denyTag = "app" }),
        ] as [Change<PolicySpec>])
    func policy(_ change: Change<PolicySpec>) async throws {
        let bench = try await Bench(.web(3))
        let (run, armed) = try await armed(bench)
        _ = try await bench.store.create(Sample.policy("new", change.apply))
        let refused = try await bench.advance(armed, of: run, until: [.refused, .completed])
        #expect(refused.state == .refused)
        #expect(bench.aws.count("TerminateInstances") == 0)
    }

    @Test("credentials of another account refuse the kill")
    func otherAccount() async throws {
        let bench = try await Bench(.web(3))
        let (run, original) = try await armed(bench)
        var armed = original
        armed.spec.target.account = "999999999999"
        let guards = GuardsAgain(connections: bench.connections, options: bench.options, now: bench.clock.wall())
        let context = Injector.Context(run: run, policies: [], targets: [], mayHarm: true)
        #expect(try await guards.refusal(of: armed.spec, in: context)?.contains("999999999999") == true)
    }

    @Test("two members that the run takes together are counted together")
    func together() async throws {
        let bench = try await Bench(.web(3))
        let (run, armed) = try await armed(bench)
        var other = armed.spec.target
        other.id = World.id(2)
        let refused = try await bench.advance(armed, of: run, until: [.refused, .completed], alsoTaken: [other])
        #expect(refused.state == .refused)
    }

    @Test("a lost reservation stops the act")
    func lostReservation() async throws {
        let bench = try await Bench(.web(3))
        let (run, armed) = try await armed(bench)
        try await bench.store.release(reservation: armed.reservationID)
        let refused = try await bench.advance(armed, of: run, until: [.refused, .completed])
        #expect(refused.state == .refused)
        #expect(bench.aws.count("TerminateInstances") == 0)
    }

    @Test("a driver that lost its lease does not act, and its injection is left for the other to settle")
    func lostLease() async throws {
        let bench = try await Bench(.web(3))
        let (run, armed) = try await armed(bench)
        bench.loseLease(StoreError(.conflict, "another process drives run run-1", hint: ""))
        await #expect(throws: StoreError.self) {
            _ = try await bench.advance(armed, of: run, until: [.completed])
        }
        #expect(bench.aws.count("TerminateInstances") == 0)
        let left = try #require(try await bench.store.get(Injection.self, namespace: "default", name: "run-1-1"))
        #expect(left.state == .acting)
        bench.loseLease(nil)
        let done = try await bench.advance(left, of: run, until: [.completed])
        #expect(done.state == .completed)
        #expect(bench.aws.count("TerminateInstances") == 1)
    }

    @Test("nothing is harmed for a run that is gone: nobody would put it back")
    func runGone() async throws {
        let bench = try await Bench(.web(3))
        let (run, armed) = try await armed(bench)
        try await bench.store.delete(run.key)
        let context = Injector.Context(run: run, policies: [], targets: [armed.spec.target], mayHarm: true)
        let left = try await bench.injector.advance(armed, in: context)
        #expect(left.state == .armed)
        #expect(bench.aws.count("TerminateInstances") == 0)
    }

    @Test("a lease that was confirmed too long ago is confirmed again before the act")
    func oldConfirmation() async throws {
        let bench = try await Bench(.web(3))
        let (run, armed) = try await armed(bench)
        let asked = Counter()
        let injector = Injector(
            records: StoredRecords(store: bench.store),
            world: AWSWorld(connections: bench.connections, options: bench.options),
            clock: bench.clock, options: bench.options, outbox: bench.outbox,
            confirmLease: { _ in
                // The process is stopped for a minute while it waits for the store's answer.
                if asked.next() == 1 { bench.clock.advance(by: .seconds(60)) }
            }, logger: .silent, tries: TriesUnderWay())
        let context = Injector.Context(run: run, policies: [], targets: [armed.spec.target], mayHarm: true)
        let accepted = try await injector.advance(armed, in: context)
        #expect(asked.value == 2)
        #expect(accepted.state == .accepted)
    }

    @Test("two runs never hold the same target, and caps hold over runs")
    func caps() async throws {
        let bench = try await Bench(.alone(5))
        let fault = Sample.fault(.ec2(.terminate))
        let policies = [Sample.policy { $0.maxTargetsPerDay = 2 }]
        let (one, first) = try await bench.prepare(fault, run: "run-1")
        let (two, second) = try await bench.prepare(fault, run: "run-2")
        _ = try await bench.advance(first, of: one, until: [.reserved], policies: policies)
        let refused = try await bench.advance(second, of: two, until: [.reserved, .refused], policies: policies)
        #expect(refused.state == .refused)
        #expect(refused.status?.message?.contains("is held by run") == true)
        let (three, third) = try await bench.prepare(fault, target: World.id(3), run: "run-3")
        let (four, fourth) = try await bench.prepare(fault, target: World.id(4), run: "run-4")
        #expect(try await bench.advance(third, of: three, until: [.reserved], policies: policies).state == .reserved)
        let over = try await bench.advance(fourth, of: four, until: [.reserved, .refused], policies: policies)
        #expect(over.status?.message?.contains("2 of at most 2") == true)
    }

    @Test("a required notice that does not leave stops the kill, one that is not required does not")
    func notice() async throws {
        for isRequired in [true, false] {
            let bench = try await Bench(.web(3))
            bench.courier.fail("chaos", with: "the topic is down")
            var report = ReportSpec(
                destination: .sns(SNSReportSpec(topicArn: "arn:aws:sns:eu-west-1:123456789012:chaos")))
            report.requiredBeforeInjecting = isRequired
            let plan = Sample.experiment([Self.kill], reports: [report])
            let (run, injection) = try await bench.prepare(
                Self.kill, plan: plan, group: "web", targetGroups: [World.targetGroup("web")])
            let done = try await bench.advance(injection, of: run, until: [.refused, .completed])
            #expect(done.state == (isRequired ? .refused : .completed))
            if isRequired { #expect(done.status?.message?.contains("notice could not be delivered to sns") == true) }
        }
    }

    @Test("processes of a group are suspended and resumed, but only those that ran; our own group is left alone")
    func suspend() async throws {
        var world = World.web(3)
        world.groups["web"]?.suspended = ["Launch"]
        let fault = Sample.fault(.autoScaling(.suspendProcesses(["Launch", "Terminate"])), duration: .seconds(60))
        let bench = try await Bench(world)
        let (run, injection) = try await bench.prepare(fault, group: "web")
        let held = try await bench.advance(injection, of: run, until: [.effective])
        #expect(bench.aws.world.groups["web"]?.suspended == ["Launch", "Terminate"])
        let done = try await bench.advance(held, of: run, until: [.reverted])
        #expect(done.state == .reverted)
        #expect(bench.aws.world.groups["web"]?.suspended == ["Launch"])
        let own = try await Bench(world, ownInstances: [World.id(2)])
        let (ownRun, ownInjection) = try await own.prepare(fault, group: "web")
        let refused = try await own.advance(ownInjection, of: ownRun, until: [.refused, .effective])
        #expect(refused.state == .refused)
    }
}

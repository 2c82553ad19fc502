// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import Measurement
import ReconcileLoop
import ResourceStore
import Testing

@testable import ExperimentControl

@Suite("a run under way")
struct RunReconcilerTests {
    private static let stop = Sample.fault(.ec2(.stop), duration: .seconds(60))

    /// A run whose fault is held, as a driver that died left it.
    private func held(
        _ bench: Bench, phase: RunPhase = .holding, watches: RunWatches = RunWatches(), givesUp: Bool = true
    ) async throws -> (RunReconciler, ResourceKey) {
        let (run, injection) = try await bench.prepare(Self.stop)
        _ = try await bench.advance(injection, of: run, until: [.effective])
        var status = RunStatus(phase: phase)
        status.anchor = bench.clock.anchor()
        status.plan = PlanReport(hash: "h", seed: 1, steps: [], guards: [], selections: [], iamActions: [])
        status.phaseSince = [phase.rawValue: bench.clock.wall()]
        var running = run
        running.status = status
        _ = try await bench.store.updateStatus(running)
        let reconciler = RunReconciler(
            store: bench.store, connections: bench.connections, clock: bench.clock, options: bench.options,
            outbox: bench.outbox, watches: watches, logger: .silent, givesUp: givesUp, confirmLease: { _ in })
        return (reconciler, run.key)
    }

    private func phase(_ bench: Bench) async throws -> RunPhase? {
        try await bench.store.get(Run.self, namespace: "default", name: "run-1")?.status?.phase
    }

    @Test("a halt that a policy orders puts back what is held")
    func halt() async throws {
        let bench = try await Bench(.alone(3))
        let (reconciler, key) = try await held(bench)
        _ = try await bench.store.create(Sample.policy { $0.halt = HaltSpec(reason: "incident") })
        _ = await reconciler.reconcile(key)
        #expect(try await phase(bench) == .reverting)
        let run = try #require(try await bench.store.get(Run.self, namespace: "default", name: "run-1"))
        #expect(run.status?.aborted?.reason.contains("incident") == true)
        #expect(run.status?.aborted?.requestedBy == "policy", "no stop condition, so no failure of the system")
        bench.aws.world.instances[World.id(1)]?.state = "stopped"
        bench.clock.advance(by: .seconds(10))
        for _ in 0..<20 where bench.aws.world.instances[World.id(1)]?.state != "running" {
            _ = await reconciler.reconcile(key)
        }
        #expect(bench.aws.world.instances[World.id(1)]?.state == "running")
    }

    @Test("a fault whose time is over is put back also while watching cannot begin")
    func unwatched() async throws {
        let bench = try await Bench(.alone(3))
        let (run, injection) = try await bench.prepare(Self.stop)
        _ = try await bench.advance(injection, of: run, until: [.effective])
        var broken = run
        // A probe that cannot be made, as after an update that knows it no more.
        broken.spec.plan.steadyState = [ProbeSpec(name: "site", kind: .http(HTTPProbeSpec(url: "no url")))]
        broken = try await bench.store.update(broken)
        var status = RunStatus(phase: .holding)
        status.anchor = bench.clock.anchor()
        broken.status = status
        _ = try await bench.store.updateStatus(broken)
        bench.aws.world.instances[World.id(1)]?.state = "stopped"
        bench.clock.advance(by: .seconds(61))
        let reconciler = RunReconciler(
            store: bench.store, connections: bench.connections, clock: bench.clock, options: bench.options,
            outbox: bench.outbox, watches: RunWatches(), logger: .silent, confirmLease: { _ in })
        for _ in 0..<6 { _ = await reconciler.reconcile(run.key) }
        #expect(bench.aws.world.instances[World.id(1)]?.state == "running")
    }

    @Test("a change of the spec does not stop a write of the status, another driver's status does")
    func staleStatus() async throws {
        let bench = try await Bench(.alone(3))
        let (reconciler, key) = try await held(bench)
        let read = try #require(try await bench.store.get(Run.self, namespace: key.namespace, name: key.name))
        var aborted = read
        aborted.spec.abort = AbortRequest(requestedBy: "ada", reason: "enough", at: .noon)
        _ = try await bench.store.update(aborted)
        var status = try #require(read.status)
        status.phase = .reverting
        let written = try await reconciler.write(read, status: status)
        #expect(written.spec.abort != nil && written.status?.phase == .reverting)
        // This one still decides from what it read before.
        status.phase = .done
        await #expect(throws: StoreError.self) { try await reconciler.write(read, status: status) }
        #expect(try await phase(bench) == .reverting)
    }

    @Test("a date that is set while a run is under way moves none of its times")
    func dateSet() async throws {
        let bench = try await Bench(.alone(3))
        let (reconciler, key) = try await held(bench)
        bench.clock.setDate(by: .seconds(3_600))
        _ = try await bench.store.create(Sample.policy { $0.halt = HaltSpec(reason: "incident") })
        _ = await reconciler.reconcile(key)
        let run = try #require(try await bench.store.get(Run.self, namespace: "default", name: "run-1"))
        let status = try #require(run.status)
        let anchor = try #require(status.anchor)
        let since = try #require(status.phaseSince[RunPhase.reverting.rawValue])
        #expect(abs(anchor.instant(of: since).nanoseconds - bench.clock.now().nanoseconds) < 1_000_000_000)
        #expect(status.timeline.allSatisfy { $0.at < bench.clock.wall().advanced(by: .seconds(-1_800)) })
    }

    @Test("a process stops watching a run that another has ended, has removed, or drives")
    func watchedElsewhere() async throws {
        for end in 0..<3 {
            let bench = try await Bench(.alone(3))
            let watches = RunWatches()
            let (reconciler, key) = try await held(bench, watches: watches)
            let run = try #require(try await bench.store.get(Run.self, namespace: key.namespace, name: key.name))
            try await reconciler.startWatching(run, try #require(run.status), [])
            #expect(watches[run.uid] != nil)
            if end == 2 {
                await reconciler.letGo(key)
            } else {
                var done = try #require(try await bench.store.get(Run.self, namespace: "default", name: "run-1"))
                done.status?.phase = .done
                _ = try await bench.store.updateStatus(done)
                if end == 1 { try await bench.store.delete(key) }
                _ = await reconciler.reconcile(key)
            }
            #expect(watches[run.uid] == nil, "\(end)")
        }
    }

    @Test("watching does not go on with an anchor that could not be written")
    func unwrittenAnchor() async throws {
        let bench = try await Bench(.alone(3))
        let watches = RunWatches()
        let (reconciler, key) = try await held(bench, phase: .baseline, watches: watches)
        let read = try #require(try await bench.store.get(Run.self, namespace: key.namespace, name: key.name))
        var other = read
        other.status?.phase = .reporting
        _ = try await bench.store.updateStatus(other)
        await #expect(throws: StoreError.self) {
            try await reconciler.startWatching(read, try #require(read.status), [])
        }
        #expect(watches[read.uid] == nil)
    }

    @Test(
        "a service does not give up a run that keeps failing: it would never look at it again",
        arguments: [true, false])
    func keepsTrying(givesUp: Bool) async throws {
        let bench = try await Bench(.alone(3))
        let (reconciler, key) = try await held(bench, phase: .baseline, givesUp: givesUp)
        var broken = try #require(try await bench.store.get(Run.self, namespace: key.namespace, name: key.name))
        broken.spec.plan.steadyState = [ProbeSpec(name: "site", kind: .http(HTTPProbeSpec(url: "no url")))]
        _ = try await bench.store.update(broken)
        for var injection in try await reconciler.injections(of: broken) {
            injection.status?.state = .reverted
            _ = try await bench.store.updateStatus(injection)
        }
        var last = RunOutcome.settled
        for _ in 0..<25 { last = await reconciler.reconcile(key) }
        switch last {
        case .retry: #expect(!givesUp)
        case .gaveUp: #expect(givesUp)
        default: Issue.record("\(last)")
        }
    }

    @Test("chunks that cannot be read are left out, and the others are kept")
    func damagedChunks() async throws {
        let bench = try await Bench(World())
        let anchor = bench.clock.anchor()
        let one = MonotonicInstant(nanoseconds: 1)
        let bytes = try ChunkCodec.encode(
            [.init(probe: "site", slot: 0, planned: one, begun: one, ended: one, outcome: .success)], anchor: anchor)
        for data in [bytes, [9, 9, 9], Array(bytes.dropLast(2)), bytes] {
            try await bench.store.append(chunk: MeasurementChunk(run: "r", content: .observations, data: data))
        }
        let record = try await RunRecord(run: "r", store: bench.store, logger: .silent).everything(anchor: anchor)
        #expect(record.observations.count == 2)
    }

    @Test("a run that is over gives its targets back before it is done, and says which reports were given up")
    func finishing() async throws {
        let bench = try await Bench(.alone(3))
        let report = ReportSpec(destination: .sns(SNSReportSpec(topicArn: "arn:aws:sns:eu-west-1:123456789012:gone")))
        let fault = Sample.fault(.ec2(.terminate))
        let (run, injection) = try await bench.prepare(fault, plan: Sample.experiment([fault], reports: [report]))
        bench.courier.fail("gone", with: "no such topic")
        _ = try await bench.advance(injection, of: run, until: [.completed])
        bench.clock.advance(by: bench.options.reportRetention)
        try await bench.outbox.deliverDue(run: nil)
        var status = RunStatus(phase: .reporting)
        status.plan = PlanReport(hash: "h", seed: 1, steps: [], guards: [], selections: [], iamActions: [])
        var reporting = run
        reporting.status = status
        _ = try await bench.store.updateStatus(reporting)
        let reconciler = RunReconciler(
            store: bench.store, connections: bench.connections, clock: bench.clock, options: bench.options,
            outbox: bench.outbox, watches: RunWatches(), logger: .silent, confirmLease: { _ in })
        _ = await reconciler.reconcile(run.key)
        let done = try #require(try await bench.store.get(Run.self, namespace: "default", name: "run-1"))
        #expect(done.status?.phase == .done)
        #expect(done.status?.reports.first { $0.event == .aboutToInject }?.state == .gaveUp)
        #expect(done.status?.reports.first { $0.event == .verdict }?.state == .pending)
        #expect(try await bench.store.reservations(run: run.uid).allSatisfy { $0.isFinished })
    }
}

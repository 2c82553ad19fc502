// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import ReconcileLoop
import ResourceStore
import TestSupport
import Testing

@testable import ExperimentControl

/// A step that changed nothing is not made again at once.
@Suite("looking again")
struct RestTests {
    private static let stop = Sample.fault(.ec2(.stop), duration: .seconds(5))

    @Test(
        "an undo that is not there yet is looked for again after a rest, however often its run has a turn",
        .timeLimit(.minutes(1)))
    func undo() async throws {
        let bench = try await Bench(.alone(3), clock: HandClock())
        let (run, first) = try await bench.prepare(Self.stop)
        let held = try await bench.advance(first, of: run, until: [.effective])
        let reverting = try await bench.injector.beginRevert(held)
        #expect(reverting.state == .reverting)
        try await Self.put(bench, .reverting)
        let (turns, turn) = AsyncStream.makeStream(of: ResourceKey.self)
        let watches = RunWatches()
        let reconciler = RunReconciler(
            store: bench.store, connections: bench.connections, clock: bench.clock, options: bench.options,
            outbox: bench.outbox, watches: watches, logger: .silent, wake: { turn.yield($0) }, confirmLease: { _ in })
        var waking = turns.makeAsyncIterator()
        for looks in 1...3 {
            _ = await reconciler.reconcile(run.key)
            _ = await waking.next()
            await bench.clock.manual.untilSleeping(1)
            let seen = bench.aws.count("DescribeInstances")
            for _ in 0..<5 { _ = await reconciler.reconcile(run.key) }
            #expect(bench.aws.count("DescribeInstances") == seen, "look \(looks)")
            bench.clock.advance(by: .seconds(1))
            await watches.flights.wait(for: run.key)
        }
        await watches.flights.cancelAll()
        await reconciler.stopWatching(run)
    }

    @Test(
        "the longer an undo has gone on the longer it rests, up to a second",
        arguments: [(0, 200), (1_000, 200), (4_000, 500), (60_000, 1_000), (-5_000, 200)])
    func length(milliseconds: Int, rest: Int) {
        var injection = Sample.injection(Self.stop, target: World.id(1), name: "run-1-1", run: "run-1")
        let now = MonotonicInstant(nanoseconds: 100_000_000_000)
        injection.status = InjectionStatus(state: .reverting)
        injection.status?.revertBegan = now.advanced(by: .milliseconds(-milliseconds))
        #expect(injection.rest(at: now) == .milliseconds(rest))
        injection.status?.state = .accepted
        #expect(injection.rest(at: now) == .milliseconds(200))
    }

    private static func put(_ bench: Bench, _ phase: RunPhase) async throws {
        var run = try #require(try await bench.store.get(Run.self, namespace: "default", name: "run-1"))
        var status = RunStatus(phase: phase)
        status.anchor = bench.clock.anchor()
        status.plan = PlanReport(hash: "h", seed: 1, steps: [], guards: [], selections: [], iamActions: [])
        status.phaseSince = [phase.rawValue: bench.clock.wall()]
        run.status = status
        _ = try await bench.store.updateStatus(run)
    }
}

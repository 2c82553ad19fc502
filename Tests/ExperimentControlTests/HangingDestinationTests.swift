// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import Logging
import ResourceStore
import Synchronization
import TestSupport
import Testing

@testable import ExperimentControl

@Suite("destinations that never answer")
struct HangingDestinationTests {
    /// Takes what is for `good`, and hangs on everything else until it is cancelled.
    private final class HangingCourier: ReportCourier {
        let clock: HandClock
        let delivered = Mutex<[ReportEventKind]>([])

        init(_ clock: HandClock) { self.clock = clock }

        func deliver(_ entry: OutboxEntry) async -> String? {
            if entry.report.destination.label.hasSuffix("good") {
                delivered.withLock { $0.append(entry.event) }
                return nil
            }
            do { try await clock.sleep(for: .seconds(1_000_000)) } catch { return "cancelled" }
            return "no answer"
        }
    }

    private static func report(_ name: String, isRequired: Bool = false) -> ReportSpec {
        var report = ReportSpec(
            destination: .sns(SNSReportSpec(topicArn: "arn:aws:sns:eu-west-1:123456789012:\(name)")))
        report.requiredBeforeInjecting = isRequired
        return report
    }

    private static let fault = Sample.fault(.ec2(.terminate))

    private func outbox(_ bench: Bench, _ courier: HangingCourier) -> Outbox {
        Outbox(
            store: bench.store, courier: courier, clock: bench.clock, options: bench.options, random: { 0.5 },
            logger: .silent)
    }

    /// Turns the clock until the work is done, beginning when this holds.
    private func turning<T: Sendable>(
        _ clock: HandClock, once isReady: () -> Bool = { true }, _ work: @escaping @Sendable () async throws -> T
    ) async throws
        -> T
    {
        let done = Counter()
        return try await withThrowingTaskGroup(of: T?.self) { group in
            group.addTask {
                defer { _ = done.next() }
                return try await work()
            }
            while !isReady() { await Task.yield() }
            while done.value == 0 {
                clock.advance(by: .milliseconds(10))
                await Task.yield()
            }
            for try await value in group { if let value { return value } }
            fatalError("the work gave nothing")
        }
    }

    @Test("a notice that hangs delays the act by the grace time and no longer", arguments: [false, true])
    func notice(isRequired: Bool) async throws {
        let bench = try await Bench(World(), clock: HandClock())
        let run = Sample.run(
            Sample.experiment(
                [Self.fault],
                reports: [Self.report("good", isRequired: true), Self.report("hangs", isRequired: isRequired)]))
        let injection = Sample.injection(Self.fault)
        let courier = HangingCourier(bench.clock)
        let outbox = outbox(bench, courier)
        try await outbox.enqueue(.aboutToInject, of: run, injection: injection, status: nil)
        let began = bench.clock.now()
        let reason = try await turning(bench.clock, once: { courier.delivered.withLock { !$0.isEmpty } }) {
            (await outbox.deliverNotice(of: injection, run: run, grace: .seconds(5)), bench.clock.now())
        }
        #expect(reason.1.since(began) >= .seconds(5))
        #expect((reason.0 != nil) == isRequired)
        #expect(courier.delivered.withLock { $0 } == [.aboutToInject])
        let left = try await bench.store.pendingReports(run: run.uid)
        #expect(left.count == 1 && left[0].nextAttempt == nil, "cut short by us, it is due at once")
    }

    @Test("a destination that hangs holds up no other over the rounds, and draining ends with its grace")
    func rounds() async throws {
        let bench = try await Bench(World(), clock: HandClock())
        let run = Sample.run(Sample.experiment([Self.fault], reports: [Self.report("hangs"), Self.report("good")]))
        let courier = HangingCourier(bench.clock)
        let outbox = outbox(bench, courier)
        let rounds = Task { await outbox.deliverRounds(run: nil, every: .milliseconds(500)) }
        for event in [ReportEventKind.planned, .injected, .verdict] {
            try await outbox.enqueue(event, of: run, injection: nil, status: nil)
            while courier.delivered.withLock({ $0.last }) != event {
                bench.clock.advance(by: .milliseconds(100))
                await Task.yield()
            }
        }
        rounds.cancel()
        await rounds.value
        #expect(courier.delivered.withLock { $0 } == [.planned, .injected, .verdict])
        let began = bench.clock.now()
        let ended = try await turning(bench.clock) {
            try await outbox.drain(run: run.uid, grace: .seconds(15))
            return bench.clock.now()
        }
        #expect(ended.since(began) >= .seconds(15))
        #expect(try await bench.store.pendingReports(run: nil).count == 3)
    }
}

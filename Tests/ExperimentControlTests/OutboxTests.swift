// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import ResourceStore
import Testing

@testable import ExperimentControl

@Suite("reports on their way")
struct OutboxTests {
    private static func sns(_ name: String) -> ReportSpec {
        ReportSpec(destination: .sns(SNSReportSpec(topicArn: "arn:aws:sns:eu-west-1:123456789012:\(name)")))
    }

    private static func run(_ reports: [ReportSpec], name: String = "run-1") -> Run {
        Sample.run(Sample.experiment([Sample.fault(.ec2(.terminate))], reports: reports), name: name)
    }

    private static let events: [ReportEventKind] = [.planned, .aboutToInject, .injected, .recovered, .verdict]

    private func enqueueAll(_ outbox: Outbox, _ run: Run) async throws {
        for event in Self.events { try await outbox.enqueue(event, of: run, injection: nil, status: nil) }
    }

    @Test("events leave in order for each destination, and a failing one holds no other up")
    func order() async throws {
        let bench = try await Bench(World())
        let run = Self.run([Self.sns("good"), Self.sns("bad")])
        try await enqueueAll(bench.outbox, run)
        bench.courier.fail("bad", with: "down")
        try await bench.outbox.deliverDue(run: nil)
        #expect(bench.courier.delivered.map(\.event) == Self.events)
        let waiting = try await bench.store.pendingReports(run: run.uid)
        #expect(waiting.map(\.event) == Self.events)
        #expect(waiting.map(\.attempts) == [1, 0, 0, 0, 0], "nothing is tried past the one that failed")
        #expect(waiting.first?.lastError == "down")
        bench.courier.fail("bad", with: nil)
        bench.clock.advance(by: .seconds(60))
        try await bench.outbox.deliverDue(run: nil)
        #expect(bench.courier.delivered.suffix(5).map(\.event) == Self.events)
        #expect(try await bench.store.pendingReports(run: nil).isEmpty)
    }

    @Test("a pass begins with a bounded number of queues, and the next goes on with those that were left")
    func bounded() async throws {
        let bench = try await Bench(World())
        let count = Outbox.mostQueues + 6
        for number in 0..<count {
            let run = Self.run([Self.sns("one")], name: "run-\(number)")
            try await bench.outbox.enqueue(.verdict, of: run, injection: nil, status: nil)
        }
        bench.courier.fail("one", with: "down")
        try await bench.outbox.deliverDue(run: nil)
        #expect(bench.courier.tried == Outbox.mostQueues)
        try await bench.outbox.deliverDue(run: nil)
        #expect(bench.courier.tried == count, "those that failed are not due yet")
        bench.courier.fail("one", with: nil)
        bench.clock.advance(by: .seconds(60))
        for _ in 0..<2 { try await bench.outbox.deliverDue(run: nil) }
        #expect(bench.courier.delivered.count == count)
    }

    @Test("ids are the same on every attempt and after a restart, and the same event again adds nothing")
    func ids() async throws {
        let bench = try await Bench(World())
        let run = Self.run([Self.sns("one")])
        try await enqueueAll(bench.outbox, run)
        bench.courier.fail("one", with: "down")
        try await bench.outbox.deliverDue(run: nil)
        let before = try await bench.store.pendingReports(run: nil).map(\.id)
        let restarted = Outbox(
            store: bench.store, courier: bench.courier, clock: bench.clock, options: bench.options, random: { 0.5 },
            logger: .silent)
        try await enqueueAll(restarted, run)
        #expect(try await bench.store.deliveries(run: run.uid).map(\.id) == before)
        bench.courier.fail("one", with: nil)
        bench.clock.advance(by: .seconds(60))
        try await restarted.deliverDue(run: nil)
        #expect(bench.courier.delivered.map(\.id) == before)
        #expect(before.first == "uid-run-1/planned/0")
    }

    @Test("events at the same time get numbers of their own", arguments: 0..<5)
    func sequence(round: Int) async throws {
        let bench = try await Bench(World())
        let run = Self.run([Self.sns("one"), Self.sns("two")])
        let fault = Sample.fault(.ec2(.terminate))
        await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<20 {
                group.addTask {
                    let injection = Sample.injection(fault, name: "run-1-\(number)")
                    try await bench.outbox.enqueue(.injected, of: run, injection: injection, status: nil)
                }
            }
        }
        let entries = try await bench.store.deliveries(run: run.uid)
        #expect(entries.count == 40)
        #expect(Set(entries.map(\.sequence)) == Set(1...20))
    }

    @Test("two deliverers at once send each report once and in order")
    func concurrent() async throws {
        let bench = try await Bench(World())
        let runs = (1...5).map { Self.run([Self.sns("one"), Self.sns("two")], name: "run-\($0)") }
        for run in runs { try await enqueueAll(bench.outbox, run) }
        await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<8 { group.addTask { try await bench.outbox.deliverDue(run: nil) } }
        }
        try await bench.outbox.deliverDue(run: nil)
        let delivered = bench.courier.delivered
        #expect(delivered.count == 50 && Set(delivered.map(\.id)).count == 50)
        for run in runs {
            for destination in ["0", "1"] {
                let own = delivered.filter { $0.run == run.uid && $0.id.hasSuffix("/" + destination) }
                #expect(own.map(\.event) == Self.events)
            }
        }
    }

    @Test("retries wait within their bounds: full jitter, a tenth of a second at least, a minute at most")
    func backoff() async throws {
        for chance in [0.0, 0.5, 0.999_999] {
            let bench = try await Bench(World())
            let outbox = Outbox(
                store: bench.store, courier: bench.courier, clock: bench.clock, options: bench.options,
                random: { chance }, logger: .silent)
            try await outbox.enqueue(.verdict, of: Self.run([Self.sns("one")]), injection: nil, status: nil)
            bench.courier.fail("one", with: "down")
            for attempt in 1...12 {
                try await outbox.deliverDue(run: nil)
                let entry = try #require(try await bench.store.pendingReports(run: nil).first)
                #expect(entry.attempts == attempt)
                let pause = try #require(entry.nextAttempt).since(bench.clock.wall())
                let ceiling = min(60, 0.5 * Double(1 << (attempt - 1)))
                #expect(pause >= .milliseconds(100) && pause.inSeconds <= max(0.1, ceiling * chance) + 0.001)
                try await outbox.deliverDue(run: nil)
                #expect(bench.courier.tried == attempt, "it is not due yet")
                bench.clock.advance(by: pause)
            }
        }
    }

    @Test("an outage of ten minutes loses nothing and changes no order, also over a restart")
    func outage() async throws {
        let bench = try await Bench(World())
        let run = Self.run([Self.sns("one")])
        bench.courier.fail("one", with: "down")
        var outbox = bench.outbox
        for second in 0..<600 {
            if second % 120 == 0, second / 120 < 5 {
                try await outbox.enqueue(Self.events[second / 120], of: run, injection: nil, status: nil)
            }
            if second == 300 {
                outbox = Outbox(
                    store: bench.store, courier: bench.courier, clock: bench.clock, options: bench.options,
                    random: { 0.9 }, logger: .silent)
            }
            try await outbox.deliverDue(run: nil)
            bench.clock.advance(by: .seconds(1))
        }
        #expect(bench.courier.delivered.isEmpty)
        bench.courier.fail("one", with: nil)
        bench.clock.advance(by: .seconds(60))
        try await outbox.deliverDue(run: nil)
        #expect(bench.courier.delivered.map(\.event) == Self.events)
        #expect(bench.courier.delivered.map(\.sequence) == [1, 2, 3, 4, 5])
    }

    @Test("what could not leave for the retention time is given up, says so, and no longer blocks what is behind it")
    func retention() async throws {
        let bench = try await Bench(World())
        let run = Self.run([Self.sns("one")])
        try await bench.outbox.enqueue(.planned, of: run, injection: nil, status: nil)
        bench.courier.fail("one", with: "down")
        bench.clock.advance(by: bench.options.reportRetention - .seconds(1))
        try await bench.outbox.deliverDue(run: nil)
        #expect(try await bench.store.pendingReports(run: nil).count == 1)
        try await bench.outbox.enqueue(.verdict, of: run, injection: nil, status: nil)
        bench.clock.advance(by: .seconds(61))
        try await bench.outbox.deliverDue(run: nil)
        let entries = try await bench.store.deliveries(run: run.uid)
        #expect(entries.map { $0.gaveUpAt != nil } == [true, false])
        #expect(entries.map(\.attempts) == [2, 1], "the next was tried in the same round")
        #expect(entries[0].lastError == "down")
        bench.courier.fail("one", with: nil)
        bench.clock.advance(by: .seconds(60))
        try await bench.outbox.deliverDue(run: nil)
        #expect(bench.courier.delivered.map(\.event) == [.verdict])
    }

    @Test("two destinations with the same address are two queues, and one event goes only to those that want it")
    func wanting() async throws {
        let bench = try await Bench(World())
        var picky = Self.sns("one")
        picky.events = [.verdict]
        let run = Self.run([Self.sns("one"), picky])
        try await enqueueAll(bench.outbox, run)
        try await bench.outbox.deliverDue(run: nil)
        #expect(bench.courier.delivered.count == 6)
        #expect(bench.courier.delivered.filter { $0.id.hasSuffix("/1") }.map(\.event) == [.verdict])
    }
}

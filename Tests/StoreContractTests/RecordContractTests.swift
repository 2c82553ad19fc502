// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import ResourceStore
import Testing

@Suite("Every store: reports, measurements, leases")
struct RecordContractTests {
    @Test("reports leave oldest first within each run and destination; the same id is one", arguments: stores)
    func outboxOrder(under: any StoreUnderTest) async throws {
        let opened = try await under.make(TestClocks())
        for entry in [
            OutboxEntry.sample("b2", sequence: 2, topic: "b"), .sample("a2", sequence: 2), .sample("a1", sequence: 1),
            .sample("a1", sequence: 9), .sample("x1", run: "run-0", sequence: 5),
            .sample("b1", sequence: 1, topic: "b"),
        ] {
            try await opened.store.enqueue(entry)
        }
        #expect(try await opened.store.pendingReports(run: "run-1").map(\.id) == ["a1", "a2", "b1", "b2"])
        #expect(try await opened.store.pendingReports(run: nil).map(\.id) == ["x1", "a1", "a2", "b1", "b2"])
    }

    @Test("due is the first of each queue, once its time has come; those that wait longest first", arguments: stores)
    func outboxDue(under: any StoreUnderTest) async throws {
        let clocks = TestClocks()
        let opened = try await under.make(clocks)
        func due(run: String? = nil, most: Int = 9) async throws -> [String] {
            try await opened.store.dueReports(run: run, now: clocks.date, most: most).map { $0.run + $0.destination }
        }
        for (id, run, sequence) in [
            ("a/2/0", "a", 2), ("a/1/0", "a", 1), ("a/1/1", "a", 1), ("b/1/0", "b", 1), ("b/2/0", "b", 2),
        ] {
            try await opened.store.enqueue(.sample(id, run: run, sequence: Int64(sequence)))
        }
        #expect(try await due() == ["a0", "a1", "b0"])
        #expect(try await due(run: "b") == ["b0"])
        #expect(try await due(most: 2) == ["a0", "a1"])
        let queue = ReportQueue(run: "a", destination: "0")
        var first = try #require(try await opened.store.pendingReports(in: queue, most: 1).first)
        #expect(first.id == "a/1/0")
        first.nextAttempt = clocks.date.advanced(by: .seconds(10))
        try await opened.store.updateOutbox(first)
        #expect(try await due() == ["a1", "b0"], "what is behind one that waits is not due")
        clocks.pass(.seconds(10))
        #expect(try await due() == ["a1", "b0", "a0"])
        first.deliveredAt = clocks.date
        try await opened.store.updateOutbox(first)
        #expect(try await opened.store.pendingReports(in: queue, most: 9).map(\.id) == ["a/2/0"])
        #expect(try await due(run: "a") == ["a0", "a1"])
    }

    @Test("what was delivered or given up is not pending, and is remembered", arguments: stores)
    func outboxEnds(under: any StoreUnderTest) async throws {
        let clocks = TestClocks()
        let opened = try await under.make(clocks)
        for number in 1...3 { try await opened.store.enqueue(.sample("r\(number)", sequence: Int64(number))) }
        var entries = try await opened.store.pendingReports(run: "run-1")
        entries[0].deliveredAt = clocks.date
        entries[1].gaveUpAt = clocks.date
        entries[2].attempts = 3
        entries[2].lastError = "no answer"
        for entry in entries { try await opened.store.updateOutbox(entry) }
        #expect(try await opened.store.pendingReports(run: "run-1") == [entries[2]])
        #expect(try await opened.store.deliveries(run: "run-1") == entries)
        try await opened.store.enqueue(.sample("r1", sequence: 1))
        #expect(try await opened.store.deliveries(run: "run-1") == entries)
        let unknown = OutboxEntry.sample("unknown", sequence: 1)
        #expect(await storeErrorCode { try await opened.store.updateOutbox(unknown) } == .notFound)
    }

    @Test("chunks come back as they were written, in order, each run its own", arguments: stores)
    func chunks(under: any StoreUnderTest) async throws {
        let opened = try await under.make(TestClocks())
        let written: [MeasurementChunk] = (0..<20).map { number in
            MeasurementChunk(
                run: number % 2 == 0 ? "even" : "odd", content: number % 3 == 0 ? .sightings : .observations,
                data: [UInt8](repeating: UInt8(number), count: number * 100))
        }
        for chunk in written { try await opened.store.append(chunk: chunk) }
        #expect(try await opened.store.chunks(run: "even") == written.filter { $0.run == "even" })
        #expect(try await opened.store.chunks(run: "odd") == written.filter { $0.run == "odd" })
        #expect(try await opened.store.chunks(run: "none") == [])
        let even = written.filter { $0.run == "even" }
        #expect(try await opened.store.chunks(run: "even", after: 3, most: 4) == Array(even[3..<7]))
        #expect(try await opened.store.chunks(run: "even", after: 8, most: 4) == Array(even[8...]))
    }

    @Test("a lease has one holder, who may renew it; the next holder's token is larger", arguments: stores)
    func lease(under: any StoreUnderTest) async throws {
        let clocks = TestClocks()
        let opened = try await under.make(clocks)
        func ask(_ holder: String) async throws -> LeaseOutcome {
            try await opened.store.acquireLease("leader", holder: holder, for: .seconds(10), now: clocks.date)
        }
        let first = try await ask("a")
        #expect(try await ask("b") == .heldByOther(holder: "a", until: clocks.date.advanced(by: .seconds(10))))
        clocks.pass(.seconds(9))
        #expect(try await ask("a") == first)
        clocks.pass(.seconds(10))
        let second = try await ask("b")
        guard case .held(let old) = first, case .held(let new) = second else {
            Issue.record("a free lease was not given: \(first), \(second)")
            return
        }
        #expect(new > old)
    }

    @Test("only its holder lets go of a lease", arguments: stores)
    func releaseLease(under: any StoreUnderTest) async throws {
        let clocks = TestClocks()
        let opened = try await under.make(clocks)
        let store = opened.store
        func isGiven(to holder: String) async throws -> Bool {
            let outcome = try await store.acquireLease("leader", holder: holder, for: .seconds(10), now: clocks.date)
            if case .held = outcome { return true }
            return false
        }
        #expect(try await isGiven(to: "a"))
        try await store.releaseLease("leader", holder: "b")
        #expect(try await isGiven(to: "b") == false)
        try await store.releaseLease("leader", holder: "a")
        #expect(try await isGiven(to: "b"))
    }

    @Test("of many who ask for a lease at once, one gets it", arguments: stores)
    func leaseRace(under: any StoreUnderTest) async throws {
        let clocks = TestClocks()
        let opened = try await under.make(clocks)
        let others = [opened.store, try await opened.another()]
        let now = clocks.date
        let held = try await withThrowingTaskGroup(of: Bool.self) { group in
            for holder in 0..<16 {
                group.addTask {
                    let outcome = try await others[holder % 2].acquireLease(
                        "leader", holder: "\(holder)", for: .seconds(10), now: now)
                    if case .held = outcome { return true }
                    return false
                }
            }
            return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        #expect(held == 1)
    }
}

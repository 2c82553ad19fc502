// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import ResourceStore
import Testing

@Suite("Every store: reserving")
struct ReservationContractTests {
    @Test("the same id twice is one reservation with one token; tokens grow", arguments: stores)
    func idempotent(under: any StoreUnderTest) async throws {
        let clocks = TestClocks()
        let opened = try await under.make(clocks)
        let caps = ReservationCaps(perRun: 2)
        let a = Reservation.sample("a", at: clocks.date)
        let first = try await opened.store.reserve(a, caps: caps)
        let second = try await opened.store.reserve(.sample("b", at: clocks.date), caps: caps)
        #expect(try await opened.store.reserve(a, caps: caps) == first)
        #expect(try #require(second.token) > #require(first.token))
        #expect(try await opened.store.reservations(run: "run-1").map(\.reservation.id) == ["a", "b"])
    }

    @Test("a run gets no more than its cap, and the refusal says the numbers", arguments: stores)
    func perRun(under: any StoreUnderTest) async throws {
        let clocks = TestClocks()
        let opened = try await under.make(clocks)
        let caps = ReservationCaps(perRun: 1)
        #expect(try await opened.store.reserve(.sample("a", at: clocks.date), caps: caps).token != nil)
        let refusal = try await opened.store.reserve(.sample("b", at: clocks.date), caps: caps).refusal
        #expect(refusal?.contains("1 of at most 1") == true)
        #expect(try await opened.store.reserve(.sample("c", run: "run-2", at: clocks.date), caps: caps).token != nil)
    }

    @Test("what is released was never there", arguments: stores)
    func release(under: any StoreUnderTest) async throws {
        let clocks = TestClocks()
        let opened = try await under.make(clocks)
        let caps = ReservationCaps(perRun: 1, perDay: 1)
        let first = try await opened.store.reserve(.sample("a", at: clocks.date), caps: caps)
        try await opened.store.release(reservation: "a")
        try await opened.store.release(reservation: "a")
        let again = try await opened.store.reserve(.sample("a", at: clocks.date), caps: caps)
        #expect(try #require(again.token) > #require(first.token))
    }

    @Test("a target that a run holds is refused to others until that run has finished", arguments: stores)
    func oneHolder(under: any StoreUnderTest) async throws {
        let clocks = TestClocks()
        let opened = try await under.make(clocks)
        let caps = ReservationCaps(perRun: 5)
        _ = try await opened.store.reserve(.sample("a", run: "one", target: "i-1", at: clocks.date), caps: caps)
        let other = Reservation.sample("b", run: "two", target: "i-1", at: clocks.date)
        #expect(try await opened.store.reserve(other, caps: caps).refusal?.contains("one") == true)
        try await opened.store.finish(run: "one")
        #expect(try await opened.store.reserve(other, caps: caps).token != nil)
    }

    @Test("a finished run gets nothing more, not even what it held", arguments: stores)
    func finished(under: any StoreUnderTest) async throws {
        let clocks = TestClocks()
        let opened = try await under.make(clocks)
        let caps = ReservationCaps(perRun: 5)
        let held = Reservation.sample("a", at: clocks.date)
        _ = try await opened.store.reserve(held, caps: caps)
        try await opened.store.finish(run: "run-1")
        try await opened.store.finish(run: "run-1")
        #expect(try await opened.store.reserve(held, caps: caps).refusal?.contains("finished") == true)
        let new = try await opened.store.reserve(.sample("b", at: clocks.date), caps: caps)
        #expect(new.refusal?.contains("finished") == true)
        #expect(try await opened.store.reservations(run: "run-1").map(\.isFinished) == [true])
    }

    @Test("an id that is held for one target is not given for another", arguments: stores)
    func otherTarget(under: any StoreUnderTest) async throws {
        let clocks = TestClocks()
        let opened = try await under.make(clocks)
        let store = opened.store
        _ = try await store.reserve(.sample("a", target: "i-1", at: clocks.date), caps: ReservationCaps(perRun: 5))
        let other = Reservation.sample("a", target: "i-2", at: clocks.date)
        #expect(
            await storeErrorCode { _ = try await store.reserve(other, caps: ReservationCaps(perRun: 5)) } == .invalid)
    }

    @Test("a group's cap counts runs that are under way", arguments: stores)
    func perGroup(under: any StoreUnderTest) async throws {
        let clocks = TestClocks()
        let opened = try await under.make(clocks)
        let caps = ReservationCaps(perRun: 5, perGroup: 1)
        func ask(_ id: String, run: String, group: String) async throws -> ReservationOutcome {
            try await opened.store.reserve(.sample(id, run: run, group: group, at: clocks.date), caps: caps)
        }
        #expect(try await ask("a", run: "one", group: "web").token != nil)
        #expect(try await ask("b", run: "two", group: "web").refusal?.contains("web") == true)
        #expect(try await ask("c", run: "two", group: "api").token != nil)
        try await opened.store.finish(run: "one")
        #expect(try await ask("b", run: "two", group: "web").token != nil)
    }

    @Test("a day's cap counts finished runs, for 24 hours", arguments: stores)
    func perDay(under: any StoreUnderTest) async throws {
        let clocks = TestClocks()
        let opened = try await under.make(clocks)
        let caps = ReservationCaps(perRun: 5, perDay: 1)
        _ = try await opened.store.reserve(.sample("a", run: "one", at: clocks.date), caps: caps)
        try await opened.store.finish(run: "one")
        clocks.pass(.seconds(86_399))
        let b = try await opened.store.reserve(.sample("b", run: "two", at: clocks.date), caps: caps)
        #expect(b.refusal?.contains("24 hours") == true)
        clocks.pass(.seconds(1))
        #expect(try await opened.store.reserve(.sample("b", run: "two", at: clocks.date), caps: caps).token != nil)
    }

    @Test("setting the date opens no day", arguments: stores, [Duration.seconds(-400_000), .seconds(400_000)])
    func setDate(under: any StoreUnderTest, by jump: Duration) async throws {
        let clocks = TestClocks()
        let opened = try await under.make(clocks)
        let caps = ReservationCaps(perRun: 5, perDay: 1)
        _ = try await opened.store.reserve(.sample("a", run: "one", at: clocks.date), caps: caps)
        clocks.setDate(by: jump)
        try await opened.store.finish(run: "one")
        #expect(try await opened.store.reserve(.sample("b", run: "two", at: clocks.date), caps: caps).refusal != nil)
    }

    @Test("the caps hold under eight writers at once", arguments: stores)
    func concurrent(under: any StoreUnderTest) async throws {
        let clocks = TestClocks()
        let opened = try await under.make(clocks)
        let others = [opened.store, try await opened.another()]
        let caps = ReservationCaps(perRun: 7, perDay: 12, perGroup: 10)
        let tokens = try await withThrowingTaskGroup(of: Int64?.self) { group in
            for writer in 0..<8 {
                for attempt in 0..<10 {
                    let asked = Reservation.sample(
                        "\(writer)-\(attempt)", run: "run-\(writer % 2)", group: "web", at: clocks.date)
                    group.addTask { try await others[writer % 2].reserve(asked, caps: caps).token }
                }
            }
            return try await group.reduce(into: [Int64]()) { $0 += $1.map { [$0] } ?? [] }
        }
        #expect(tokens.count == 10)
        #expect(Set(tokens).count == 10)
        for run in ["run-0", "run-1"] { #expect(try await opened.store.reservations(run: run).count <= 7) }
    }
}

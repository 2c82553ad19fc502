// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import ResourceStore
import TestSupport
import Testing

@testable import ExperimentControl

@Suite("a schedule after a clock that was far ahead")
struct ScheduleClockAheadTests {
    private let wrong = at("2027-11-24T11:00Z")

    /// A schedule of which a clock a year ahead made one run, put right again.
    private func bench(_ change: (inout ScheduleSpec) -> Void = { _ in }) async throws -> ScheduleBench {
        let bench = try await ScheduleBench("2026-11-24T10:00Z")
        try await bench.prepare {
            $0.cron = "0 * * * *"
            $0.concurrency = .allow
            change(&$0)
        }
        await bench.turn(at("2026-11-24T10:00Z"))
        await bench.turn(wrong)
        #expect(try await bench.slots() == ["2027-11-24T11:00Z"])
        try await bench.finishRuns()
        await bench.turn(at("2026-11-24T10:10Z"))
        return bench
    }

    private func giveUp(_ bench: ScheduleBench, _ time: Timestamp) async throws {
        var schedule = try await bench.schedule()
        schedule.metadata.annotations = ["rebound.chaos/clock-was-ahead": time.description]
        _ = try await bench.store.update(schedule)
    }

    @Test("it waits, says so, and says word for word how to go on")
    func says() async throws {
        let bench = try await bench()
        await bench.turn(at("2026-11-24T11:00Z"))
        #expect(try await bench.slots().count == 1)
        let ready = try #require(try await bench.condition("Ready"))
        #expect(ready.reason == "ClockBehind")
        let handled = try #require(try await bench.schedule().status?.handledUntil)
        #expect(ready.message.contains("rebound.chaos/clock-was-ahead=\(handled)"))
    }

    @Test("told so, it goes on from now: nothing is made up for, and no slot comes twice, also when its time has come")
    func goesOn() async throws {
        let bench = try await bench()
        try await giveUp(bench, try #require(try await bench.schedule().status?.handledUntil))
        #expect(await bench.turn(at("2026-11-24T10:20Z")) == at("2026-11-24T11:00Z"))
        #expect(try await bench.condition("Ready")?.reason == "Following")
        await bench.turn(at("2026-11-24T11:00Z"))
        await bench.turn(at("2026-11-24T11:00Z"))
        #expect(try await bench.slots() == ["2026-11-24T11:00Z", "2027-11-24T11:00Z"])
        await bench.turn(wrong)
        #expect(try await bench.slots().filter { $0 == "2027-11-24T11:00Z" }.count == 1)
    }

    @Test("another time than the status shows gives nothing up, and the word is used once")
    func exact() async throws {
        let bench = try await bench()
        let handled = try #require(try await bench.schedule().status?.handledUntil)
        for time in [handled.advanced(by: .seconds(1)), handled.advanced(by: .seconds(-1)), bench.clock.wall()] {
            try await giveUp(bench, time)
            await bench.turn(at("2026-11-24T10:20Z"))
            #expect(try await bench.condition("Ready")?.reason == "ClockBehind")
        }
        try await giveUp(bench, handled)
        await bench.turn(at("2026-11-24T11:00Z"))
        await bench.turn(at("2026-11-24T12:00Z"))
        let count = try await bench.slots().count
        await bench.turn(at("2026-11-24T10:59Z"))
        #expect(try await bench.condition("Ready")?.reason == "ClockBehind", "set back later, nothing is repeated")
        #expect(try await bench.slots().count == count)
    }

    @Test("history takes no run away whose slot is still to come: it says that the slot was made")
    func keepsFuture() async throws {
        let bench = try await bench { $0.history = ScheduleHistorySpec(passed: 1, notPassed: 1) }
        try await giveUp(bench, try #require(try await bench.schedule().status?.handledUntil))
        for hour in 11...14 {
            await bench.turn(at("2026-11-24T\(hour):00Z"))
            try await bench.finishRuns()
        }
        await bench.turn(at("2026-11-24T14:30Z"))
        #expect(try await bench.slots() == ["2026-11-24T14:00Z", "2027-11-24T11:00Z"])
    }

    @Test("a start that the wrong clock wrote keeps its distance from when the clock was put right, and no longer")
    func distance() async throws {
        let bench = try await bench { $0.minTimeBetween = WrittenDuration(.seconds(3 * 3_600)) }
        try await giveUp(bench, try #require(try await bench.schedule().status?.handledUntil))
        await bench.turn(at("2026-11-24T10:20Z"))
        for hour in 11...13 { await bench.turn(at("2026-11-24T\(hour):00Z")) }
        #expect(try await bench.slots() == ["2027-11-24T11:00Z"])
        #expect(try await bench.skipped().suffix(3).allSatisfy { $0.reason == .minTimeBetween })
        await bench.turn(at("2026-11-24T14:00Z"))
        #expect(try await bench.slots() == ["2026-11-24T14:00Z", "2027-11-24T11:00Z"])
    }
}

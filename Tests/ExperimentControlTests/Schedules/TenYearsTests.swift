// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import Foundation
import Scheduling
import Testing

@testable import ExperimentControl

/// Ten years of schedules, in moments, against what another implementation of time zones says.
@Suite("ten years of a schedule")
struct TenYearsTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var zone: String
        var hour: Int
        var minute: Int
        var firstYear: Int64 = 2026
        var testDescription: String { "\(hour):\(minute) in \(zone) from \(firstYear)" }
    }

    static let cases = [
        Case(zone: "Europe/Berlin", hour: 2, minute: 30), Case(zone: "America/New_York", hour: 1, minute: 30),
        Case(zone: "America/New_York", hour: 2, minute: 0), Case(zone: "Australia/Lord_Howe", hour: 2, minute: 10),
        Case(zone: "Australia/Lord_Howe", hour: 1, minute: 45), Case(zone: "Asia/Kolkata", hour: 5, minute: 45),
        // Samoa left out 30 December 2011.
        Case(zone: "Pacific/Apia", hour: 2, minute: 30, firstYear: 2007),
    ]

    /// The first instant at which Foundation's clocks show a time on a date, or the first after it where they leave it
    /// out: found by looking at every minute.
    private func expected(_ item: Case, _ zone: TimeZone, date: CivilDate) -> Int64 {
        let local = date.daysSinceEpoch * 86_400 + Int64(item.hour * 3_600 + item.minute * 60)
        func shown(_ second: Int64) -> Int64 {
            second + Int64(zone.secondsFromGMT(for: Date(timeIntervalSince1970: Double(second))))
        }
        // Both sides of a change: nothing changes twice within two days.
        let offsets = Set([local - 93_600, local + 93_600].map { shown($0) - $0 })
        if let exact = offsets.map({ local - $0 }).filter({ shown($0) == local }).min() { return exact }
        var second = local - 26 * 3_600
        while shown(second) < local { second += 60 }
        return second
    }

    @Test("each day's slot makes one run, at the instant that Foundation's zones give", arguments: cases)
    func exactSlots(item: Case) async throws {
        let first = try #require(CivilDate(year: item.firstYear, month: 1, day: 1))
        let start = Timestamp(nanosecondsSinceEpoch: first.daysSinceEpoch * 86_400_000_000_000)
        var controller = SimulatedController(from: start, zone: item.zone) {
            $0.cron = "\(item.minute) \(item.hour) * * *"
            $0.history = ScheduleHistorySpec(passed: 2, notPassed: 1)
        }
        await controller.follow(from: start, until: start.advanced(by: .seconds(3_653 * 86_400)))
        let zone = try #require(TimeZone(identifier: item.zone))
        let days = (first.daysSinceEpoch - 1)...(first.daysSinceEpoch + 3_654)
        let all = days.map { expected(item, zone, date: CivilDate(daysSinceEpoch: $0)) }
        let begin = start.nanosecondsSinceEpoch / 1_000_000_000
        let wanted = Set(all).sorted().filter { $0 > begin && $0 <= begin + 3_653 * 86_400 }
        let made = controller.made.map { $0.slot.nanosecondsSinceEpoch / 1_000_000_000 }
        // The last look may lie just before the end.
        #expect(made == Array(wanted.prefix(made.count)))
        #expect((wanted.count - 1...wanted.count).contains(made.count))
        #expect(made == controller.made.map { $0.at.nanosecondsSinceEpoch / 1_000_000_000 })
        #expect(controller.skipped.isEmpty, "\(controller.skipped.first ?? "")")
    }

    @Test("downtime, crashes and clocks set back and forward: no slot twice, no burst, none late", arguments: 1...4)
    func disturbed(seed: UInt64) async throws {
        let start = at("2026-01-01T00:00Z")
        var controller = SimulatedController(from: start, zone: "Europe/Berlin") {
            $0.cron = "15 */3 * * *"
            $0.startingDeadline = WrittenDuration(.seconds(1_800))
            $0.history = ScheduleHistorySpec(passed: 3, notPassed: 1)
        }
        let reader = ScheduleTimesReader()
        var chance = SeededGenerator(seed: seed)
        var now = start
        var looks = 0
        while now < start.advanced(by: .seconds(300 * 86_400)) {
            let before = controller.made.count
            let dice = Int.random(in: 0..<100, using: &chance)
            let wake = await controller.look(at: now, crashes: dice < 10)
            looks += 1
            #expect(controller.made.count - before <= 1)
            if let last = controller.made.last, controller.made.count > before {
                #expect(last.slot <= now && now.since(last.slot) <= .seconds(1_800))
                let times = try await reader.times(of: controller.schedule, now: now).get()
                #expect(times.targets[0].source.nextSlot(after: last.slot.advanced(by: .seconds(-1))) == last.slot)
            }
            switch dice {
            case 0..<10: now = now.advanced(by: .seconds(1))
            case 10..<20: now = now.advanced(by: .seconds(Int64.random(in: 0..<100_000, using: &chance)))
            case 20..<25: now = now.advanced(by: .seconds(-Int64.random(in: 0..<20_000, using: &chance)))
            default: now = max(wake ?? now, now.advanced(by: .seconds(1)))
            }
        }
        #expect(looks > 1_000, "SEED=\(seed)")
        #expect(controller.made.count > 900, "SEED=\(seed): \(controller.made.count) runs")
    }

    @Test("Chaos Monkey's kills come at the rate of each group, and never within the least distance of another")
    func randomKills() async throws {
        let start = at("2026-01-01T00:00Z")
        let end = start.advanced(by: .seconds(3_652 * 86_400))
        func monkey(_ least: WrittenDuration?) async -> SimulatedController {
            var controller = SimulatedController(from: start, zone: "America/New_York") {
                $0.probabilityPerDay = 0.5
                $0.groups = [ScheduledGroup(name: "web"), ScheduledGroup(name: "api", probabilityPerDay: 0.1)]
                $0.businessDays = [.mon, .tue, .wed, .thu, .fri]
                $0.windows = [WindowSpec(days: nil, from: "09:00", to: "15:00")]
                $0.concurrency = .allow
                $0.minTimeBetween = least
            }
            await controller.follow(from: start, until: end)
            return controller
        }
        let free = await monkey(nil)
        // 2,609 working days; 3.3 standard deviations, which a true rate exceeds once in a thousand.
        for (group, chance) in [("web", 0.5), ("api", 0.1)] {
            let count = Double(free.made.filter { $0.target == group }.count)
            let deviation = (2_609 * chance * (1 - chance)).squareRoot()
            #expect(abs(count - 2_609 * chance) <= 3.3 * deviation, "\(group): \(count)")
        }
        let held = await monkey(WrittenDuration(.seconds(3 * 86_400)))
        for group in ["web", "api"] {
            let times = held.made.filter { $0.target == group }.map(\.at)
            #expect(zip(times, times.dropFirst()).allSatisfy { $1.since($0) >= .seconds(3 * 86_400) })
        }
        #expect(held.made.count > 600)
        #expect(held.skipped.contains { $0.hasPrefix("minTimeBetween") })
    }
}

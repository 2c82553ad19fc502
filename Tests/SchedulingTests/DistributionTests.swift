// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import Glibc
import Scheduling
import Testing

/// Rate and spread of random slots over ten years against the stated distributions. Seeds are fixed, so a pass is a
/// pass for good; the bounds are those at which a true distribution would fail one seed in a thousand.
@Suite("The distribution of random slots")
struct DistributionTests {
    private static let first = CivilDate(year: 2026, month: 1, day: 1)?.daysSinceEpoch ?? 0
    private static let days = first..<(first + 3_652)

    private func hours(from: String = "09:00", to: String = "15:00") throws -> OpenHours {
        var spec = ScheduleSpec(experiment: "web", timeZone: "UTC")
        spec.businessDays = [.mon, .tue, .wed, .thu, .fri]
        spec.windows = [WindowSpec(days: nil, from: from, to: to)]
        spec.holidayCalendars = [
            HolidayCalendarSpec(name: "a", rules: [HolidayRuleSpec(name: "Christmas", when: "december 25")])
        ]
        return try OpenHours(spec, years: 2025...2036)
    }

    /// The largest distance between the empirical and the stated distribution (Kolmogorov and Smirnov), times the root
    /// of the count: at most 1.95 in all but one of a thousand (M. A. Stephens, JASA 69, 1974, for known parameters).
    private func distance(_ values: [Double]) -> Double {
        let sorted = values.sorted()
        let count = Double(sorted.count)
        let gaps = sorted.enumerated().map { index, value in
            max(value - Double(index) / count, Double(index + 1) / count - value)
        }
        return (gaps.max() ?? 1) * count.squareRoot()
    }

    @Test("the test of distributions sees one that is wrong")
    func instrument() {
        let even = (0..<600).map { (Double($0) + 0.5) / 600 }
        #expect(distance(even) < 0.1)
        #expect(distance(even.map { $0 * $0 }) > 1.95)
        #expect(distance(even.map { $0 * 0.85 }) > 1.95)
    }

    @Test(
        "with a chance per day, each open day has a slot with that chance, evenly over its window",
        arguments: [0.05, 0.2, 0.75])
    func perDay(probability: Double) throws {
        let (rules, hours) = (try zone("America/New_York"), try hours())
        let slots = RandomSlots(.perDay(probability), zone: rules, hours: hours, seed: 17)
        var (open, weekdays, places) = (0, [Double](repeating: 0, count: 5), [Double]())
        for day in Self.days {
            let stretches = hours.stretches(beginningOn: day, rules)
            let found = slots.slots(on: day)
            guard let begin = stretches.first?.lowerBound else {
                #expect(found.isEmpty)
                continue
            }
            open += 1
            #expect(found.count <= 1)
            guard let slot = found.first else { continue }
            places.append((Double(slot - begin) + 0.5) / 21_600)
            weekdays[Int(CivilDate(daysSinceEpoch: day).weekday)] += 1
        }
        let (count, expected) = (Double(places.count), Double(open) * probability)
        let deviation = (expected * (1 - probability)).squareRoot()
        #expect(abs(count - expected) <= 3.3 * deviation, "\(count) slots, \(expected) expected")
        #expect(distance(places) <= 1.95, "\(distance(places))")
        // Chi-square with 4 degrees of freedom: above 18.47 once in a thousand.
        let each = count / 5
        #expect(weekdays.reduce(0) { $0 + ($1 - each) * ($1 - each) / each } <= 18.47, "\(weekdays)")
    }

    @Test("groups are drawn independently of each other, each with its own chance")
    func groups() throws {
        var spec = ScheduleSpec(experiment: "web", timeZone: "Europe/Berlin")
        spec.probabilityPerDay = 0.5
        spec.groups = [ScheduledGroup(name: "web"), ScheduledGroup(name: "api", probabilityPerDay: 0.3)]
        let times = try ScheduleTimes(spec, identity: "uid-1", zone: try zone("Europe/Berlin"), around: 2026)
        let days = times.targets.map { target -> Set<Int64> in
            let begin = Timestamp(nanosecondsSinceEpoch: Self.days.lowerBound * 86_400_000_000_000)
            let slots = target.source.slots(after: begin, through: begin.advanced(by: .seconds(3_652 * 86_400)))
            return Set(slots.map { ($0.nanosecondsSinceEpoch / 1_000_000_000 + 3_600) / 86_400 })
        }
        let expected = [0.5, 0.3].map { $0 * 3_652 }
        #expect(abs(Double(days[0].count) - expected[0]) <= 3.3 * (3_652 * 0.25).squareRoot() + 2)
        #expect(abs(Double(days[1].count) - expected[1]) <= 3.3 * (3_652 * 0.21).squareRoot() + 2)
        let both = Double(days[0].intersection(days[1]).count)
        #expect(abs(both - 3_652 * 0.15) <= 3.3 * (3_652 * 0.15 * 0.85).squareRoot() + 2, "\(both)")
    }

    @Test(
        "with a mean time between, distances in open time are exponential with that mean", arguments: [3_600, 40_000])
    func mean(seconds: Int64) throws {
        let (rules, hours) = (try zone("Europe/Berlin"), try hours(from: "20:00", to: "03:00"))
        let slots = RandomSlots(.mean(.seconds(seconds)), zone: rules, hours: hours, seed: 5)
        var (open, last, gaps, count) = (0.0, 0.0, [Double](), 0.0)
        for day in Self.days.prefix(1_200) {
            let found = slots.slots(on: day)
            for stretch in hours.stretches(beginningOn: day, rules) {
                for slot in found where stretch.contains(slot) {
                    let place = open + Double(slot - stretch.lowerBound)
                    gaps.append(1 - exp(-(place - last + 0.5) / Double(seconds)))
                    last = place
                    count += 1
                }
                open += Double(stretch.upperBound - stretch.lowerBound)
            }
            #expect(found == found.sorted())
        }
        let expected = open / Double(seconds)
        #expect(Double(gaps.count) == count)
        #expect(abs(count - expected) <= 3.3 * expected.squareRoot(), "\(count), \(expected) expected")
        #expect(distance(gaps) <= 1.95, "\(distance(gaps))")
    }

    @Test("whoever asks, from whenever, finds the same slots")
    func sameForAll() throws {
        let slots = RandomSlots(
            .mean(.seconds(9_000)), zone: try zone("America/New_York"), hours: try hours(from: "18:00", to: "02:00"),
            seed: 9)
        let begin = Timestamp(nanosecondsSinceEpoch: Self.days.lowerBound * 86_400_000_000_000)
        let all = slots.slots(after: begin, through: begin.advanced(by: .seconds(60 * 86_400)))
        #expect(all.count > 50)
        var chance = SeededGenerator(seed: 1)
        for _ in 0..<300 {
            let instant = begin.advanced(by: .seconds(Int64.random(in: 0..<40 * 86_400, using: &chance)))
            #expect(slots.nextSlot(after: instant) == all.first { $0 > instant })
        }
    }
}

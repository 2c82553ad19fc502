// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import Foundation
import Scheduling
import Testing

/// Random cron expressions against the plainest way to follow one: look at a clock every minute. The clocks are
/// Foundation's, which has zone rules of its own; what an expression means is known from how it was made, not read.
@Suite("Cron against clocks")
struct CronAgainstClocksTests {
    struct Edge: Sendable, CustomTestStringConvertible {
        var zone: String
        var around: String
        var testDescription: String { "\(zone) around \(around)" }
    }

    static let edges = [
        Edge(zone: "Europe/Berlin", around: "2026-03-29T01:00:00Z"),
        Edge(zone: "Europe/Berlin", around: "2028-10-29T01:00:00Z"),
        Edge(zone: "America/New_York", around: "2027-03-14T07:00:00Z"),
        Edge(zone: "America/New_York", around: "2026-11-01T06:00:00Z"),
        Edge(zone: "Australia/Lord_Howe", around: "2026-10-03T15:30:00Z"),
        Edge(zone: "Australia/Lord_Howe", around: "2027-04-03T15:00:00Z"),
        Edge(zone: "Pacific/Apia", around: "2011-12-30T10:00:00Z"),
        Edge(zone: "Asia/Kolkata", around: "2026-02-28T18:30:00Z"),
    ]

    /// One field as text, and the values that it stands for.
    private struct Field {
        var text: String
        var values: Set<Int>

        init(_ range: ClosedRange<Int>, sparse: Bool = false, _ chance: inout SeededGenerator) {
            let first = Int.random(in: range, using: &chance)
            let last = Int.random(in: first...range.upperBound, using: &chance)
            let step = Int.random(in: sparse ? 17...29 : 2...5, using: &chance)
            switch Int.random(in: sparse ? 2...4 : 0...4, using: &chance) {
            case 0: (text, values) = ("*", Set(range))
            case 1: (text, values) = ("\(first)-\(last)", Set(first...last))
            case 2: (text, values) = ("\(first),\(last)", [first, last])
            case 3 where !sparse || range.upperBound > 30:
                (text, values) = ("*/\(step)", Set(stride(from: range.lowerBound, through: range.upperBound, by: step)))
            default: (text, values) = ("\(first)", [first])
            }
        }
    }

    private struct Expression {
        let minute: Field, hour: Field, day: Field, month: Field, weekday: Field
        var text: String { [minute, hour, day, month, weekday].map(\.text).joined(separator: " ") }

        init(_ chance: inout SeededGenerator) {
            minute = Field(0...59, sparse: true, &chance)
            hour = Field(0...23, &chance)
            day = Field(1...31, &chance)
            month = Field(1...12, &chance)
            weekday = Field(0...6, &chance)
        }

        func matches(_ date: CivilDate) -> Bool {
            guard month.values.contains(Int(date.month)) else { return false }
            let ofMonth = day.values.contains(Int(date.day))
            let ofWeek = weekday.values.contains(Int((date.weekday + 1) % 7))
            let either = !day.text.hasPrefix("*") && !weekday.text.hasPrefix("*")
            return either ? ofMonth || ofWeek : ofMonth && ofWeek
        }
    }

    /// What the clock shows at each minute from `begin` on, as seconds as if it were UTC.
    private func shown(from begin: Int64, minutes: Int64, in zone: TimeZone) -> [Int64] {
        (0..<minutes).map { minute in
            let second = begin + minute * 60
            return second + Int64(zone.secondsFromGMT(for: Date(timeIntervalSince1970: Double(second))))
        }
    }

    private func expected(_ expression: Expression, begin: Int64, shown: [Int64], firsts: [Int64: Int]) -> Set<Int64> {
        var found: Set<Int64> = []
        let days = ((shown.min() ?? 0) / 86_400)...((shown.max() ?? 0) / 86_400)
        for day in days where expression.matches(CivilDate(daysSinceEpoch: day)) {
            for hour in expression.hour.values {
                for minute in expression.minute.values {
                    let local = day * 86_400 + Int64(hour * 3_600 + minute * 60)
                    if expression.hour.text.hasPrefix("*") {
                        for index in shown.indices where shown[index] == local {
                            found.insert(begin + Int64(index) * 60)
                        }
                    } else if let index = firsts[local] ?? shown.firstIndex(where: { $0 >= local }) {
                        found.insert(begin + Int64(index) * 60)
                    }
                }
            }
        }
        return found
    }

    @Test("each expression has just the slots that the clock shows, through every change", arguments: edges)
    func random(edge: Edge) throws {
        let middle = try second(edge.around)
        let begin = middle - 4 * 86_400
        let shown = shown(from: begin, minutes: 8 * 1_440, in: try #require(TimeZone(identifier: edge.zone)))
        let firsts = Dictionary(shown.enumerated().map { ($0.element, $0.offset) }, uniquingKeysWith: min)
        let hours = try OpenHours(windows: [], holidays: [])
        let rules = try zone(edge.zone)
        var chance = SeededGenerator(seed: 77)
        var slots = 0
        // A day at each end is left out: there what is shown is cut off.
        let from = Timestamp(nanosecondsSinceEpoch: (middle - 3 * 86_400) * 1_000_000_000)
        let until = from.advanced(by: .seconds(6 * 86_400))
        for _ in 0..<150 {
            let expression = Expression(&chance)
            guard let cron = try? CronExpression(expression.text) else { continue }  // 31 february.
            let calendar = ScheduleCalendar(cron: cron, zone: rules, hours: hours)
            let found = calendar.slots(after: from, through: until)
            let wanted = expected(expression, begin: begin, shown: shown, firsts: firsts)
                .map { Timestamp(nanosecondsSinceEpoch: $0 * 1_000_000_000) }
                .filter { $0 > from && $0 <= until }.sorted()
            #expect(found == wanted, "\(expression.text)")
            if let first = wanted.first { #expect(calendar.nextSlot(after: from) == first, "\(expression.text)") }
            slots += wanted.count
        }
        #expect(slots > 500, "\(slots)")
    }
}

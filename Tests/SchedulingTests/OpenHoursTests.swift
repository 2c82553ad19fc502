// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import Scheduling
import Testing

@Suite("Open hours")
struct OpenHoursTests {
    private func spec(_ change: (inout ScheduleSpec) -> Void) -> ScheduleSpec {
        var spec = ScheduleSpec(experiment: "web", timeZone: "UTC")
        change(&spec)
        return spec
    }

    private func isOpen(_ hours: OpenHours, _ text: String, in name: String = "UTC") throws -> Bool {
        hours.isOpen(at: try second(text), try zone(name))
    }

    @Test("business days say on which days windows begin, also one that wraps midnight")
    func businessDays() throws {
        let hours = try OpenHours(
            spec {
                // Sunday to Thursday.
                $0.businessDays = [.sun, .mon, .tue, .wed, .thu]
                $0.windows = [WindowSpec(days: nil, from: "22:00", to: "02:00")]
            }, years: 2026...2027)
        #expect(try isOpen(hours, "2026-11-26T23:00:00Z"))  // Thursday.
        #expect(try isOpen(hours, "2026-11-27T01:59:59Z"))
        #expect(try !isOpen(hours, "2026-11-27T02:00:00Z"))
        #expect(try !isOpen(hours, "2026-11-27T23:00:00Z"))
        #expect(try !isOpen(hours, "2026-11-28T01:00:00Z"))
        #expect(try isOpen(hours, "2026-11-29T22:00:00Z"))
    }

    @Test("holidays by rule and by calendar close their dates in each year, also what a window reaches into them")
    func holidays() throws {
        let ics =
            "BEGIN:VCALENDAR\nBEGIN:VEVENT\nSUMMARY:inventory\nDTSTART:20260105\nRRULE:FREQ=YEARLY\n"
            + "END:VEVENT\nEND:VCALENDAR\n"
        let hours = try OpenHours(
            spec {
                $0.windows = [WindowSpec(days: WindowSpec.Day.allCases, from: "20:00", to: "04:00")]
                $0.holidayCalendars = [
                    HolidayCalendarSpec(
                        name: "a", rules: [HolidayRuleSpec(name: "Good Friday", when: "easter - 2")], ics: ics)
                ]
            }, years: 2026...2027)
        #expect(
            hours.holiday(on: CivilDate(daysSinceEpoch: try second("2026-04-03T00:00:00Z") / 86_400)) == "Good Friday")
        #expect(try isOpen(hours, "2026-04-02T23:59:59Z"))
        #expect(try !isOpen(hours, "2026-04-03T00:00:00Z"))
        #expect(try !isOpen(hours, "2026-04-03T21:00:00Z"))
        #expect(try !isOpen(hours, "2026-04-04T01:00:00Z"))
        #expect(try !isOpen(hours, "2027-01-05T21:00:00Z"))
        #expect(try isOpen(hours, "2027-01-06T21:00:00Z"))
    }

    @Test(
        "a day's open time is what its clocks show, less the hour left out, with the hour that comes twice",
        arguments: [
            ("Europe/Berlin", "2026-03-29T00:00:00Z", 3), ("Europe/Berlin", "2026-10-25T00:00:00Z", 5),
            ("Europe/Berlin", "2026-06-01T00:00:00Z", 4), ("Asia/Kolkata", "2026-03-29T00:00:00Z", 4),
        ])
    func changes(name: String, day: String, hoursOpen: Int64) throws {
        let hours = try OpenHours(
            windows: [WindowSpec(days: WindowSpec.Day.allCases, from: "00:00", to: "04:00")], holidays: [])
        let stretches = hours.stretches(beginningOn: try second(day) / 86_400, try zone(name))
        #expect(stretches.reduce(0) { $0 + $1.upperBound - $1.lowerBound } == hoursOpen * 3_600)
    }

    @Test(
        "stretches and isOpen agree at every quarter hour of two years",
        arguments: ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "America/St_Johns"])
    func agreement(name: String) throws {
        let rules = try zone(name)
        let hours = try OpenHours(
            spec {
                $0.businessDays = [.mon, .wed, .sat, .sun]
                $0.windows = [
                    WindowSpec(days: nil, from: "22:30", to: "03:15"),
                    WindowSpec(days: [.sun], from: "01:00", to: "02:45"),
                ]
                $0.holidays = ["2026-10-25", "2026-07-13"]
            }, years: 2026...2027)
        let begin = try second("2026-01-01T00:00:00Z")
        let days = (begin / 86_400 - 2)...(begin / 86_400 + 732)
        let open = days.flatMap { hours.stretches(beginningOn: $0, rules) }.sorted { $0.lowerBound < $1.lowerBound }
        var place = 0
        for instant in stride(from: begin, to: begin + 730 * 86_400, by: 900) {
            while place < open.count, open[place].upperBound <= instant { place += 1 }
            let inside = place < open.count && open[place].contains(instant)
            if inside != hours.isOpen(at: instant, rules) {
                Issue.record("\(name) at \(instant): stretches say \(inside)")
            }
        }
    }

    @Test("a calendar with a line that is not understood is refused by name")
    func broken() {
        let broken = spec { $0.holidayCalendars = [HolidayCalendarSpec(name: "office", ics: "BEGIN:VCALENDAR")] }
        let error = #expect(throws: SchedulingError.self) { try OpenHours(broken, years: 2026...2026) }
        #expect(error?.code == .invalidHoliday)
        #expect(error?.message.contains("office") == true)
    }
}

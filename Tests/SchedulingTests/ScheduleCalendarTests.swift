// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import Scheduling
import Testing

private func slots(
    _ cron: String, in name: String, after: String, count: Int, windows: [WindowSpec] = [], holidays: [String] = []
) throws -> [String] {
    let calendar = ScheduleCalendar(
        cron: try CronExpression(cron), zone: try zone(name), hours: try OpenHours(windows: windows, holidays: holidays)
    )
    var instant = try #require(Timestamp(after))
    var found: [String] = []
    while found.count < count, let next = calendar.nextSlot(after: instant) {
        #expect(instant < next)
        found.append(String(next.description.prefix(16)))
        instant = next
    }
    return found
}

@Suite("Schedules")
struct ScheduleCalendarTests {
    @Test("slots come as crontab(5) says")
    func plain() throws {
        let from = "2026-11-24T05:30:00.5Z"
        #expect(
            try slots("*/20 6 * * *", in: "UTC", after: from, count: 4)
                == ["2026-11-24T06:00", "2026-11-24T06:20", "2026-11-24T06:40", "2026-11-25T06:00"])
        #expect(
            try slots("30 9 * * mon-fri", in: "Europe/Madrid", after: from, count: 5).map { $0.suffix(8) }
                == ["24T08:30", "25T08:30", "26T08:30", "27T08:30", "30T08:30"])
        // Both day fields restricted: either matches. 2026-11-30 is a Monday.
        #expect(
            try slots("0 0 1,13 * 1", in: "UTC", after: from, count: 4).map { $0.prefix(10) }
                == ["2026-11-30", "2026-12-01", "2026-12-07", "2026-12-13"])
        #expect(try slots("0 0 29 feb *", in: "UTC", after: "2097-01-01T00:00:00Z", count: 1) == ["2104-02-29T00:00"])
        #expect(try slots("0 12 * * 7", in: "UTC", after: from, count: 1) == ["2026-11-29T12:00"])
    }

    @Test(
        "a slot in the hour that is left out comes once, when the clocks have changed",
        arguments: [
            ("Europe/Madrid", "2026-03-28T12:00:00Z", "03-29T01:00"),
            ("America/New_York", "2026-03-07T12:00:00Z", "03-08T07:00"),
            ("Australia/Lord_Howe", "2026-10-03T00:00:00Z", "10-03T15:30"),
        ])
    func missingHour(name: String, after: String, expected: String) throws {
        let minutes = name == "Australia/Lord_Howe" ? "5,10,20" : "10,30,50"
        let found = try slots("\(minutes) 2 * * *", in: name, after: after, count: 2)
        #expect(found[0].hasSuffix(expected), "\(found)")
        #expect(found[1].prefix(10) > found[0].prefix(10) || name == "Australia/Lord_Howe", "\(found)")
    }

    @Test(
        "a slot in the hour that comes twice comes the first time only",
        arguments: [
            ("Europe/Madrid", "2026-10-24T12:00:00Z", ["10-25T00:30", "10-26T01:30"]),
            ("America/New_York", "2026-10-31T12:00:00Z", ["11-01T07:30", "11-02T07:30"]),
            ("Europe/London", "2026-10-24T12:00:00Z", ["10-25T02:30", "10-26T02:30"]),
        ])
    func doubledHour(name: String, after: String, expected: [String]) throws {
        #expect(try slots("30 2 * * *", in: name, after: after, count: 2).map { String($0.suffix(11)) } == expected)
    }

    @Test("in New York 01:30 comes twice and is taken once")
    func doubledInNewYork() throws {
        let found = try slots("30 1 * * *", in: "America/New_York", after: "2026-10-31T12:00:00Z", count: 2)
        #expect(found == ["2026-11-01T05:30", "2026-11-02T06:30"])
    }

    @Test(
        "an expression that goes round the clock is even through both changes",
        arguments: ["2026-03-29T00:00:00Z", "2026-10-25T00:00:00Z"])
    func roundTheClock(after: String) throws {
        let begin = try second(after)
        let calendar = ScheduleCalendar(
            cron: try CronExpression("*/30 * * * *"), zone: try zone("Europe/Madrid"),
            hours: try OpenHours(windows: [], holidays: []))
        var instant = Timestamp(nanosecondsSinceEpoch: begin * 1_000_000_000)
        for step in 1...12 {
            instant = try #require(calendar.nextSlot(after: instant))
            #expect(instant.nanosecondsSinceEpoch == (begin + Int64(step) * 1_800) * 1_000_000_000)
        }
    }

    @Test("slots outside the windows, and on holidays, are left out; a window may wrap midnight")
    func windows() throws {
        let night = WindowSpec(days: [.fri], from: "22:00", to: "02:00")
        let found = try slots(
            "0 * * * *", in: "Europe/Madrid", after: "2026-11-24T00:00:00Z", count: 5, windows: [night])
        #expect(
            found == [
                "2026-11-27T21:00", "2026-11-27T22:00", "2026-11-27T23:00", "2026-11-28T00:00", "2026-12-04T21:00",
            ])
        let withHoliday = try slots(
            "0 * * * *", in: "Europe/Madrid", after: "2026-11-24T00:00:00Z", count: 3, windows: [night],
            holidays: ["2026-11-28"])
        #expect(withHoliday == ["2026-11-27T21:00", "2026-11-27T22:00", "2026-12-04T21:00"])
    }

    @Test("a run that would reach into closed time is seen")
    func reach() throws {
        let utc = try zone("UTC")
        let hours = try OpenHours(
            windows: [WindowSpec(days: [.tue], from: "09:00", to: "17:00")], holidays: ["2026-12-01"])
        let four = try second("2026-11-24T16:00:00Z")
        #expect(hours.isOpen(from: four, for: .seconds(3_599), utc))
        #expect(!hours.isOpen(from: four, for: .seconds(3_600), utc))
        #expect(!hours.isOpen(from: four - 8 * 3_600, for: .seconds(7_200), utc))
        #expect(!hours.isOpen(from: four + 7 * 86_400, for: .seconds(1), utc))
    }

    @Test("a calendar that is never open has no slot")
    func never() throws {
        let closed = [WindowSpec(days: [.sat], from: "10:00", to: "11:00")]
        #expect(try slots("0 12 * * *", in: "UTC", after: "2026-11-24T00:00:00Z", count: 1, windows: closed) == [])
    }

    @Test(
        "an expression that says nothing sure is refused, with the field",
        arguments: [
            ("* * * *", "4 fields"), ("60 * * * *", "minute"), ("* 24 * * *", "hour"), ("* * 0 * *", "day of month"),
            ("* * * 13 *", "month"), ("* * * * 8", "day of week"), ("*/0 * * * *", "minute"), ("5/15 * * * *", "step"),
            ("30-10 * * * *", "backwards"), ("1,,2 * * * *", "minute"), ("* * * * mon-", "day of week"),
            ("+1 * * * *", "minute"), ("1-2-3 * * * *", "minute"), ("0 0 31 feb,apr *", "never"), ("", "0 fields"),
            ("@daily", "1 fields"), ("*/1/2 * * * *", "minute"), ("* * * foo *", "month"),
        ])
    func refused(text: String, names: String) {
        let error = #expect(throws: SchedulingError.self) { try CronExpression(text) }
        #expect(error?.code == .invalidCron)
        #expect(error?.message.contains(names) == true, "\(error?.message ?? "")")
    }

    @Test(
        "windows and holidays that are no such thing are refused",
        arguments: [("9:00", "17:00"), ("09:00", "09:00"), ("24:00", "01:00"), ("09:60", "10:00"), ("aa:00", "10:00")])
    func badWindow(from: String, to: String) {
        let window = WindowSpec(days: [.mon], from: from, to: to)
        #expect(throws: SchedulingError.self) { try OpenHours(windows: [window], holidays: []) }
        #expect(throws: SchedulingError.self) { try OpenHours(windows: [], holidays: ["2026-02-30"]) }
    }
}

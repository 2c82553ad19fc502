// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import ChaosModel

@Suite("iCalendar texts")
struct ICalendarTests {
    /// One event of these lines in a calendar.
    private func event(_ lines: String..., end: String = "\r\n") -> String {
        (["BEGIN:VCALENDAR", "VERSION:2.0", "BEGIN:VEVENT"] + lines + ["END:VEVENT", "END:VCALENDAR", ""])
            .joined(separator: end)
    }

    private func dates(_ text: String, _ years: ClosedRange<Int64> = 2026...2029) throws -> [String] {
        let (calendar, problems) = ICalendar.read(text)
        #expect(problems == [])
        return calendar.holidays(in: years).keys.map(\.description).sorted()
    }

    @Test("a day, several days, and a length close the dates they touch; the end is not among them")
    func spans() throws {
        #expect(try dates(event("DTSTART;VALUE=DATE:20261225")) == ["2026-12-25"])
        #expect(
            try dates(event("DTSTART;VALUE=DATE:20261225", "DTEND;VALUE=DATE:20261227")) == [
                "2026-12-25", "2026-12-26",
            ])
        #expect(try dates(event("DTSTART;VALUE=DATE:20261231", "DURATION:P2D")) == ["2026-12-31", "2027-01-01"])
        #expect(try dates(event("DTSTART;TZID=Europe/Paris:20260701T120000", "DURATION:PT13H")) == ["2026-07-01"])
        #expect(
            try dates(event("DTSTART:20260701T120000Z", "DTEND:20260702T000001Z")) == ["2026-07-01", "2026-07-02"])
        #expect(try dates(event("DTSTART:20260701T000000Z", "DTEND:20260702T000000Z")) == ["2026-07-01"])
    }

    @Test("an event that reaches over new year closes days of both years")
    func newYear() throws {
        let text = event("DTSTART:20251230", "DURATION:P4D", "RRULE:FREQ=YEARLY")
        #expect(try dates(text, 2027...2027) == ["2027-01-01", "2027-01-02", "2027-12-30", "2027-12-31"])
    }

    @Test(
        "yearly rules repeat as RFC 5545 says",
        arguments: [
            ("20260101", "FREQ=YEARLY", ["2026-01-01", "2027-01-01", "2028-01-01", "2029-01-01"]),
            ("20260101", "FREQ=YEARLY;COUNT=2", ["2026-01-01", "2027-01-01"]),
            ("20260101", "FREQ=YEARLY;UNTIL=20280101", ["2026-01-01", "2027-01-01", "2028-01-01"]),
            ("20260101", "FREQ=YEARLY;UNTIL=20271231T235959Z", ["2026-01-01", "2027-01-01"]),
            ("20260101", "FREQ=YEARLY;INTERVAL=3", ["2026-01-01", "2029-01-01"]),
            ("20240229", "FREQ=YEARLY", ["2028-02-29"]),
            ("20260525", "FREQ=YEARLY;BYMONTH=5;BYDAY=-1MO", ["2026-05-25", "2027-05-31", "2028-05-29", "2029-05-28"]),
            ("20261126", "FREQ=YEARLY;BYDAY=4TH;BYMONTH=11", ["2026-11-26", "2027-11-25", "2028-11-23", "2029-11-22"]),
            ("20260630", "FREQ=YEARLY;BYMONTH=6;BYMONTHDAY=-1;COUNT=2", ["2026-06-30", "2027-06-30"]),
            ("20260102", "FREQ=YEARLY;BYDAY=1FR;COUNT=3", ["2026-01-02", "2027-01-01", "2028-01-07"]),
            ("20261113", "FREQ=YEARLY;BYMONTHDAY=13;BYDAY=FR;COUNT=3", ["2026-11-13", "2027-08-13", "2028-10-13"]),
            ("20260301", "FREQ=YEARLY;BYMONTH=3,4;COUNT=3", ["2026-03-01", "2026-04-01", "2027-03-01"]),
        ])
    func yearly(start: String, rule: String, expected: [String]) throws {
        #expect(try dates(event("DTSTART;VALUE=DATE:\(start)", "RRULE:\(rule)")) == expected)
    }

    @Test("dates may be added and taken out, and cancelled events close nothing")
    func exceptions() throws {
        let text = event(
            "DTSTART:20260101", "RRULE:FREQ=YEARLY", "EXDATE;VALUE=DATE:20270101,20280101", "RDATE:20260105")
        #expect(try dates(text) == ["2026-01-01", "2026-01-05", "2029-01-01"])
        let cancelled = event("DTSTART:20260101", "STATUS:CANCELLED")
        #expect(ICalendar.read(cancelled).calendar.holidays(in: 2026...2026).isEmpty)
    }

    @Test("folded lines, either line end, quotes and escapes are read, and inner components are not ours")
    func lines() throws {
        for end in ["\r\n", "\n"] {
            let text = event(
                "SUMMARY;X-NOTE=\"a:b;c\":Christmas\\, fir", " st day", "DTSTART;VALUE=DA", "\tTE:20261225",
                "BEGIN:VALARM", "DTSTART:20300101", "TRIGGER:-PT15M", "END:VALARM", end: end)
            let (calendar, problems) = ICalendar.read(text)
            #expect(problems == [])
            let date = try #require(CivilDate(year: 2026, month: 12, day: 25))
            #expect(calendar.holidays(in: 2026...2030) == [date: "Christmas, first day"])
        }
    }

    @Test(
        "what is not understood is a problem with its line, never passed over",
        arguments: [
            ("DTSTART:20260230", 4, "no date"), ("DTSTART;VALUE=DATE", 4, "no content line"),
            ("SUMMARY:x", 3, "no DTSTART"), ("DTSTART:20260101\r\nRRULE:FREQ=WEEKLY", 5, "WEEKLY"),
            ("DTSTART:20260101\r\nRRULE:FREQ=YEARLY;BYSETPOS=1", 5, "BYSETPOS"),
            ("DTSTART:20260101\r\nRRULE:FREQ=YEARLY;BYMONTH=13", 5, "BYMONTH"),
            ("DTSTART:20260101\r\nRRULE:FREQ=YEARLY;COUNT=99999999999999999999", 5, "COUNT"),
            ("DTSTART:20260101\r\nRRULE:COUNT=2", 5, "FREQ"), ("DTSTART:20260102\r\nDTEND:20260101", 3, "before"),
            ("DTSTART:20260101\r\nDTEND:20270101", 3, "at most 62"), ("DTSTART:20260101\r\nDURATION:P", 5, "DURATION"),
            ("DTSTART:20260101\r\nDURATION:P99999999999D", 5, "DURATION"),
            ("DTSTART:20260101\r\nDTSTART:20260102", 5, "twice"),
            ("DTSTART:20260101\r\nEND:VCALENDAR", 5, "ends nothing"),
        ])
    func problems(lines: String, line: Int, words: String) {
        let problems = ICalendar.read(event(lines)).problems
        #expect(problems.contains { $0.line == line && $0.message.contains(words) }, "\(problems)")
    }

    @Test("texts that are no calendar, or have no end, are refused")
    func broken() {
        for text in [
            "", "hello", "BEGIN:VCALENDAR\nEND:VCALENDAR\n", "BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART:20260101",
        ] {
            #expect(ICalendar.read(text).problems != [], "\(text)")
        }
        let huge = String(repeating: "BEGIN:VCALENDAR\n", count: 5_000)
        #expect(ICalendar.read(huge).problems.count == 1)
        let deep = String(repeating: "BEGIN:VCALENDAR\n", count: 4_000)
        #expect((1...20).contains(ICalendar.read(deep).problems.count))
    }

    @Test("a hostile text within the bounds costs little and closes no more than there are days")
    func hostile() {
        let one = "BEGIN:VEVENT\nDTSTART:00010101\nDURATION:P62D\nRRULE:FREQ=YEARLY;BYDAY=MO,TU,WE\nEND:VEVENT\n"
        let text = "BEGIN:VCALENDAR\n" + String(repeating: one, count: 20) + "END:VCALENDAR\n"
        let (calendar, problems) = ICalendar.read(text)
        #expect(problems == [])
        #expect(calendar.holidays(in: 2026...2027).count == 730)
    }

    @Test("cut off or changed anywhere, a calendar is read or refused, and never closes a year")
    func mutations() throws {
        let text = Array(
            event(
                "SUMMARY:a", "DTSTART;VALUE=DATE:20261225", "DTEND:20261227", "RRULE:FREQ=YEARLY;BYDAY=2MO", end: "\n"
            )
            .utf8)
        for index in text.indices {
            _ = ICalendar.read(String(decoding: text[..<index], as: UTF8.self))
            for byte in [0, 10, 32, 45, 48, 57, 58, 59, 61, 255] as [UInt8] {
                var changed = text
                changed[index] = byte
                let (calendar, _) = ICalendar.read(String(decoding: changed, as: UTF8.self))
                #expect(calendar.holidays(in: 2027...2027).count <= 366)
            }
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import ChaosModel

@Suite("Holiday rules")
struct HolidayRuleTests {
    @Test(
        "a rule gives the day that the calendar of that year shows",
        arguments: [
            ("2026-12-25", 2026, "2026-12-25"), ("december 25", 2031, "2031-12-25"),
            ("february 29", 2028, "2028-02-29"),
            ("last monday of may", 2026, "2026-05-25"), ("first monday of september", 2026, "2026-09-07"),
            ("fourth thursday of november", 2026, "2026-11-26"), ("third monday of january", 2027, "2027-01-18"),
            ("monday before may 25", 2026, "2026-05-18"), ("saturday after june 19", 2026, "2026-06-20"),
            ("saturday after june 20", 2026, "2026-06-27"), ("sunday before january 1", 2027, "2026-12-27"),
            ("easter", 2026, "2026-04-05"), ("easter + 1", 2026, "2026-04-06"), ("easter - 2", 2027, "2027-03-26"),
            ("easter + 50", 2026, "2026-05-25"), ("orthodox easter + 1", 2026, "2026-04-13"),
        ])
    func dates(rule: String, year: Int64, date: String) throws {
        #expect(try #require(HolidayRule(rule)).date(in: year)?.description == date)
    }

    /// From the tables in Meeus; the earliest and the latest date that occur are among them.
    @Test(
        "Easter falls where it is published",
        arguments: [
            (1961, "1961-04-02"), (2008, "2008-03-23"), (2024, "2024-03-31"), (2025, "2025-04-20"),
            (2027, "2027-03-28"), (2030, "2030-04-21"), (2038, "2038-04-25"), (2285, "2285-03-22"),
        ])
    func easter(year: Int64, date: String) {
        #expect(CivilDate.easter(year, isOrthodox: false).description == date)
    }

    @Test(
        "Orthodox Easter falls where it is published",
        arguments: [
            (2016, "2016-05-01"), (2017, "2017-04-16"), (2024, "2024-05-05"), (2025, "2025-04-20"),
            (2027, "2027-05-02"), (2030, "2030-04-28"),
        ])
    func orthodoxEaster(year: Int64, date: String) {
        #expect(CivilDate.easter(year, isOrthodox: true).description == date)
    }

    @Test("a year without the day has none")
    func missing() {
        #expect(HolidayRule("february 29")?.date(in: 2027) == nil)
        #expect(HolidayRule("2026-12-25")?.date(in: 2027) == nil)
    }

    @Test(
        "what is no rule is refused",
        arguments: [
            "", " ", "christmas", "2026-02-30", "december 32", "december", "25 december", "last mon of may",
            "fifth monday of may", "last monday of", "last monday in may", "monday before", "monday near may 25",
            "easter +1", "easter + 0", "easter + 121", "easter + -1", "easter  + 1", "orthodox", "orthodox easter +",
            "Easter + 1", "easter + 99999999999999999999", "orthodox easter + 1 2",
        ])
    func refused(text: String) { #expect(HolidayRule(text) == nil) }
}

// SPDX-License-Identifier: Apache-2.0
package import ChaosModel

/// The times at which something may start: inside any of the windows, if there are some, on a business day, and on no
/// holiday.
///
/// A window belongs to the day on which it begins, also where it wraps midnight: business days say on which days
/// windows begin. A holiday closes its whole date, so it cuts off what a window of the day before reaches into it.
package struct OpenHours: Sendable, Equatable {
    /// Minutes after midnight of the day it begins on; an end beyond 24 hours lies on the next day.
    struct Window: Sendable, Equatable {
        var weekdays: Set<Int64>
        var from: Int64
        var to: Int64
    }

    let windows: [Window]
    /// 0 is Monday.
    let businessDays: Set<Int64>
    private let holidays: [CivilDate: String]

    /// A window whose end is not later than its beginning wraps midnight, and its days are those on which it begins.
    /// `24:00` ends a day. Throws `.invalidWindow` and `.invalidHoliday`.
    package init(windows: [WindowSpec], holidays: [String]) throws(SchedulingError) {
        var spec = ScheduleSpec(experiment: "", timeZone: "UTC")
        spec.windows = windows
        spec.holidays = holidays
        try self.init(spec, years: 1_970...1_970)
    }

    /// What a schedule says, with the holidays of these years; later ones have none that come by rule. Cost: a
    /// calendar's events, each in each year. Throws `.invalidWindow` and `.invalidHoliday`.
    package init(_ spec: ScheduleSpec, years: ClosedRange<Int64>) throws(SchedulingError) {
        let business = (spec.businessDays ?? WindowSpec.Day.allCases).map(Self.number)
        var read: [Window] = []
        for window in spec.windows ?? [] { read.append(try Self.window(window, business: Set(business))) }
        var dates: [CivilDate: String] = [:]
        for calendar in spec.holidayCalendars ?? [] {
            dates.merge(try HolidayDates.dates(of: calendar, in: years), uniquingKeysWith: { first, _ in first })
        }
        for holiday in spec.holidays ?? [] { dates[try Self.date(holiday)] = "holiday" }
        windows = read
        businessDays = Set(business)
        holidays = dates
    }

    /// The name of the holiday on a date, if it is one.
    package func holiday(on date: CivilDate) -> String? { holidays[date] }

    /// Whether something may start at this second since 1970.
    package func isOpen(at second: Int64, _ zone: ZoneRules) -> Bool {
        let local = second + zone.offset(at: second)
        let day = zone.localDay(at: second)
        return [day - 1, day].contains { localRanges(beginningOn: $0).contains { $0.contains(local) } }
    }

    /// Whether it stays open all through a run that starts at `second` and takes this long. Looks at each minute.
    package func isOpen(from second: Int64, for duration: Duration, _ zone: ZoneRules) -> Bool {
        let end = second + max(0, duration.components.seconds)
        return isOpen(at: second, zone)
            && stride(from: second, through: end, by: 60).allSatisfy { isOpen(at: $0, zone) }
            && isOpen(at: end, zone)
    }

    private static func number(_ day: WindowSpec.Day) -> Int64 {
        Int64(WindowSpec.Day.allCases.firstIndex(of: day) ?? 0)
    }

    private static func window(_ spec: WindowSpec, business: Set<Int64>) throws(SchedulingError) -> Window {
        let (from, to) = (try minutes(spec.from), try minutes(spec.to))
        let weekdays = Set(spec.days?.map(number) ?? Array(business))
        guard from != to, from < 1_440, !weekdays.isEmpty else {
            throw SchedulingError(
                .invalidWindow, "The window from \(spec.from) to \(spec.to) on \(weekdays.count) days is never open.",
                hint: "Name a day and two different times; a whole day is 00:00 to 24:00.")
        }
        return Window(weekdays: weekdays, from: from, to: to > from ? to : to + 1_440)
    }

    private static func minutes(_ text: String) throws(SchedulingError) -> Int64 {
        let bytes = Array(text.utf8)
        if bytes.count == 5, bytes[2] == UInt8(ascii: ":"), let hour = number(bytes[0...1]),
            let minute = number(bytes[3...4]), minute < 60, hour * 60 + minute <= 1_440
        {
            return hour * 60 + minute
        }
        throw SchedulingError(
            .invalidWindow, "\"\(text)\" is no time of day.", hint: "Write HH:MM from 00:00 to 24:00.")
    }

    private static func date(_ text: String) throws(SchedulingError) -> CivilDate {
        let bytes = Array(text.utf8)
        if bytes.count == 10, bytes[4] == UInt8(ascii: "-"), bytes[7] == UInt8(ascii: "-"),
            let year = number(bytes[0...3]), let month = number(bytes[5...6]), let day = number(bytes[8...9]),
            let date = CivilDate(year: year, month: month, day: day)
        {
            return date
        }
        throw SchedulingError(.invalidHoliday, "\"\(text)\" is no date.", hint: "Write a date such as 2026-12-25.")
    }

    private static func number(_ digits: ArraySlice<UInt8>) -> Int64? {
        guard digits.allSatisfy({ (48...57).contains($0) }) else { return nil }
        return digits.reduce(0) { $0 * 10 + Int64($1 - 48) }
    }
}

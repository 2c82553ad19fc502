// SPDX-License-Identifier: Apache-2.0
package import ChaosModel

/// The times at which something may start: inside any of the windows, if there are some, and on no holiday.
package struct OpenHours: Sendable, Equatable {
    /// Minutes after midnight of the day it begins on; an end beyond 24 hours lies on the next day.
    private struct Window: Sendable, Equatable {
        var weekdays: Set<Int64>
        var from: Int64
        var to: Int64
    }

    private let windows: [Window]
    private let holidays: Set<CivilDate>

    /// A window whose end is not later than its beginning wraps midnight, and its days are those on which it begins.
    /// `24:00` ends a day. Throws `.invalidWindow` and `.invalidHoliday`.
    package init(windows: [WindowSpec], holidays: [String]) throws(SchedulingError) {
        var read: [Window] = []
        for window in windows { read.append(try Self.window(window)) }
        var dates: Set<CivilDate> = []
        for holiday in holidays { dates.insert(try Self.date(holiday)) }
        self.windows = read
        self.holidays = dates
    }

    /// Whether something may start at this second since 1970.
    package func isOpen(at second: Int64, _ zone: ZoneRules) -> Bool {
        let day = zone.localDay(at: second)
        if holidays.contains(CivilDate(daysSinceEpoch: day)) { return false }
        if windows.isEmpty { return true }
        let minute = (second + zone.offset(at: second) - day * 86_400) / 60
        return windows.contains { window in
            let isToday = window.weekdays.contains(Self.weekday(day)) && (window.from..<window.to).contains(minute)
            let sinceYesterday = minute + 1_440
            return isToday
                || window.weekdays.contains(Self.weekday(day - 1)) && (window.from..<window.to).contains(sinceYesterday)
        }
    }

    /// Whether it stays open all through a run that starts at `second` and takes this long. Looks at each minute.
    package func isOpen(from second: Int64, for duration: Duration, _ zone: ZoneRules) -> Bool {
        let end = second + max(0, duration.components.seconds)
        return isOpen(at: second, zone)
            && stride(from: second, through: end, by: 60).allSatisfy { isOpen(at: $0, zone) }
            && isOpen(at: end, zone)
    }

    /// 0 is Monday; 1970-01-01 was a Thursday.
    private static func weekday(_ day: Int64) -> Int64 { ((day + 3) % 7 + 7) % 7 }

    private static func window(_ spec: WindowSpec) throws(SchedulingError) -> Window {
        let (from, to) = (try minutes(spec.from), try minutes(spec.to))
        guard from != to, from < 1_440, !spec.days.isEmpty else {
            throw SchedulingError(
                .invalidWindow, "The window from \(spec.from) to \(spec.to) on \(spec.days.count) days is never open.",
                hint: "Name a day and two different times; a whole day is 00:00 to 24:00.")
        }
        let weekdays = spec.days.compactMap { WindowSpec.Day.allCases.firstIndex(of: $0).map(Int64.init) }
        return Window(weekdays: Set(weekdays), from: from, to: to > from ? to : to + 1_440)
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

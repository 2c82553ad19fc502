// SPDX-License-Identifier: Apache-2.0
import ChaosModel

/// A rule for all years, as the POSIX `TZ` variable writes it (POSIX.1-2024 section 8.3; RFC 9636 section 3.3.1 allows
/// times from -167 to 167 hours): `CET-1CEST,M3.5.0,M10.5.0/3`.
struct DaylightRule: Sendable, Equatable {
    /// The day of a change, and the seconds after its midnight.
    private struct Change: Sendable, Equatable {
        enum Day: Sendable, Equatable {
            /// Week 5 is the last; weekday 0 is Sunday.
            case weekday(month: Int64, week: Int64, weekday: Int64)
            /// 1 to 365, never the 29th of February.
            case dayWithoutLeap(Int64)
            /// 0 to 365.
            case dayOfYear(Int64)
        }

        var day: Day
        var seconds: Int64
    }

    private struct Daylight: Sendable, Equatable {
        var offset: Int64
        var start: Change
        var end: Change
    }

    private let standardOffset: Int64
    private let daylight: Daylight?

    /// Nil when the text is no such rule.
    init?(_ text: String) {
        var reader = RuleReader(text)
        guard reader.skipName(), let west = reader.time(mostHours: 24) else { return nil }
        standardOffset = -west
        if reader.isAtEnd {
            daylight = nil
            return
        }
        guard reader.skipName() else { return nil }
        var offset = standardOffset + 3_600
        if !reader.isNext(",") {
            guard let west = reader.time(mostHours: 24) else { return nil }
            offset = -west
        }
        guard let start = Self.change(&reader), let end = Self.change(&reader), reader.isAtEnd else { return nil }
        daylight = Daylight(offset: offset, start: start, end: end)
    }

    /// Seconds east of UTC.
    func offset(at second: Int64) -> Int64 {
        guard let daylight else { return standardOffset }
        let local = second + standardOffset
        let year = CivilDate(daysSinceEpoch: (local - (local % 86_400 + 86_400) % 86_400) / 86_400).year
        let start = Self.midnight(of: daylight.start.day, year) + daylight.start.seconds - standardOffset
        let end = Self.midnight(of: daylight.end.day, year) + daylight.end.seconds - daylight.offset
        let isDaylight = start < end ? start <= second && second < end : !(end <= second && second < start)
        return isDaylight ? daylight.offset : standardOffset
    }

    private static func midnight(of day: Change.Day, _ year: Int64) -> Int64 {
        let newYear = daysSinceEpoch(year, 1, 1)
        switch day {
        case .dayOfYear(let number): return (newYear + number) * 86_400
        case .dayWithoutLeap(let number):
            let isLeap = CivilDate.daysIn(month: 2, year: year) == 29
            return (newYear + number - 1 + (isLeap && number > 59 ? 1 : 0)) * 86_400
        case .weekday(let month, let week, let weekday):
            let first = daysSinceEpoch(year, month, 1)
            // 1970-01-01 was a Thursday.
            let firstWeekday = ((first + 4) % 7 + 7) % 7
            var day = (weekday - firstWeekday + 7) % 7 + (week - 1) * 7
            while day >= CivilDate.daysIn(month: month, year: year) { day -= 7 }
            return (first + day) * 86_400
        }
    }

    /// A date that exists, as every call here gives it the first of a month.
    private static func daysSinceEpoch(_ year: Int64, _ month: Int64, _ day: Int64) -> Int64 {
        CivilDate(year: year, month: month, day: day)?.daysSinceEpoch ?? 0
    }

    private static func change(_ reader: inout RuleReader) -> Change? {
        guard reader.take(","), let day = day(&reader) else { return nil }
        guard reader.take("/") else { return Change(day: day, seconds: 7_200) }
        guard let seconds = reader.time(mostHours: 167) else { return nil }
        return Change(day: day, seconds: seconds)
    }

    private static func day(_ reader: inout RuleReader) -> Change.Day? {
        if reader.take("M") {
            guard let month = reader.number(1...12), reader.take("."), let week = reader.number(1...5),
                reader.take("."),
                let weekday = reader.number(0...6)
            else { return nil }
            return .weekday(month: month, week: week, weekday: weekday)
        }
        if reader.take("J") { return reader.number(1...365).map(Change.Day.dayWithoutLeap) }
        return reader.number(0...365).map(Change.Day.dayOfYear)
    }
}

private struct RuleReader {
    private var rest: Substring.UTF8View

    init(_ text: String) { rest = Substring(text).utf8 }

    var isAtEnd: Bool { rest.isEmpty }

    func isNext(_ character: Unicode.Scalar) -> Bool { rest.first == UInt8(ascii: character) }

    mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard isNext(character) else { return false }
        rest = rest.dropFirst()
        return true
    }

    /// Three letters or more, or anything between `<` and `>`.
    mutating func skipName() -> Bool {
        if take("<") {
            guard let end = rest.firstIndex(of: UInt8(ascii: ">")) else { return false }
            rest = rest[rest.index(after: end)...]
            return true
        }
        let letters = rest.prefix { (65...90).contains($0) || (97...122).contains($0) }.count
        rest = rest.dropFirst(letters)
        return letters >= 3
    }

    mutating func number(_ range: ClosedRange<Int64>) -> Int64? {
        let digits = rest.prefix(4).prefix { (48...57).contains($0) }
        guard let value = Int64(Substring(digits)), range.contains(value) else { return nil }
        rest = rest.dropFirst(digits.count)
        return value
    }

    /// `[+-]hh[:mm[:ss]]` in seconds.
    mutating func time(mostHours: Int64) -> Int64? {
        let sign: Int64 = take("-") ? -1 : 1
        if sign == 1 { _ = take("+") }
        guard var seconds = number(0...mostHours).map({ $0 * 3_600 }) else { return nil }
        for unit: Int64 in [60, 1] where take(":") {
            guard let value = number(0...59) else { return nil }
            seconds += value * unit
        }
        return sign * seconds
    }
}

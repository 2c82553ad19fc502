// SPDX-License-Identifier: Apache-2.0

/// When a holiday comes, in words: `2026-12-25` once; every year `december 25`, `last monday of may`,
/// `monday before may 25`, `saturday after june 19`, `easter - 2`, `orthodox easter + 1`.
package enum HolidayRule: Sendable, Equatable {
    case once(CivilDate)
    case yearly(month: Int64, day: Int64)
    /// Weekday 0 is Monday. An ordinal from 1 to 4, or -1 for the last.
    case ordinal(Int64, weekday: Int64, month: Int64)
    /// The first such weekday before or after a date, never the date itself.
    case beside(weekday: Int64, isAfter: Bool, month: Int64, day: Int64)
    /// Days after Easter Sunday; negative before it.
    case easter(offset: Int64, isOrthodox: Bool)

    private static let months = [
        "january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november",
        "december",
    ]
    private static let weekdays = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
    private static let ordinals: [String: Int64] = ["first": 1, "second": 2, "third": 3, "fourth": 4, "last": -1]
    /// Further from Easter than this it is no feast that moves with it.
    private static let mostFromEaster: Int64 = 120

    static let rule = TextRule(
        "a date such as 2026-12-25 or december 25, or a rule such as last monday of may, monday before may 25, "
            + "easter - 2 or orthodox easter + 1", maximumLength: 64
    ) { HolidayRule($0) != nil }

    /// Nil when the text is no such rule.
    package init?(_ text: String) {
        let words = text.split(separator: " ", omittingEmptySubsequences: false).map(String.init)
        let found: HolidayRule? =
            switch words.count {
            case 1 where words[0] != "easter": Self.date(words[0]).map(HolidayRule.once)
            case 2 where words[1] != "easter": Self.yearly(words)
            case 4 where words[2] == "of": Self.ordinal(words)
            case 4 where words[1] == "before" || words[1] == "after": Self.beside(words)
            default: Self.easter(words)
            }
        guard let found else { return nil }
        self = found
    }

    /// The day in this year; nil where the year has none, as 29 February.
    package func date(in year: Int64) -> CivilDate? {
        switch self {
        case .once(let date): date.year == year ? date : nil
        case .yearly(let month, let day): CivilDate(year: year, month: month, day: day)
        case .ordinal(let ordinal, let weekday, let month):
            CivilDate.weekday(weekday, ordinal: ordinal, month: month, year: year)
        case .beside(let weekday, let isAfter, let month, let day):
            CivilDate(year: year, month: month, day: day).map { date in
                let there = date.daysSinceEpoch
                let ahead = (weekday - date.weekday + 7) % 7
                let distance = isAfter ? (ahead == 0 ? 7 : ahead) : (ahead == 0 ? -7 : ahead - 7)
                return CivilDate(daysSinceEpoch: there + distance)
            }
        case .easter(let offset, let isOrthodox):
            CivilDate(daysSinceEpoch: CivilDate.easter(year, isOrthodox: isOrthodox).daysSinceEpoch + offset)
        }
    }

    private static func date(_ text: String) -> CivilDate? {
        var reader = DigitReader(text)
        guard let year = reader.digits(4), reader.take("-"), let month = reader.digits(2), reader.take("-"),
            let day = reader.digits(2), reader.isAtEnd
        else { return nil }
        return CivilDate(year: year, month: month, day: day)
    }

    private static func yearly(_ words: [String]) -> HolidayRule? {
        monthAndDay(words[0], words[1]).map { .yearly(month: $0.month, day: $0.day) }
    }

    private static func ordinal(_ words: [String]) -> HolidayRule? {
        guard let ordinal = ordinals[words[0]], let weekday = index(of: words[1], in: weekdays),
            let month = index(of: words[3], in: months)
        else { return nil }
        return .ordinal(ordinal, weekday: weekday, month: month + 1)
    }

    private static func beside(_ words: [String]) -> HolidayRule? {
        guard let weekday = index(of: words[0], in: weekdays), let day = monthAndDay(words[2], words[3]) else {
            return nil
        }
        return .beside(weekday: weekday, isAfter: words[1] == "after", month: day.month, day: day.day)
    }

    private static func easter(_ words: [String]) -> HolidayRule? {
        let isOrthodox = words.first == "orthodox"
        let rest = Array(isOrthodox ? words.dropFirst() : words[...])
        guard rest.first == "easter" else { return nil }
        if rest.count == 1 { return .easter(offset: 0, isOrthodox: isOrthodox) }
        guard rest.count == 3, rest[1] == "+" || rest[1] == "-", let days = number(rest[2]),
            (1...mostFromEaster).contains(days)
        else { return nil }
        return .easter(offset: rest[1] == "+" ? days : -days, isOrthodox: isOrthodox)
    }

    private static func monthAndDay(_ month: String, _ day: String) -> (month: Int64, day: Int64)? {
        // A leap year, so that 29 February is a day.
        guard let month = index(of: month, in: months).map({ $0 + 1 }), let day = number(day),
            CivilDate(year: 2_000, month: month, day: day) != nil
        else { return nil }
        return (month, day)
    }

    private static func index(of word: String, in list: [String]) -> Int64? {
        list.firstIndex(of: word).map(Int64.init)
    }

    private static func number(_ text: String) -> Int64? {
        TextBytes.all(text, "", TextBytes.isDigit) && (1...3).contains(text.utf8.count) ? Int64(text) : nil
    }
}

extension CivilDate {
    /// 0 is Monday; 1970-01-01 was a Thursday.
    package var weekday: Int64 { ((daysSinceEpoch + 3) % 7 + 7) % 7 }

    /// The `ordinal`th such weekday of a month, from its end when negative; nil when the month has none.
    package static func weekday(_ weekday: Int64, ordinal: Int64, month: Int64, year: Int64) -> CivilDate? {
        guard let first = CivilDate(year: year, month: month, day: 1) else { return nil }
        let last = daysIn(month: month, year: year)
        let firstSuch = 1 + (weekday - first.weekday + 7) % 7
        let count = (last - firstSuch) / 7 + 1
        let place = ordinal > 0 ? ordinal - 1 : count + ordinal
        guard (0..<count).contains(place) else { return nil }
        return CivilDate(year: year, month: month, day: firstSuch + 7 * place)
    }

    /// Easter Sunday. Western: the calendar of 1582, as J. Meeus gives it ("Astronomical Algorithms", 2nd ed., chapter
    /// 8). Orthodox: the Julian reckoning of the same chapter, as a Gregorian date.
    package static func easter(_ year: Int64, isOrthodox: Bool) -> CivilDate {
        let (month, day) = isOrthodox ? julianEaster(year) : gregorianEaster(year)
        // Both give a day of March or April, which exists; of the two calendars the first of March is the origin.
        let written = CivilDate(year: year, month: 3, day: 1)?.daysSinceEpoch ?? 0
        let days = written + (month - 3) * 31 + day - 1
        guard isOrthodox else { return CivilDate(daysSinceEpoch: days) }
        let century = year.flooredQuotient(by: 100)
        return CivilDate(daysSinceEpoch: days + century - century.flooredQuotient(by: 4) - 2)
    }

    private static func gregorianEaster(_ year: Int64) -> (month: Int64, day: Int64) {
        let golden = year % 19
        let (century, inCentury) = (year / 100, year % 100)
        let leapCenturies = century / 4
        let lunarShift = (century - (century + 8) / 25 + 1) / 3
        let epact = (19 * golden + century - leapCenturies - lunarShift + 15) % 30
        let toSunday = (32 + 2 * (century % 4) + 2 * (inCentury / 4) - epact - inCentury % 4) % 7
        let correction = (golden + 11 * epact + 22 * toSunday) / 451
        let sum = epact + toSunday - 7 * correction + 114
        return (sum / 31, sum % 31 + 1)
    }

    private static func julianEaster(_ year: Int64) -> (month: Int64, day: Int64) {
        let moon = (19 * (year % 19) + 15) % 30
        let toSunday = (2 * (year % 4) + 4 * (year % 7) - moon + 34) % 7
        let sum = moon + toSunday + 114
        return (sum / 31, sum % 31 + 1)
    }
}

// SPDX-License-Identifier: Apache-2.0

/// A recurrence rule that repeats yearly (RFC 5545 section 3.3.10): INTERVAL, COUNT, UNTIL, BYMONTH, BYMONTHDAY and
/// BYDAY. A date that a year does not have is left out.
struct YearlyRule: Sendable, Equatable {
    struct Weekday: Sendable, Equatable {
        /// Zero is every one.
        var ordinal: Int64
        /// 0 is Monday.
        var weekday: Int64
    }

    private var interval: Int64 = 1
    private var count: Int64?
    private var until: CivilDate?
    private var months: [Int64] = []
    private var monthDays: [Int64] = []
    private var weekdays: [Weekday] = []

    struct Refusal: Error, Equatable { var message: String }

    /// Names the part that is not understood.
    init(_ text: String) throws(Refusal) {
        var isYearly = false
        for part in text.split(separator: ";", omittingEmptySubsequences: false) {
            let pieces = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            guard pieces.count == 2 else { throw Refusal(message: "RRULE has a part \"\(part)\" without a value") }
            let (name, value) = (pieces[0].uppercased(), pieces[1].uppercased())
            switch name {
            case "FREQ":
                guard value == "YEARLY" else { throw Refusal(message: "RRULE repeats \(value); only YEARLY is read") }
                isYearly = true
            case "INTERVAL": interval = try Self.number(name, value, 1...1_000)
            case "COUNT": count = try Self.number(name, value, 1...1_000)
            case "UNTIL":
                guard let date = ICalendar.date(value)?.date else {
                    throw Refusal(message: "RRULE's UNTIL \(value) is no date")
                }
                until = date
            case "BYMONTH": months = try Self.numbers(name, value, 1...12)
            case "BYMONTHDAY":
                monthDays = try Self.numbers(name, value, -31...31)
                if monthDays.contains(0) { throw Refusal(message: "RRULE's BYMONTHDAY has no day 0") }
            case "BYDAY": weekdays = try Self.weekdays(value)
            case "WKST": break  // Matters only to weeks.
            default: throw Refusal(message: "RRULE's \(name) is not read")
            }
        }
        guard isYearly else { throw Refusal(message: "RRULE has no FREQ=YEARLY") }
        if !monthDays.isEmpty, weekdays.contains(where: { $0.ordinal != 0 }) {
            throw Refusal(message: "RRULE counts weekdays among BYMONTHDAY, which says two things")
        }
    }

    /// The occurrences of an event that first comes at `first`, in these years, the first included.
    func dates(from first: CivilDate, in years: ClosedRange<Int64>) -> [CivilDate] {
        var found = years.contains(first.year) ? [first] : []
        var left = (count ?? .max) - 1
        // With a count every year since the first must be looked at; without one, only those asked for.
        let begin = count == nil ? max(first.year, years.lowerBound) : first.year
        guard begin <= years.upperBound else { return found }
        for year in begin...years.upperBound where (year - first.year) % interval == 0 {
            for date in dates(in: year, first) where date.daysSinceEpoch > first.daysSinceEpoch {
                if let until, date.daysSinceEpoch > until.daysSinceEpoch { return found }
                guard left > 0 else { return found }
                left -= 1
                if years.contains(year) { found.append(date) }
            }
        }
        return found
    }

    private func dates(in year: Int64, _ first: CivilDate) -> [CivilDate] {
        if !monthDays.isEmpty {
            let all = (months.isEmpty ? Array(1...12) : months).flatMap { month in
                monthDays.compactMap { day in
                    CivilDate(
                        year: year, month: month,
                        day: day > 0 ? day : CivilDate.daysIn(month: month, year: year) + 1 + day)
                }
            }
            return sorted(
                weekdays.isEmpty ? all : all.filter { date in weekdays.contains { $0.weekday == date.weekday } })
        }
        if !weekdays.isEmpty {
            return sorted(
                months.isEmpty
                    ? weekdays.flatMap { Self.days($0, from: CivilDate(year: year, month: 1, day: 1), months: 12) }
                    : months.flatMap { month in
                        weekdays.flatMap { Self.days($0, from: CivilDate(year: year, month: month, day: 1), months: 1) }
                    })
        }
        return sorted(
            (months.isEmpty ? [first.month] : months).compactMap { CivilDate(year: year, month: $0, day: first.day) })
    }

    private func sorted(_ dates: [CivilDate]) -> [CivilDate] {
        Set(dates).sorted { $0.daysSinceEpoch < $1.daysSinceEpoch }
    }

    /// The weekdays of a month or of a year, whose first day this is.
    private static func days(_ wanted: Weekday, from start: CivilDate?, months: Int64) -> [CivilDate] {
        guard let start else { return [] }
        let end =
            months == 12
            ? CivilDate(year: start.year + 1, month: 1, day: 1)?.daysSinceEpoch ?? 0
            : start.daysSinceEpoch + CivilDate.daysIn(month: start.month, year: start.year)
        let such = start.daysSinceEpoch + (wanted.weekday - start.weekday + 7) % 7
        let all = stride(from: such, to: end, by: 7).map { CivilDate(daysSinceEpoch: $0) }
        if wanted.ordinal == 0 { return all }
        let place = Int(wanted.ordinal > 0 ? wanted.ordinal - 1 : Int64(all.count) + wanted.ordinal)
        return all.indices.contains(place) ? [all[place]] : []
    }

    private static func weekdays(_ text: String) throws(Refusal) -> [Weekday] {
        let names = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"]
        var found: [Weekday] = []
        for item in text.split(separator: ",", omittingEmptySubsequences: false) {
            guard let weekday = names.firstIndex(of: String(item.suffix(2))) else {
                throw Refusal(message: "RRULE's BYDAY \(item) is no day of the week")
            }
            let ordinal = item.dropLast(2)
            let number = ordinal.isEmpty ? 0 : try number("BYDAY", String(ordinal), -53...53)
            if number == 0, !ordinal.isEmpty { throw Refusal(message: "RRULE's BYDAY \(item) counts from 0") }
            found.append(Weekday(ordinal: number, weekday: Int64(weekday)))
        }
        guard found.count <= 64 else { throw Refusal(message: "RRULE's BYDAY has \(found.count) days; at most 64") }
        return found
    }

    private static func numbers(_ name: String, _ text: String, _ range: ClosedRange<Int64>) throws(Refusal) -> [Int64]
    {
        var found: [Int64] = []
        for item in text.split(separator: ",", omittingEmptySubsequences: false) {
            found.append(try number(name, String(item), range))
        }
        guard found.count <= 64 else { throw Refusal(message: "RRULE's \(name) has \(found.count) values; at most 64") }
        return found
    }

    private static func number(_ name: String, _ text: String, _ range: ClosedRange<Int64>) throws(Refusal) -> Int64 {
        let digits = text.hasPrefix("+") || text.hasPrefix("-") ? text.dropFirst() : text[...]
        guard !digits.isEmpty, digits.utf8.count <= 4, TextBytes.all(digits, "", TextBytes.isDigit),
            let number = Int64(text), range.contains(number)
        else {
            throw Refusal(
                message: "RRULE's \(name) \(text.prefix(20)) is not from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }
}

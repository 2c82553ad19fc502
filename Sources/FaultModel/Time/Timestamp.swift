// SPDX-License-Identifier: Apache-2.0

/// An instant of UTC in nanoseconds since 1970, written as RFC 3339 with nanoseconds: `2026-11-24T05:36:04.000000000Z`.
package struct Timestamp: Sendable, Hashable, Comparable, Codable, CustomStringConvertible {
    package var nanosecondsSinceEpoch: Int64

    package init(nanosecondsSinceEpoch: Int64) { self.nanosecondsSinceEpoch = nanosecondsSinceEpoch }

    package static func < (a: Self, b: Self) -> Bool { a.nanosecondsSinceEpoch < b.nanosecondsSinceEpoch }

    package func since(_ earlier: Self) -> Duration {
        // As durations, which are wide enough for any two instants.
        .nanoseconds(nanosecondsSinceEpoch) - .nanoseconds(earlier.nanosecondsSinceEpoch)
    }

    package func advanced(by duration: Duration) -> Self {
        Self(nanosecondsSinceEpoch: nanosecondsSinceEpoch + duration.wholeNanoseconds)
    }

    package var description: String {
        let second = nanosecondsSinceEpoch.flooredQuotient(by: 1_000_000_000)
        let nanosecond = nanosecondsSinceEpoch - second * 1_000_000_000
        let day = second.flooredQuotient(by: 86_400)
        let date = CivilDate(daysSinceEpoch: day)
        let time = second - day * 86_400
        return date.description + "T" + padded(time / 3_600, 2) + ":" + padded(time / 60 % 60, 2) + ":"
            + padded(time % 60, 2) + "." + padded(nanosecond, 9) + "Z"
    }

    /// Reads RFC 3339 section 5.6 (any offset, 0 to 9 fraction digits; leap second 60 is read as 59). Nil if it is not
    /// that.
    package init?(_ text: String) {
        var reader = DigitReader(text)
        guard let year = reader.digits(4), reader.take("-"), let month = reader.digits(2), reader.take("-"),
            let day = reader.digits(2), let date = CivilDate(year: year, month: month, day: day),
            reader.takeAny("Tt "), let hour = reader.digits(2), hour < 24, reader.take(":"),
            let minute = reader.digits(2), minute < 60, reader.take(":"), let second = reader.digits(2), second <= 60,
            let fraction = reader.fractionNanoseconds(), let offset = reader.offsetSeconds(), reader.isAtEnd
        else { return nil }
        let time = hour * 3_600 + minute * 60 + min(second, 59) - offset
        let (whole, overflow) = (date.daysSinceEpoch * 86_400 + time).multipliedReportingOverflow(by: 1_000_000_000)
        if overflow { return nil }
        let (sum, more) = whole.addingReportingOverflow(fraction)
        if more { return nil }
        nanosecondsSinceEpoch = sum
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard let value = Self(text) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "\(text) is not an RFC 3339 time")
        }
        self = value
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}

/// A date of the proleptic Gregorian calendar. The day count follows Howard Hinnant's `days_from_civil`
/// (http://howardhinnant.github.io/date_algorithms.html).
package struct CivilDate: Sendable, Hashable, CustomStringConvertible {
    package let year: Int64
    package let month: Int64
    package let day: Int64

    /// Nil when there is no such day.
    package init?(year: Int64, month: Int64, day: Int64) {
        guard (1...12).contains(month), (1...Self.daysIn(month: month, year: year)).contains(day) else { return nil }
        (self.year, self.month, self.day) = (year, month, day)
    }

    package init(daysSinceEpoch: Int64) {
        let shifted = daysSinceEpoch + 719_468
        let era = shifted.flooredQuotient(by: 146_097)
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
        month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    }

    package var daysSinceEpoch: Int64 {
        let shiftedYear = month <= 2 ? year - 1 : year
        let era = shiftedYear.flooredQuotient(by: 400)
        let yearOfEra = shiftedYear - era * 400
        let shiftedMonth = month > 2 ? month - 3 : month + 9
        let dayOfYear = (153 * shiftedMonth + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }

    package static func daysIn(month: Int64, year: Int64) -> Int64 {
        switch month {
        case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    package var description: String { padded(year, 4) + "-" + padded(month, 2) + "-" + padded(day, 2) }
}

extension Int64 {
    /// Division rounded toward minus infinity; `divisor` is positive.
    package func flooredQuotient(by divisor: Int64) -> Int64 {
        let quotient = self / divisor
        return self % divisor < 0 ? quotient - 1 : quotient
    }
}

/// A number with leading zeros to `width` digits.
package func padded(_ number: Int64, _ width: Int) -> String {
    let text = String(number)
    return String(repeating: "0", count: max(0, width - text.utf8.count)) + text
}

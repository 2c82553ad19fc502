// SPDX-License-Identifier: Apache-2.0

/// An instant as AWS tells it: nanoseconds since 1970-01-01T00:00:00Z, by AWS's clock and in its precision
/// (whole seconds from EC2, milliseconds from Auto Scaling and SNS).
package struct AWSTime: Sendable, Hashable, Codable, Comparable, CustomStringConvertible {
    /// Nanoseconds since the epoch, leap seconds not counted.
    package var epochNanoseconds: Int64

    /// An instant from nanoseconds since the epoch.
    package init(epochNanoseconds: Int64) { self.epochNanoseconds = epochNanoseconds }

    /// Earlier is less.
    package static func < (left: AWSTime, right: AWSTime) -> Bool { left.epochNanoseconds < right.epochNanoseconds }

    /// Reads `2026-11-24T05:42:42Z`, with a fraction of any length (kept to the nanosecond, the rest cut off) and with
    /// `Z` or an offset `+01:00`/`+0100`; a second of 60 counts as the next minute's first. Nil for everything else
    /// (ISO 8601 in the profile of RFC 3339, and AWS's offset without a colon).
    package init?(iso8601 text: some StringProtocol) {
        var scanner = DigitScanner(bytes: Array(text.utf8))
        guard let epochNanoseconds = scanner.instant() else { return nil }
        self.epochNanoseconds = epochNanoseconds
    }

    /// UTC, RFC 3339, with as many of nine decimals as the instant has, in groups of three.
    package var description: String {
        let (seconds, nanoseconds) = epochNanoseconds.flooredDivision(by: 1_000_000_000)
        let (day, secondOfDay) = seconds.flooredDivision(by: 86_400)
        let date = CivilDate(dayNumber: day)
        let clock = [secondOfDay / 3600, secondOfDay / 60 % 60, secondOfDay % 60].map { $0.padded(2) }
        let whole =
            "\(date.year.padded(4))-\(date.month.padded(2))-\(date.day.padded(2))T\(clock.joined(separator: ":"))"
        if nanoseconds == 0 { return whole + "Z" }
        if nanoseconds % 1_000_000 == 0 { return "\(whole).\((nanoseconds / 1_000_000).padded(3))Z" }
        if nanoseconds % 1000 == 0 { return "\(whole).\((nanoseconds / 1000).padded(6))Z" }
        return "\(whole).\(nanoseconds.padded(9))Z"
    }
}

/// A day of the proleptic Gregorian calendar, and its number counted from 1970-01-01. The arithmetic counts years from
/// March, so that the leap day ends a year, in eras of 400 years = 146,097 days.
private struct CivilDate {
    var year: Int64, month: Int64, day: Int64

    init(year: Int64, month: Int64, day: Int64) { (self.year, self.month, self.day) = (year, month, day) }

    init(dayNumber: Int64) {
        let (era, dayOfEra) = (dayNumber + 719_468).flooredDivision(by: 146_097)
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
        month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    }

    var dayNumber: Int64 {
        let (era, yearOfEra) = (month <= 2 ? year - 1 : year).flooredDivision(by: 400)
        let monthFromMarch = month > 2 ? month - 3 : month + 9
        let dayOfYear = (153 * monthFromMarch + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }

    /// False for 30 February and its like: the number would come back as another day.
    var exists: Bool {
        guard (1...12).contains(month), (1...31).contains(day) else { return false }
        let back = CivilDate(dayNumber: dayNumber)
        return back.month == month && back.day == day
    }
}

/// Takes an instant apart from the left, byte by byte.
private struct DigitScanner {
    let bytes: [UInt8]
    var position = 0

    mutating func instant() -> Int64? {
        guard let year = number(4), take("-"), let month = number(2), take("-"), let day = number(2),
            take("T") || take("t") || take(" "), let secondOfDay = timeOfDay(), let fraction = nanoseconds(),
            let offset = offsetSeconds(), position == bytes.count
        else { return nil }
        let date = CivilDate(year: year, month: month, day: day)
        // Nanoseconds in 64 bits reach from 1677 to 2262.
        guard date.exists, (1678...2261).contains(year) else { return nil }
        return (date.dayNumber * 86_400 + secondOfDay - offset) * 1_000_000_000 + fraction
    }

    private mutating func timeOfDay() -> Int64? {
        guard let hour = number(2), take(":"), let minute = number(2), take(":"), let second = number(2),
            hour < 24, minute < 60, second <= 60
        else { return nil }
        return hour * 3600 + minute * 60 + second
    }

    private mutating func nanoseconds() -> Int64? {
        guard take(".") else { return 0 }
        var value: Int64 = 0
        var scale: Int64 = 100_000_000
        let start = position
        while let digit = digit() {
            value += digit * scale
            scale /= 10
        }
        return position > start ? value : nil
    }

    private mutating func offsetSeconds() -> Int64? {
        if take("Z") || take("z") { return 0 }
        let sign: Int64
        if take("+") { sign = 1 } else if take("-") { sign = -1 } else { return nil }
        guard let hours = number(2), hours < 24 else { return nil }
        _ = take(":")
        guard let minutes = number(2), minutes < 60 else { return nil }
        return sign * (hours * 3600 + minutes * 60)
    }

    private mutating func number(_ digits: Int) -> Int64? {
        var value: Int64 = 0
        for _ in 0..<digits {
            guard let digit = digit() else { return nil }
            value = value * 10 + digit
        }
        return value
    }

    private mutating func digit() -> Int64? {
        guard position < bytes.count, (0x30...0x39).contains(bytes[position]) else { return nil }
        defer { position += 1 }
        return Int64(bytes[position] - 0x30)
    }

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard position < bytes.count, UInt32(bytes[position]) == character.value else { return false }
        position += 1
        return true
    }
}

extension Int64 {
    /// Quotient rounded down and the remainder that is never negative.
    fileprivate func flooredDivision(by divisor: Int64) -> (quotient: Int64, remainder: Int64) {
        let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
    }

    fileprivate func padded(_ width: Int) -> String {
        let text = String(self)
        return String(repeating: "0", count: Swift.max(0, width - text.count)) + text
    }
}

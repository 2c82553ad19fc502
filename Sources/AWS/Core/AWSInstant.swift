// SPDX-License-Identifier: Apache-2.0

/// A moment of the civil clock, counted in nanoseconds since 1970-01-01T00:00:00Z (without leap seconds).
package struct AWSInstant: Sendable, Hashable, Comparable {
    package var nanoseconds: Int64

    package init(nanoseconds: Int64) {
        self.nanoseconds = nanoseconds
    }

    package init(seconds: Int64) {
        nanoseconds = seconds.multipliedReportingOverflow(by: 1_000_000_000).overflow ? .max : seconds * 1_000_000_000
    }

    package static func < (left: AWSInstant, right: AWSInstant) -> Bool { left.nanoseconds < right.nanoseconds }

    /// Whole seconds, rounded down.
    package var seconds: Int64 {
        nanoseconds >= 0 ? nanoseconds / 1_000_000_000 : (nanoseconds - 999_999_999) / 1_000_000_000
    }
}

/// Date, time of day and zone as they are written, in the proleptic Gregorian calendar.
struct CivilTime: Equatable {
    var year: Int64
    var month: Int64
    var day: Int64
    var hour: Int64 = 0
    var minute: Int64 = 0
    var second: Int64 = 0

    /// Days since 1970-01-01, by counting the year from March so that the leap day comes last.
    private var dayNumber: Int64 {
        let shifted = month <= 2 ? year - 1 : year
        let era = (shifted >= 0 ? shifted : shifted - 399) / 400
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }

    var secondsSinceEpoch: Int64 { dayNumber * 86_400 + hour * 3_600 + minute * 60 + second }

    /// Two instants of these years differ by less than Int64 holds in nanoseconds, so no difference overflows.
    private static let years: ClosedRange<Int64> = 1_900...2_199

    /// Nil when a field is out of its range; a leap second (60) is taken as the next second.
    func instant(offsetSeconds: Int64 = 0, nanoseconds: Int64 = 0) -> AWSInstant? {
        guard Self.years.contains(year), (1...12).contains(month), (1...31).contains(day), (0...24).contains(hour),
            (0...59).contains(minute), (0...60).contains(second)
        else { return nil }
        let whole = AWSInstant(seconds: secondsSinceEpoch - offsetSeconds)
        return AWSInstant(nanoseconds: whole.nanoseconds + nanoseconds)
    }

    init(year: Int64, month: Int64, day: Int64, hour: Int64 = 0, minute: Int64 = 0, second: Int64 = 0) {
        (self.year, self.month, self.day) = (year, month, day)
        (self.hour, self.minute, self.second) = (hour, minute, second)
    }

    init(secondsSinceEpoch seconds: Int64) {
        let dayNumber = seconds >= 0 ? seconds / 86_400 : (seconds - 86_399) / 86_400
        let ofDay = seconds - dayNumber * 86_400
        let shifted = dayNumber + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
        month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        (hour, minute, second) = (ofDay / 3_600, ofDay % 3_600 / 60, ofDay % 60)
    }
}

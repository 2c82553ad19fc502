// SPDX-License-Identifier: Apache-2.0
import ChaosModel

/// The dates of a holiday calendar.
enum HolidayDates {
    /// Each date in these years with the holiday's name. Throws `.invalidHoliday`.
    static func dates(
        of calendar: HolidayCalendarSpec, in years: ClosedRange<Int64>
    ) throws(SchedulingError) -> [CivilDate: String] {
        var found: [CivilDate: String] = [:]
        if let ics = calendar.ics {
            let (read, problems) = ICalendar.read(ics)
            if let problem = problems.first {
                throw SchedulingError(
                    .invalidHoliday, "Line \(problem.line) of the calendar \(calendar.name): \(problem.message).",
                    hint: "Mend that line, or leave the event out and write a rule for it.")
            }
            found = read.holidays(in: years)
        }
        for holiday in calendar.rules ?? [] {
            guard let rule = HolidayRule(holiday.when) else {
                throw SchedulingError(
                    .invalidHoliday, "\"\(holiday.when)\" is no rule for a holiday.",
                    hint: "Write a date, or a rule such as last monday of may or easter + 1.")
            }
            for year in years {
                if let date = rule.date(in: year) { found[date] = holiday.name }
            }
            if case .once(let date) = rule { found[date] = holiday.name }
        }
        return found
    }
}

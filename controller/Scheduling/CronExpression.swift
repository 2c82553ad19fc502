// SPDX-License-Identifier: Apache-2.0
package import ChaosModel

/// Five fields as crontab(5) has them: minute, hour, day of month, month, day of week (0 and 7 are Sunday). A field is
/// a list of `*`, numbers, ranges, each with a step after `/` where it is `*` or a range; months and days of the week
/// may be named. When both day fields are restricted, a day that matches either matches.
package struct CronExpression: Sendable, Equatable {
    let minutes: [Int]
    let hours: [Int]
    private let daysOfMonth: Set<Int>
    private let months: Set<Int>
    private let daysOfWeek: Set<Int>
    private let eitherDay: Bool
    /// Whether it is meant to go round the clock, so that an hour that comes twice has its slots twice.
    let goesRoundTheClock: Bool

    /// Throws `.invalidCron`, naming the field.
    package init(_ text: String) throws(SchedulingError) {
        let fields = text.split(whereSeparator: { $0 == " " || $0 == "\t" }).map(String.init)
        guard fields.count == 5 else {
            throw SchedulingError(
                .invalidCron, "\"\(text)\" has \(fields.count) fields.",
                hint: "Write five: minute, hour, day of month, month, day of week, such as \"30 9 * * mon-fri\".")
        }
        minutes = try CronField.minute.values(fields[0]).sorted()
        hours = try CronField.hour.values(fields[1]).sorted()
        daysOfMonth = try CronField.dayOfMonth.values(fields[2])
        months = try CronField.month.values(fields[3])
        daysOfWeek = Set(try CronField.dayOfWeek.values(fields[4]).map { $0 % 7 })
        eitherDay = !fields[2].hasPrefix("*") && !fields[4].hasPrefix("*")
        goesRoundTheClock = fields[1].hasPrefix("*")
        let longest = months.map { CivilDate.daysIn(month: Int64($0), year: 2_000) }.max() ?? 0
        if !eitherDay, let first = daysOfMonth.min(), first > longest {
            throw SchedulingError(
                .invalidCron, "\"\(text)\" never comes: its months have no day \(first).",
                hint: "Choose a day of month that the months have.")
        }
    }

    /// Whether it has slots on this day.
    package func matches(_ date: CivilDate) -> Bool {
        guard months.contains(Int(date.month)) else { return false }
        let weekday = Int(((date.daysSinceEpoch + 4) % 7 + 7) % 7)
        let ofMonth = daysOfMonth.contains(Int(date.day))
        let ofWeek = daysOfWeek.contains(weekday)
        return eitherDay ? ofMonth || ofWeek : ofMonth && ofWeek
    }
}

/// One field: its name, its range and the names of its values.
private struct CronField {
    let name: String
    let range: ClosedRange<Int>
    var names: [String] = []
    /// The value of the first name.
    var firstName = 0

    static let minute = CronField(name: "minute", range: 0...59)
    static let hour = CronField(name: "hour", range: 0...23)
    static let dayOfMonth = CronField(name: "day of month", range: 1...31)
    static let month = CronField(
        name: "month", range: 1...12,
        names: ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"], firstName: 1)
    static let dayOfWeek = CronField(
        name: "day of week", range: 0...7, names: ["sun", "mon", "tue", "wed", "thu", "fri", "sat"])

    func values(_ text: String) throws(SchedulingError) -> Set<Int> {
        var values: Set<Int> = []
        for item in text.split(separator: ",", omittingEmptySubsequences: false) {
            values.formUnion(try self.item(String(item)))
        }
        return values
    }

    private func item(_ text: String) throws(SchedulingError) -> [Int] {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard let base = parts.first, parts.count <= 2 else { throw problem(text, "it is no number or range") }
        let ends = base.split(separator: "-", omittingEmptySubsequences: false).map(String.init)
        let span: ClosedRange<Int>
        switch (base, ends.count) {
        case ("*", _): span = range
        case (_, 1):
            guard parts.count == 1 else { throw problem(text, "a step needs a range or *") }
            let only = try value(base)
            span = only...only
        case (_, 2):
            let (low, high) = (try value(ends[0]), try value(ends[1]))
            guard low <= high else { throw problem(text, "the range runs backwards; write two ranges") }
            span = low...high
        default: throw problem(text, "it is no number or range")
        }
        guard let stepText = parts.dropFirst().first else { return Array(span) }
        guard let step = Int(stepText), (1...range.upperBound).contains(step) else {
            throw problem(text, "the step \(stepText) is not from 1 to \(range.upperBound)")
        }
        return Array(stride(from: span.lowerBound, through: span.upperBound, by: step))
    }

    private func value(_ text: String) throws(SchedulingError) -> Int {
        if let index = names.firstIndex(of: text.lowercased()) { return index + firstName }
        let isNumber = !text.isEmpty && text.utf8.allSatisfy { (48...57).contains($0) }
        guard isNumber, let number = Int(text), range.contains(number) else {
            throw problem(text, "it is not from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }

    private func problem(_ text: String, _ why: String) -> SchedulingError {
        SchedulingError(
            .invalidCron, "The \(name) \"\(text)\" of the cron expression is not understood: \(why).",
            hint: "Write *, a number, a range such as 1-5, a list such as 1,3, or a step such as */15.")
    }
}

// SPDX-License-Identifier: Apache-2.0

/// A VEVENT while it is read.
struct EventDraft {
    typealias Refusal = YearlyRule.Refusal

    let line: Int
    var isCancelled = false
    var isBroken = false
    private var name = "event"
    private var first: CivilDate?
    private var end: CivilDate?
    /// Whether the end itself is still touched.
    private var endIsTouched = false
    private var duration: Int64?
    private var rule: YearlyRule?
    private var extra: [CivilDate] = []
    private var except: [CivilDate] = []

    init(line: Int) { self.line = line }

    mutating func take(_ line: ICalendarLine) throws(Refusal) {
        switch line.name {
        case "SUMMARY": name = String(line.plainText.prefix(100))
        case "STATUS": isCancelled = line.value.uppercased() == "CANCELLED"
        case "DTSTART":
            if first != nil { throw Refusal(message: "DTSTART is written twice") }
            first = try date(line).date
        case "DTEND":
            let read = try date(line)
            end = read.date
            endIsTouched = read.hasTime && !read.isMidnight
        case "DURATION": duration = try days(line.value)
        case "RRULE":
            if rule != nil { throw Refusal(message: "RRULE is written twice") }
            rule = try YearlyRule(line.value)
        case "RDATE": extra += try dates(line)
        case "EXDATE": except += try dates(line)
        case "EXRULE": throw Refusal(message: "EXRULE is not read; write EXDATE")
        default: break  // Says nothing of when.
        }
    }

    func event() -> Result<ICalendar.Event, Refusal> {
        guard let first else { return .failure(Refusal(message: "the event has no DTSTART")) }
        if end != nil, duration != nil { return .failure(Refusal(message: "the event has both DTEND and DURATION")) }
        var days = duration ?? 1
        if let end {
            let distance = end.daysSinceEpoch - first.daysSinceEpoch
            guard distance >= 0 else { return .failure(Refusal(message: "the event ends before it begins")) }
            days = max(1, distance + (endIsTouched ? 1 : 0))
        }
        guard days <= ICalendar.mostDays else {
            return .failure(Refusal(message: "the event takes \(days) days; at most \(ICalendar.mostDays) are read"))
        }
        return .success(
            ICalendar.Event(name: name, first: first, days: days, rule: rule, extra: extra, except: except))
    }

    private func date(_ line: ICalendarLine) throws(Refusal) -> (date: CivilDate, hasTime: Bool, isMidnight: Bool) {
        guard let read = ICalendar.date(line.value) else {
            throw Refusal(message: "\(line.name) \(line.value.prefix(40)) is no date such as 20261225")
        }
        return read
    }

    private func dates(_ line: ICalendarLine) throws(Refusal) -> [CivilDate] {
        let items = line.value.split(separator: ",", omittingEmptySubsequences: false)
        guard items.count + extra.count + except.count <= ICalendar.mostDates else {
            throw Refusal(message: "\(line.name) has more than \(ICalendar.mostDates) dates")
        }
        var found: [CivilDate] = []
        for item in items {
            guard let read = ICalendar.date(String(item)) else {
                throw Refusal(message: "\(line.name) \(item.prefix(40)) is no date such as 20261225")
            }
            found.append(read.date)
        }
        return found
    }

    /// `P1D`, `P2W`, `PT8H`, `P1DT12H30M` (section 3.3.6), in days begun.
    private func days(_ text: String) throws(Refusal) -> Int64 {
        let refusal = Refusal(message: "DURATION \(text.prefix(40)) is no length such as P1D")
        var rest = text.hasPrefix("+") ? text.dropFirst() : text[...]
        guard rest.first == "P" else { throw refusal }
        rest = rest.dropFirst()
        var seconds: Int64 = 0
        var units: [Character: Int64] = ["W": 604_800, "D": 86_400]
        guard !rest.isEmpty else { throw refusal }
        while !rest.isEmpty {
            if rest.first == "T" {
                units = ["H": 3_600, "M": 60, "S": 1]
                rest = rest.dropFirst()
            }
            let digits = rest.prefix { $0.isASCII && $0.isNumber }
            rest = rest.dropFirst(digits.count)
            guard (1...5).contains(digits.count), let number = Int64(digits),
                let unit = rest.first.flatMap({ units[$0] })
            else { throw refusal }
            rest = rest.dropFirst()
            seconds += number * unit
        }
        return max(1, (seconds + 86_399) / 86_400)
    }
}

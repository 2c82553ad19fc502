// SPDX-License-Identifier: Apache-2.0

/// The whole days that an iCalendar text (RFC 5545) closes: its VEVENTs, by DTSTART, DTEND or DURATION, RRULE (yearly),
/// RDATE and EXDATE. An event with times of day closes every date that it touches, as it is written: what closes too
/// much is safe. Cancelled events close nothing. What is not understood is a problem with its line, never passed over.
///
/// The text is hostile input: at most 64 KiB, 1,000 events, 62 days each, 366 dates in each list.
package struct ICalendar: Sendable, Equatable {
    struct Event: Sendable, Equatable {
        var name: String
        var first: CivilDate
        var days: Int64
        var rule: YearlyRule?
        var extra: [CivilDate]
        var except: [CivilDate]
    }

    /// One thing that is not understood, with the line of the text, from 1.
    package struct Problem: Sendable, Equatable {
        package var line: Int
        package var message: String
    }

    package static let mostBytes = 65_536
    static let mostEvents = 1_000
    static let mostDays: Int64 = 62
    static let mostDates = 366

    var events: [Event] = []

    /// Reads what can be read, and says what cannot.
    package static func read(_ text: String) -> (calendar: ICalendar, problems: [Problem]) {
        guard text.utf8.count <= mostBytes else {
            let message = "\(text.utf8.count) bytes; at most \(mostBytes) are read"
            return (ICalendar(), [Problem(line: 1, message: message)])
        }
        var reader = ICalendarReader()
        let (lines, broken) = ICalendarLine.lines(of: text)
        for number in broken { reader.report(number, "is no content line such as DTSTART;VALUE=DATE:20261225") }
        for line in lines { reader.take(line) }
        reader.end()
        return (ICalendar(events: reader.events), reader.problems.sorted { $0.line < $1.line })
    }

    /// Every closed date in these years with the name of its event.
    package func holidays(in years: ClosedRange<Int64>) -> [CivilDate: String] {
        var closed: [CivilDate: String] = [:]
        for event in events {
            // An event that began in the year before may reach into the first.
            let around = (years.lowerBound - 1)...years.upperBound
            var starts = event.rule?.dates(from: event.first, in: around) ?? [event.first]
            starts = (starts + event.extra).filter { !event.except.contains($0) }
            for start in starts {
                for offset in 0..<event.days {
                    let date = CivilDate(daysSinceEpoch: start.daysSinceEpoch + offset)
                    if years.contains(date.year) { closed[date] = closed[date] ?? event.name }
                }
            }
        }
        return closed
    }

    /// `20261225` or `20261225T090000`, with or without `Z` (sections 3.3.4 and 3.3.5), as written.
    static func date(_ text: String) -> (date: CivilDate, hasTime: Bool, isMidnight: Bool)? {
        var reader = DigitReader(text)
        guard let year = reader.digits(4), let month = reader.digits(2), let day = reader.digits(2),
            let date = CivilDate(year: year, month: month, day: day), year >= 1
        else { return nil }
        if reader.isAtEnd { return (date, false, true) }
        guard reader.takeAny("T"), let hour = reader.digits(2), hour < 24, let minute = reader.digits(2), minute < 60,
            let second = reader.digits(2), second <= 60
        else { return nil }
        _ = reader.take("Z")
        guard reader.isAtEnd else { return nil }
        return (date, true, hour == 0 && minute == 0 && second == 0)
    }
}

/// Reads content lines into events.
struct ICalendarReader {
    private(set) var events: [ICalendar.Event] = []
    private(set) var problems: [ICalendar.Problem] = []
    /// The components that are open, the outermost first.
    private var open: [String] = []
    private var draft: EventDraft?
    private var hasCalendar = false
    private var lastLine = 1

    mutating func report(_ line: Int, _ message: String) {
        // Enough to mend by; a hostile text could have thousands.
        if problems.count < 20 { problems.append(ICalendar.Problem(line: line, message: message)) }
    }

    mutating func take(_ line: ICalendarLine) {
        lastLine = line.number
        switch line.name {
        case "BEGIN": begin(line)
        case "END": end(line)
        default:
            if open == ["VCALENDAR", "VEVENT"] { takeProperty(line) }
            if open.isEmpty { report(line.number, "\(line.name) stands outside BEGIN:VCALENDAR") }
        }
    }

    mutating func end() {
        if let component = open.last { report(lastLine, "END:\(component) is missing") }
        if !hasCalendar { report(1, "there is no BEGIN:VCALENDAR") }
        if hasCalendar, problems.isEmpty, events.isEmpty { report(1, "there is no VEVENT that closes a day") }
    }

    private mutating func begin(_ line: ICalendarLine) {
        let component = line.value.uppercased()
        if open.isEmpty {
            if component != "VCALENDAR" { report(line.number, "BEGIN:\(component) stands outside BEGIN:VCALENDAR") }
            hasCalendar = true
        }
        guard open.count < 8 else { return report(line.number, "components lie more than 8 deep") }
        open.append(component)
        if open == ["VCALENDAR", "VEVENT"] { draft = EventDraft(line: line.number) }
    }

    private mutating func end(_ line: ICalendarLine) {
        let component = line.value.uppercased()
        guard open.last == component else {
            return report(line.number, "END:\(component) ends nothing; open is \(open.last ?? "nothing")")
        }
        if open == ["VCALENDAR", "VEVENT"], let draft { close(draft) }
        open.removeLast()
    }

    private mutating func close(_ draft: EventDraft) {
        self.draft = nil
        if draft.isCancelled || draft.isBroken { return }
        guard events.count < ICalendar.mostEvents else {
            return report(draft.line, "more than \(ICalendar.mostEvents) events")
        }
        switch draft.event() {
        case .success(let event): events.append(event)
        case .failure(let refusal): report(draft.line, refusal.message)
        }
    }

    private mutating func takeProperty(_ line: ICalendarLine) {
        do throws(YearlyRule.Refusal) { try draft?.take(line) } catch {
            draft?.isBroken = true
            report(line.number, error.message)
        }
    }
}

// SPDX-License-Identifier: Apache-2.0

/// How the fields of a schedule fit together.
extension RuleProblems {
    mutating func checkSchedule(_ spec: ManifestNode?, path: String) {
        checkWindows(spec, path: path)
        checkNames(spec?["groups"], path: "\(path).groups")
        checkNames(spec?["holidayCalendars"], path: "\(path).holidayCalendars")
        for (index, calendar) in (spec?["holidayCalendars"]?.items ?? []).enumerated() {
            checkNames(calendar["rules"], path: "\(path).holidayCalendars[\(index)].rules")
            checkICS(calendar["ics"], path: "\(path).holidayCalendars[\(index)].ics")
        }
        let cron = spec?["cron"]
        if let never = cron?.text.flatMap(CronText.neverComes) {
            report(
                "\(path).cron", "never comes: no month of \(never.months) has a day \(never.days)", cron,
                hint: "write a day that its months have")
        }
        if cron != nil, let groups = spec?["groups"] {
            report(
                "\(path).groups", "are drawn by chance, and cron leaves nothing to it", groups,
                hint: "write probabilityPerDay or meanTimeBetween in place of cron, or leave groups out")
        }
        if cron == nil, let jitter = spec?["jitter"] {
            report("\(path).jitter", "belongs to cron; the other times are random already", jitter)
        }
        guard spec?["probabilityPerDay"] == nil else { return }
        for (index, group) in (spec?["groups"]?.items ?? []).enumerated() {
            guard let chance = group["probabilityPerDay"] else { continue }
            report(
                "\(path).groups[\(index)].probabilityPerDay", "needs the schedule's own probabilityPerDay beside it",
                chance)
        }
    }

    private mutating func checkWindows(_ spec: ManifestNode?, path: String) {
        let business = Set((spec?["businessDays"]?.items ?? []).compactMap(\.text))
        for (index, window) in (spec?["windows"]?.items ?? []).enumerated() {
            let place = "\(path).windows[\(index)]"
            if let from = window["from"]?.text, let to = window["to"], to.text == from {
                report("\(place).to", "is the same as from, so the window is empty", to)
            }
            if window["days"] == nil, business.isEmpty {
                report(
                    "\(place).days", "missing; name the days on which it begins, or the schedule's businessDays", window
                )
            }
            let days = Set((window["days"]?.items ?? []).compactMap(\.text))
            if !days.isEmpty, !business.isEmpty, days.isDisjoint(with: business) {
                report(
                    "\(place).days", "none of them is one of the businessDays, so the window never opens",
                    window["days"])
            }
        }
    }

    private mutating func checkICS(_ node: ManifestNode?, path: String) {
        guard let text = node?.text else { return }
        for problem in ICalendar.read(text).problems {
            report(path, "line \(problem.line) of the calendar: \(problem.message)", nil)
        }
    }
}

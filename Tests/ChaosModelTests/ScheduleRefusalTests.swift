// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import ChaosModel

@Suite("Refusing schedules")
struct ScheduleRefusalTests {
    private func text(_ spec: String) -> String {
        "apiVersion: rebound.chaos/v1\nkind: Schedule\nmetadata: { name: a }\nspec:\n" + spec
    }

    private func problems(_ spec: String) -> [String] {
        do {
            _ = try ManifestReader.read(text(spec))
            return []
        } catch { return error.problems.map { "\($0.path): \($0.message)" } }
    }

    @Test("every problem is told at once, each with its path")
    func all() {
        let found = problems(
            """
              experiment: web
              timeZone: Europe/Madrid
              cron: "0 10 * * mon"
              probabilityPerDay: 1.5
              jitter: 5
              groups: [{ name: web }, { name: web, probabilityPerDay: 0 }]
              businessDays: [mon, tue]
              windows:
                - { from: "09:00", to: "09:00" }
                - { days: [sat], from: "10:00", to: "11:00" }
              holidayCalendars:
                - name: spain
                  rules: [{ name: a, when: easter tuesday }]
                - name: spain
                  ics: |
                    BEGIN:VCALENDAR
                    BEGIN:VEVENT
                    DTSTART:20261301
                    END:VEVENT
                    END:VCALENDAR
              history: { passed: 0 }
            """)
        let wanted = [
            "spec: only one of these can be written, not cron and probabilityPerDay", "spec.probabilityPerDay: must be",
            "spec.jitter: must have a unit", "spec.groups[1].name: written twice",
            "spec.groups[1].probabilityPerDay: must be above 0", "spec.groups: are drawn by chance",
            "spec.windows[0].to: is the same as from", "spec.windows[1].days: none of them is one of the businessDays",
            "spec.holidayCalendars[0].rules[0].when: must be a date", "spec.holidayCalendars[1].name: written twice",
            "spec.holidayCalendars[1].ics: line 3 of the calendar: DTSTART 20261301 is no date",
            "spec.history.passed: must be",
        ]
        for start in wanted { #expect(found.contains { $0.hasPrefix(start) }, "\(start) is missing in \(found)") }
        #expect(found.count == wanted.count, "\(found)")
    }

    @Test("windows without days need business days, jitter needs cron, and a group's chance the schedule's")
    func needs() {
        let start = "  experiment: web\n  timeZone: UTC\n  meanTimeBetween: 5h\n"
        #expect(problems(start).isEmpty)
        #expect(
            problems(start + "  windows: [{ from: \"09:00\", to: \"17:00\" }]\n").first?
                .hasPrefix("spec.windows[0].days: missing") == true)
        #expect(problems(start + "  jitter: 5m\n").first?.hasPrefix("spec.jitter: belongs to cron") == true)
        let groups = "  groups: [{ name: web, probabilityPerDay: 0.5 }]\n"
        #expect(problems(start + groups).first?.hasPrefix("spec.groups[0].probabilityPerDay: needs") == true)
    }

    @Test("a Chaos Monkey for two groups on working days is accepted")
    func accepted() {
        let found = problems(
            """
              experiment: web
              timeZone: America/New_York
              probabilityPerDay: 0.2
              groups: [{ name: web }, { name: api, probabilityPerDay: 0.05 }]
              businessDays: [mon, tue, wed, thu, fri]
              windows: [{ from: "09:00", to: "15:00" }]
              holidayCalendars:
                - name: us
                  rules:
                    - { name: Independence Day, when: july 4 }
                    - { name: Thanksgiving, when: fourth thursday of november }
              minTimeBetween: 2d
              history: { passed: 30, notPassed: 30 }
            """)
        #expect(found.isEmpty)
    }
}

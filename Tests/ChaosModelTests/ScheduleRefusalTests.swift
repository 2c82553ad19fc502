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

    @Test(
        "a cron expression whose months have none of its days is refused",
        arguments: [
            ("30 9 30 2 *", true), ("0 0 31 4,6,9,11 *", true), ("0 0 31 apr-jun/2 *", true),
            ("0 0 30-31 feb */2", true),
            ("0 0 29 2 *", false), ("0 0 31 2,3 *", false), ("0 0 31 4 mon", false), ("0 0 31 * *", false),
            ("0 0 */30 2 *", false), ("0 0 28-31 2 *", false),
        ])
    func neverComes(cron: String, isRefused: Bool) {
        let found = problems("  experiment: web\n  timeZone: Europe/Madrid\n  cron: \"\(cron)\"\n")
        #expect(found.map { $0.hasPrefix("spec.cron: never comes") } == (isRefused ? [true] : []))
    }

    @Test(
        "a time zone that the machine does not know is refused, with the one that was probably meant",
        arguments: [
            ("Europe/Madird", "did you mean Europe/Madrid?"), ("Madrid", "did you mean Europe/Madrid?"),
            ("US/New_York", "did you mean America/New_York?"), ("Nowhere/Atall", "write one such as Europe/Madrid"),
        ])
    func unknownZone(name: String, advice: String) {
        let names = ["Europe/Madrid", "Europe/Berlin", "America/New_York", "UTC"]
        let zones = TimeZoneNames(isZone: { names.contains($0) }, all: { names })
        let schedule = "  experiment: web\n  timeZone: \(name)\n  cron: \"0 10 * * *\"\n"
        let freeze =
            "apiVersion: rebound.chaos/v1\nkind: Policy\nmetadata: { name: a }\nspec:\n  freezes:\n"
            + "    - { weekly: { days: [fri], from: \"16:00\", to: \"09:00\", timeZone: \(name) }, reason: r }\n"
        for (text, path) in [(text(schedule), "spec.timeZone"), (freeze, "spec.freezes[0].weekly.timeZone")] {
            do {
                _ = try ManifestReader.read(text, zones: zones)
                Issue.record("\(path) was taken")
            } catch {
                #expect(error.problems.map(\.path) == [path])
                #expect(error.problems.first?.message.hasSuffix(advice) == true, "\(error)")
            }
            // Where nothing is known of zones, the form is all that can be judged.
            #expect((try? ManifestReader.read(text)) != nil)
        }
    }
}

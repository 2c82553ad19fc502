// SPDX-License-Identifier: Apache-2.0

/// The fields of a schedule.
enum ScheduleSchema {
    private static let dayNames = WindowSpec.Day.allCases.map(\.rawValue)

    static let spec = ObjectSchema(
        "ScheduleSpec",
        "When to create runs. Exactly one of cron, meanTimeBetween and probabilityPerDay says when; windows, business "
            + "days and holidays say when not. What is harmed must be over before they close.",
        fields: [
            FieldSchema(
                "experiment", .text(.name), required: true, "The experiment's name, in the same namespace.",
                example: "web-loses-an-instance"),
            FieldSchema(
                "timeZone", .text(.timeZone), required: true, "An IANA zone; there is no default.",
                example: "Europe/Madrid"),
        ] + triggers + closings + manners,
        groups: [FieldGroup(.exactlyOne, ["cron", "meanTimeBetween", "probabilityPerDay"])])

    private static let triggers = [
        FieldSchema(
            "cron", .text(CronText.rule), "Five fields: minute, hour, day of month, month, day of week.",
            example: "\"30 10 * * mon-fri\""),
        FieldSchema(
            "meanTimeBetween", .duration(DurationRange(.seconds(60), .seconds(366 * 86_400))),
            "Random runs at this mean distance, counted in open time, 1m to 366d: as likely at one open moment as at "
                + "any other, and never foreseeable."),
        FieldSchema(
            "probabilityPerDay", .decimal(DecimalRange(0, 1, excludesLow: true)),
            "The chance that an open day has a run, at a moment spread evenly over that day's windows; above 0, to 1.",
            example: "0.2"),
        FieldSchema(
            "groups", .list(of: .object(group), unique: true),
            "Auto Scaling groups, each drawn by itself. The run of a group takes only instances of that group. "
                + "Absent: one draw for the whole experiment."),
    ]

    private static let closings = [
        FieldSchema(
            "windows", .list(of: .object(window), unique: false),
            "The only stretches of the week in which runs start. Absent: always."),
        FieldSchema(
            "businessDays", .list(of: .choice(dayNames), unique: true),
            "The days of the week on which people work; windows begin on no other. Absent: every day.",
            example: "[mon, tue, wed, thu, fri]"),
        FieldSchema(
            "holidays", .list(of: .text(.date), unique: true), "Dates on which nothing starts.",
            example: "[2026-12-25]"),
        FieldSchema(
            "holidayCalendars", .list(of: .object(calendar), unique: false),
            "Calendars of days on which nothing starts."),
    ]

    private static let manners = [
        FieldSchema(
            "jitter", .duration(DurationRange(.seconds(1), .seconds(86_400))),
            "Each start that cron gives is late by a random time up to this, within its window, 1s to 1d. "
                + "Absent: none."),
        FieldSchema(
            "minTimeBetween", .duration(DurationRange(.seconds(60), .seconds(366 * 86_400))),
            "A target is left alone for this long after any run of this controller harmed it, and after a run of this "
                + "schedule that was made for it, 1m to 366d. Absent: no such rule."),
        FieldSchema(
            "concurrency", .choice(ScheduleSpec.Concurrency.allCases.map(\.rawValue)),
            "What happens when a run of this schedule is still going on: forbid skips, allow starts another, replace "
                + "aborts the old one and starts when it is done. Absent: forbid."),
        FieldSchema(
            "startingDeadline", .duration(DurationRange(.seconds(1), .seconds(86_400))),
            "A run that could not start within this of its time is skipped, 1s to 1d. Absent: 1m."),
        FieldSchema("suspend", .boolean, "Whether no runs are created for now. Absent: false."),
        FieldSchema("history", .object(history), "How many finished runs are kept. Absent: 10 of each."),
    ]

    static let group = ObjectSchema(
        "ScheduledGroup", "An Auto Scaling group whose runs are drawn by themselves.",
        fields: [
            FieldSchema("name", .text(.groupName), required: true, "The group's name.", example: "web"),
            FieldSchema(
                "probabilityPerDay", .decimal(DecimalRange(0, 1, excludesLow: true)),
                "This group's chance. Absent: the schedule's.", example: "0.05"),
        ])

    static let window = ObjectSchema(
        "Window", "A stretch of the day, on some days; a from later than to goes past midnight.",
        fields: [
            FieldSchema(
                "days", .list(of: .choice(dayNames), unique: true),
                "The days on which it begins. Absent: the business days.", example: "[mon, tue, wed, thu]"),
            FieldSchema(
                "from", .text(.timeOfDay), required: true, "Its beginning, HH:MM, in quotes.", example: "\"09:30\""),
            FieldSchema(
                "to", .text(.timeOfDay), required: true, "Its end, HH:MM, in quotes; not the same as from.",
                example: "\"16:00\""),
        ])

    static let calendar = ObjectSchema(
        "HolidayCalendar", "A named calendar of days on which nothing starts.",
        fields: [
            FieldSchema("name", .text(.name), required: true, "Its name, for reasons and problems.", example: "spain"),
            FieldSchema("rules", .list(of: .object(holiday), unique: true), "Holidays by rule."),
            FieldSchema(
                "ics", .text(.lines),
                "The text of an iCalendar file (RFC 5545): each event closes every date it touches, as written; events "
                    + "may repeat yearly."),
        ], groups: [FieldGroup(.atLeastOne, ["rules", "ics"])])

    static let holiday = ObjectSchema(
        "HolidayRule", "One holiday by rule.",
        fields: [
            FieldSchema("name", .text(.line), required: true, "What the day is called.", example: "Whit Monday"),
            FieldSchema("when", .text(HolidayRule.rule), required: true, "When it comes.", example: "easter + 50"),
        ])

    static let history = ObjectSchema(
        "ScheduleHistory",
        "How many finished runs are kept, the newest first; at least one of each, which a crash must not make again. "
            + "Runs whose undo failed are always kept.",
        fields: [
            FieldSchema("passed", .integer(1...1_000), "Runs that passed, 1 to 1000. Absent: 10."),
            FieldSchema("notPassed", .integer(1...1_000), "Runs that did not, 1 to 1000. Absent: 10."),
        ])
}

extension ScheduleSchema {
    static let status = ObjectSchema.reported(
        "ScheduleStatus", "What is known of a schedule. Written by Rebound.",
        [
            .maybe("observedGeneration", .integer(0...Int.max), "The generation of the spec that this is about."),
            .maybe("handledUntil", .timestamp, "Every slot up to here made its run, or was skipped for good."),
            .maybe("lastSlot", .timestamp, "The newest slot that made a run."),
            .maybe("nextSlot", .timestamp, "When the next run starts, jitter included."),
            .maybe("active", .list(of: .text(.longName), unique: false), "The runs that are not done."),
            .maybe(
                "skipped", .list(of: .object(skippedSlot), unique: false),
                "The newest slots that made no run, the newest last; at most 20."),
            .maybe(
                "targets", .list(of: .object(target), unique: false),
                "What is known of each group; without groups, of the experiment."),
            .maybe("conditions", .list(of: .object(RunSchema.condition), unique: false), "What holds of it now."),
        ])

    static let skippedSlot = ObjectSchema.reported(
        "SkippedSlot", "A slot that made no run.",
        [
            .always("slot", .timestamp, "The slot."),
            .maybe("target", .text(.line), "The group."),
            .always(
                "reason", .choice(SkippedSlot.Reason.allCases.map(\.rawValue)),
                "missed: no controller looked in time; overlap: the last run was still going on; experimentMissing; "
                    + "minTimeBetween: the target was harmed too short a time before; wouldOverrun: the harm would "
                    + "have lasted into closed hours; groupConflict: the experiment cannot be narrowed to the group; "
                    + "nameTaken: something else has the run's name."),
            .always("message", .text(.line), "The same in words, with the values that matter."),
        ])

    static let target = ObjectSchema.reported(
        "ScheduledTarget", "What is known of one target of a schedule.",
        [
            .always("name", .text(.line), "The group's name, or the experiment's."),
            .maybe("lastStart", .timestamp, "When its newest run was made."),
            .maybe("nextSlot", .timestamp, "Its slot to come."),
        ])
}

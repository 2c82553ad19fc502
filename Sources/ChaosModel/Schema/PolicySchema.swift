// SPDX-License-Identifier: Apache-2.0

/// The fields of a policy.
enum PolicySchema {
    static let faultNames = [
        "ec2.terminate", "ec2.stop", "ec2.reboot", "autoScaling.terminate", "autoScaling.suspendProcesses",
        "autoScaling.detach", "elb.deregister",
    ]

    static let spec = ObjectSchema(
        "PolicySpec",
        "Each absent field restricts nothing, except the opt-in tag, which is always required unless a policy "
            + "says otherwise.",
        fields: [
            FieldSchema(
                "halt", .object(halt),
                "While written and not resumed, nothing is injected, and what is under way is "
                    + "reverted.", example: "{ reason: incident 4711 }"),
            FieldSchema("leash", .boolean, "Whether everything is only planned. Absent: false."),
            FieldSchema(
                "freezes", .list(of: .object(freeze), unique: false),
                "Stretches of time in which nothing starts, nor anything that would still be held in them."),
            FieldSchema(
                "allowedAccounts", .list(of: .text(.account), unique: true),
                "The only accounts in which anything may be harmed.", example: "[\"123456789012\"]"),
            FieldSchema(
                "allowedRegions", .list(of: .text(.region), unique: true), "The only regions.", example: "[eu-west-1]"),
            FieldSchema(
                "allowedFaults", .list(of: .choice(faultNames), unique: true), "The only faults.",
                example: "[ec2.terminate, ec2.stop]"),
            FieldSchema("maxTargetsPerRun", .integer(1...10_000), "At most this many targets in one run; 1 to 10000."),
            FieldSchema(
                "maxTargetsPerDay", .integer(1...100_000),
                "At most this many targets in 24 hours, over all runs; 1 to 100000."),
            FieldSchema(
                "maxTargetsPerGroup", .integer(1...10_000),
                "At most this many targets of one Auto Scaling group held by runs under way; 1 to 10000."),
            FieldSchema(
                "maxTargetsPerGroupPerDay", .integer(1...100_000),
                "At most this many targets of one Auto Scaling group in 24 hours, over all runs; 1 to 100000."),
            FieldSchema(
                "maxDuration", .duration(DurationRange(.seconds(1), .seconds(86_400))),
                "No fault is held longer than this, 1s to 1d.", example: "10m"),
            FieldSchema(
                "minHealthy", .integer(1...10_000), "No group is taken below this many healthy members; 1 to 10000."),
            FieldSchema(
                "optIn", .object(optIn),
                "The tag by which a team allows chaos on a target. Absent: rebound:opt-in=true, required."),
            FieldSchema(
                "denyTag", .text(.tagKey),
                "A target with this tag, whatever its value, is never touched. Absent: rebound:deny.",
                example: "\"rebound:deny\""),
            FieldSchema(
                "approvals", .object(approvals), "When runs wait for people. Absent: never.",
                example: "{ count: 2, whenTargetsAtLeast: 3 }"),
        ],
        groups: [
            FieldGroup(
                .atLeastOne,
                [
                    "halt", "leash", "freezes", "allowedAccounts", "allowedRegions", "allowedFaults",
                    "maxTargetsPerRun", "maxTargetsPerDay", "maxTargetsPerGroup", "maxTargetsPerGroupPerDay",
                    "maxDuration", "minHealthy", "optIn", "denyTag", "approvals",
                ])
        ])

    static let halt = ObjectSchema(
        "Halt", "The order to stop everything. It holds until it says who resumed.",
        fields: [
            FieldSchema(
                "reason", .text(.line), required: true, "Why, for those who read it later.", example: "incident 4711"),
            FieldSchema("requestedBy", .text(.line), "Who ordered it, as far as is known."),
            FieldSchema("at", .timestamp, "When, RFC 3339."),
            FieldSchema("resumed", .object(resumed), "Who ended it; absent while it holds."),
        ])

    static let resumed = ObjectSchema(
        "Resumed", "The end of a halt.",
        fields: [
            FieldSchema("reason", .text(.line), required: true, "Why it may go on."),
            FieldSchema("requestedBy", .text(.line), required: true, "Who said so."),
            FieldSchema("at", .timestamp, required: true, "When, RFC 3339."),
        ])

    static let freeze = ObjectSchema(
        "Freeze", "A stretch of time in which nothing starts: from and until, or weekly.",
        fields: [
            FieldSchema("from", .timestamp, "Its beginning, RFC 3339.", example: "\"2026-12-24T00:00:00Z\""),
            FieldSchema(
                "until", .timestamp, "Its end, RFC 3339, later than from.", example: "\"2026-12-27T00:00:00Z\""),
            FieldSchema(
                "weekly", .object(weekly), "Comes back every week, by the clocks of one zone.",
                example: "{ days: [fri], from: \"16:00\", to: \"09:00\", timeZone: Europe/Madrid }"),
            FieldSchema("reason", .text(.line), required: true, "Why.", example: "Christmas sales"),
        ], groups: [FieldGroup(.exactlyOne, ["from", "weekly"]), FieldGroup(.exactlyOne, ["until", "weekly"])])

    static let weekly = ObjectSchema(
        "WeeklyFreeze", "A stretch of the week in which nothing starts.",
        fields: [
            FieldSchema(
                "days", .list(of: .choice(WindowSpec.Day.allCases.map(\.rawValue)), unique: true), required: true,
                "The days on which it begins.", example: "[fri]"),
            FieldSchema(
                "from", .text(.timeOfDay), required: true, "Its beginning, HH:MM, in quotes.", example: "\"16:00\""),
            FieldSchema(
                "to", .text(.timeOfDay), required: true,
                "Its end, HH:MM, in quotes; one not later than from lies on the next day.", example: "\"09:00\""),
            FieldSchema(
                "timeZone", .text(.timeZone), required: true, "An IANA zone; there is no default.",
                example: "Europe/Madrid"),
        ])

    static let approvals = ObjectSchema(
        "Approvals",
        "Runs that one of the written conditions fits wait for people; without a condition, every run does.",
        fields: [
            FieldSchema(
                "count", .integer(1...10), required: true,
                "How many different people, none of whom asked for the run; 1 to 10.", example: "2"),
            FieldSchema(
                "whenLabels", .textMap(keys: .labelKey, values: .labelValue),
                "Runs that carry any of these labels with this value wait.", example: "{ tier: production }"),
            FieldSchema(
                "whenTargetsAtLeast", .integer(1...10_000), "Runs of at least this many targets wait; 1 to 10000.",
                example: "3"),
            FieldSchema(
                "validFor", .duration(DurationRange(.seconds(60), .seconds(30 * 86_400))),
                "How long an approval counts, and how long a run waits for one, 1m to 30d. Absent: 8h."),
        ])

    static let optIn = ObjectSchema(
        "OptIn", "The tag by which a team allows chaos on a target.",
        fields: [
            FieldSchema("tag", .text(.tagKey), required: true, "The tag's key.", example: "\"rebound:opt-in\""),
            FieldSchema("value", .text(.tagValue), required: true, "The value that allows it.", example: "\"true\""),
            FieldSchema("required", .boolean, "Whether targets without it are left alone. Absent: true."),
        ])

    static let status = ObjectSchema(
        "PolicyStatus", "What is known of a policy. Written by Rebound.",
        fields: [FieldSchema("observedGeneration", .integer(0...Int.max), "The generation that is in force.")])
}

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
                "halt", .object(halt), "While written, nothing is injected, and what is under way is reverted.",
                example: "{ reason: incident 4711 }"),
            FieldSchema(
                "freezes", .list(of: .object(freeze), unique: false), "Stretches of time in which nothing starts."),
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
        ],
        groups: [
            FieldGroup(
                .atLeastOne,
                [
                    "halt", "freezes", "allowedAccounts", "allowedRegions", "allowedFaults", "maxTargetsPerRun",
                    "maxTargetsPerDay", "maxDuration", "minHealthy", "optIn", "denyTag",
                ])
        ])

    static let halt = ObjectSchema(
        "Halt", "The order to stop everything.",
        fields: [
            FieldSchema(
                "reason", .text(.line), required: true, "Why, for those who read it later.", example: "incident 4711")
        ])

    static let freeze = ObjectSchema(
        "Freeze", "A stretch of time in which nothing starts.",
        fields: [
            FieldSchema(
                "from", .timestamp, required: true, "Its beginning, RFC 3339.", example: "\"2026-12-24T00:00:00Z\""),
            FieldSchema(
                "until", .timestamp, required: true, "Its end, RFC 3339, later than from.",
                example: "\"2026-12-27T00:00:00Z\""),
            FieldSchema("reason", .text(.line), required: true, "Why.", example: "Christmas sales"),
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

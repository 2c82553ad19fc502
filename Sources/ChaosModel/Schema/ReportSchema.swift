// SPDX-License-Identifier: Apache-2.0

/// The parts of a manifest that say who is told.
enum ReportSchema {
    static let report = ObjectSchema(
        "Report", "Where events of a run are sent, and which. Exactly one destination is written.",
        fields: [
            FieldSchema(
                "sns", .object(sns), "An SNS topic.",
                example: "{ topicArn: \"arn:aws:sns:eu-west-1:123456789012:chaos\" }"),
            FieldSchema("lambda", .object(lambda), "A Lambda function.", example: "{ function: record-recovery }"),
            FieldSchema(
                "webhook", .object(webhook),
                "A URL that gets each event as a POST, signed with HMAC-SHA256 in the header Rebound-Signature."),
            FieldSchema(
                "file", .object(file), "A file that gets each event as a line of JSON.",
                example: "{ path: /var/log/rebound/events.jsonl }"),
            FieldSchema(
                "events", .list(of: .choice(ReportEventKind.allCases.map(\.rawValue)), unique: true),
                "The events to send. Absent: all of them.", example: "[aboutToInject, verdict]"),
            FieldSchema(
                "requiredBeforeInjecting", .boolean,
                "When true, nothing is injected unless aboutToInject was delivered here. Absent: false."),
        ], groups: [FieldGroup(.exactlyOne, ReportSpec.keys)])

    static let sns = ObjectSchema(
        "SNSReport",
        "An SNS topic. The region is the ARN's; a FIFO topic (its name ends in .fifo) gets the run as message group.",
        fields: [
            FieldSchema(
                "topicArn", .text(.topicARN), required: true, "The topic's ARN.",
                example: "\"arn:aws:sns:eu-west-1:123456789012:chaos\""),
            FaultSchema.assumeRole,
        ])

    static let lambda = ObjectSchema(
        "LambdaReport", "A Lambda function.",
        fields: [
            FieldSchema(
                "function", .text(.lambdaFunction), required: true,
                "Its name or ARN, with an alias or version when wanted.", example: "record-recovery"),
            FieldSchema(
                "invocation", .choice(LambdaReportSpec.Invocation.allCases.map(\.rawValue)),
                "requestResponse waits for the function, so that a failing one is seen and tried again; event "
                    + "does not. Absent: requestResponse."
            ),
            FaultSchema.region, FaultSchema.assumeRole,
        ])

    static let webhook = ObjectSchema(
        "WebhookReport", "A URL that gets each event as a POST.",
        fields: [
            FieldSchema(
                "url", .text(.url), required: true, "The URL, http or https.",
                example: "\"https://hooks.example/chaos\""),
            FieldSchema(
                "secret", .object(secret), required: true,
                "Where the shared secret is read from, never the secret itself.",
                example: "{ environment: CHAOS_WEBHOOK_SECRET }"),
        ])

    static let secret = ObjectSchema(
        "SecretSource", "Where a secret is read from, on the controller's machine.",
        fields: [
            FieldSchema(
                "file", .text(.path), "A file; the end of its last line is dropped.",
                example: "/etc/rebound/webhook-secret"),
            FieldSchema("environment", .text(.variable), "An environment variable.", example: "CHAOS_WEBHOOK_SECRET"),
        ], groups: [FieldGroup(.exactlyOne, ["file", "environment"])])

    static let file = ObjectSchema(
        "FileReport", "A file that gets each event as a line of JSON.",
        fields: [
            FieldSchema(
                "path", .text(.path), required: true, "The absolute path.", example: "/var/log/rebound/events.jsonl")
        ])
}

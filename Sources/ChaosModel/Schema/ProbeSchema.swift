// SPDX-License-Identifier: Apache-2.0

/// The parts of a manifest that measure.
enum ProbeSchema {
    private static let timeoutRange = DurationRange(.milliseconds(1), .seconds(60))
    private static let scope = [FaultSchema.region, FaultSchema.assumeRole]

    /// The field of each kind of probe; shared by probes and gates.
    static let kinds = [
        FieldSchema(
            "http", .object(http), "Asks a URL.",
            example: "{ url: \"https://shop.example/health\", status: 200, timeout: 500ms }"),
        FieldSchema("tcp", .object(tcp), "Opens a connection.", example: "{ host: db.example, port: 5432 }"),
        FieldSchema("dns", .object(dns), "Asks a name server.", example: "{ name: shop.example }"),
        FieldSchema(
            "autoScalingGroup", .object(autoScalingGroup), "Counts the members in service of a group.",
            example: "{ name: web, inService: desired }"),
        FieldSchema("targetGroup", .object(targetGroup), "Counts the healthy targets of a target group."),
        FieldSchema("instanceState", .object(instanceState), "Looks at the state of instances."),
        FieldSchema("cloudWatchAlarm", .object(alarm), "Looks at the state of an alarm."),
        FieldSchema("cloudWatchMetric", .object(metric), "Looks at the newest value of a metric."),
    ]

    static let probe = ObjectSchema(
        "Probe",
        "One measurement of the steady state, made again and again at a fixed rate. Exactly one kind is written.",
        fields: [
            FieldSchema(
                "name", .text(.name), required: true, "The probe's name, once in the experiment.", example: "storefront"
            )
        ] + kinds + [
            FieldSchema(
                "every", .duration(DurationRange(.milliseconds(1), .seconds(3_600))),
                "The interval between planned attempts, 1ms to 1h. Absent: 100ms for http, tcp and dns, 5s for "
                    + "the AWS kinds.",
                example: "20ms"),
            FieldSchema(
                "failureThreshold", .integer(1...100), "So many failures in a row begin an outage, 1 to 100. Absent: 2."
            ),
            FieldSchema(
                "successThreshold", .integer(1...100), "So many successes in a row end it, 1 to 100. Absent: 2."),
        ], groups: [FieldGroup(.exactlyOne, ProbeKind.keys)])

    static let gate = ObjectSchema(
        "Gate", "A condition that must hold right before injecting: any kind of probe, asked once, or a file.",
        fields: [
            FieldSchema(
                "name", .text(.name), required: true, "The gate's name, once in the experiment.", example: "no-incident"
            )
        ] + kinds + [
            FieldSchema(
                "file", .object(file), "A file on the controller's machine that must, or must not, exist.",
                example: "{ path: /etc/chaos-freeze, must: notExist }")
        ], groups: [FieldGroup(.exactlyOne, ProbeKind.keys + ["file"])])

    static let file = ObjectSchema(
        "FileGate", "A file on the controller's machine.",
        fields: [
            FieldSchema("path", .text(.path), required: true, "The absolute path.", example: "/etc/chaos-freeze"),
            FieldSchema(
                "must", .choice(FileGate.Requirement.allCases.map(\.rawValue)), required: true,
                "Whether the file must be there or must not be."),
        ])

    static let http = ObjectSchema(
        "HTTPProbe", "Asks a URL. Refused connections, time-outs and wrong answers are failures.",
        fields: [
            FieldSchema(
                "url", .text(.url), required: true, "The URL, http or https.",
                example: "\"https://shop.example/health\""),
            FieldSchema("method", .text(.method), "The method. Absent: GET.", example: "GET"),
            FieldSchema(
                "headers", .textMap(keys: .headerName, values: .headerValue), "Headers to send, at most 50.",
                example: "{ Accept: application/json }"),
            FieldSchema("body", .text(.lines), "The body to send."),
            FieldSchema(
                "status", .oneOrMany(.integerOrText(100...599, .statusRange)),
                "Accepted status codes: 200, \"200-299\", or a list of such. Absent: 200 to 299.", example: "200"),
            FieldSchema("match", .object(match), "What the body of the answer must look like. Absent: anything."),
            FieldSchema(
                "timeout", .duration(timeoutRange), "Time for the whole attempt, 1ms to 1m. Absent: 1s.",
                example: "500ms"),
            FieldSchema(
                "connectTimeout", .duration(timeoutRange), "Time to connect, at most timeout. Absent: timeout."),
            FieldSchema(
                "connection", .choice(HTTPProbeSpec.Connection.allCases.map(\.rawValue)),
                "A fresh connection for each attempt, or one kept alive. Absent: fresh, as a kept connection "
                    + "can outlive its listener."
            ),
            FieldSchema(
                "redirects", .choice(HTTPProbeSpec.Redirects.allCases.map(\.rawValue)),
                "Whether a redirect is followed. Absent: refuse; it is then judged by its own status."),
            FieldSchema("tls", .object(tls), "How the peer is trusted. Absent: the system's authorities."),
        ])

    static let match = ObjectSchema(
        "BodyMatch", "What the body of an answer must look like.",
        fields: [
            FieldSchema("contains", .text(.lines), "A text that is somewhere in it.", example: "ok"),
            FieldSchema("equals", .text(.lines), "The whole of it."),
            FieldSchema("regex", .text(.lines), "A regular expression that the whole body matches."),
        ], groups: [FieldGroup(.exactlyOne, ["contains", "equals", "regex"])])

    static let tls = ObjectSchema(
        "ProbeTLS", "How an HTTP probe trusts its peer.",
        fields: [
            FieldSchema("caFile", .text(.path), "Authorities to trust instead of the system's, PEM."),
            FieldSchema("clientCertificateFile", .text(.path), "Our certificate, PEM; with clientKeyFile."),
            FieldSchema("clientKeyFile", .text(.path), "Its key, PEM; with clientCertificateFile."),
            FieldSchema("serverName", .text(.domainName), "The name to ask for and check instead of the URL's host."),
            FieldSchema("verify", .boolean, "Whether the certificate is checked. Absent: true."),
        ])

    static let tcp = ObjectSchema(
        "TCPProbe", "Opens a connection, optionally sends text, and expects the answer to begin with another.",
        fields: [
            FieldSchema("host", .text(.host), required: true, "The host name or address.", example: "db.example"),
            FieldSchema("port", .integer(1...65_535), required: true, "The port, 1 to 65535.", example: "5432"),
            FieldSchema("send", .text(.lines), "What to send once connected. Absent: nothing."),
            FieldSchema("expect", .text(.lines), "How the answer must begin. Absent: connecting is enough."),
            FieldSchema(
                "timeout", .duration(timeoutRange), "Time for the whole attempt, 1ms to 1m. Absent: 1s.",
                example: "500ms"),
        ])

    static let dns = ObjectSchema(
        "DNSProbe", "Asks a name server over UDP (RFC 1035).",
        fields: [
            FieldSchema("name", .text(.domainName), required: true, "The name to look up.", example: "shop.example"),
            FieldSchema(
                "type", .choice(DNSProbeSpec.RecordType.allCases.map(\.rawValue)), "The kind of address. Absent: A."),
            FieldSchema(
                "server", .text(.nameServer), "The name server. Absent: the first of /etc/resolv.conf.",
                example: "\"10.0.0.2:53\""),
            FieldSchema(
                "addresses", .list(of: .text(.address), unique: true),
                "At least one of these must be in the answer. Absent: any address will do."),
            FieldSchema("timeout", .duration(timeoutRange), "Time for the whole attempt, 1ms to 1m. Absent: 1s."),
        ])

    private static let desired = TextRule("desired or a number", pattern: "^desired$", maximumLength: 7) {
        $0 == "desired"
    }

    static let autoScalingGroup = ObjectSchema(
        "AutoScalingGroupProbe", "Passes while at least so many members are InService and Healthy.",
        fields: [
            FieldSchema("name", .text(.groupName), required: true, "The group's name.", example: "web"),
            FieldSchema(
                "inService", .integerOrText(1...10_000, desired), required: true,
                "desired (what the group itself asks for), or a number from 1 to 10000.", example: "desired"),
        ] + scope)

    static let targetGroup = ObjectSchema(
        "TargetGroupProbe", "Passes while at least so many targets are healthy.",
        fields: [
            FieldSchema(
                "targetGroup", .text(.targetGroup), required: true, "The target group's name or ARN.", example: "web-tg"
            ),
            FieldSchema(
                "healthy", .integerOrText(1...10_000, desired), required: true,
                "desired (every registered target), or a number from 1 to 10000.", example: "2"),
        ] + scope)

    static let instanceState = ObjectSchema(
        "InstanceStateProbe", "Passes while each of these instances is in the state.",
        fields: [
            FieldSchema(
                "ids", .list(of: .text(.instanceID), unique: true), required: true, "The instances.",
                example: "[i-0123456789abcdef0]"),
            FieldSchema(
                "state", .choice(["pending", "running", "stopping", "stopped", "shutting-down", "terminated"]),
                required: true, "The state that all must be in.", example: "running"),
        ] + scope)

    static let alarm = ObjectSchema(
        "CloudWatchAlarmProbe",
        "Passes while the alarm is in the state; INSUFFICIENT_DATA is unknown unless asked for.",
        fields: [
            FieldSchema("name", .text(.cloudWatchName), required: true, "The alarm's name.", example: "web-5xx"),
            FieldSchema(
                "state", .choice(CloudWatchAlarmProbeSpec.AlarmState.allCases.map(\.rawValue)),
                "The state that passes. Absent: OK."),
        ] + scope)

    static let metric = ObjectSchema(
        "CloudWatchMetricProbe", "Passes while the newest value of a metric lies within bounds; no value is unknown.",
        fields: [
            FieldSchema(
                "namespace", .text(.cloudWatchName), required: true, "The metric's namespace.",
                example: "AWS/ApplicationELB"),
            FieldSchema(
                "metric", .text(.cloudWatchName), required: true, "The metric's name.",
                example: "HTTPCode_Target_5XX_Count"),
            FieldSchema(
                "dimensions", .textMap(keys: .cloudWatchName, values: .cloudWatchName),
                "The dimensions, all of them, at most 30.", example: "{ LoadBalancer: app/web/50dc6c495c0c9188 }"),
            FieldSchema(
                "statistic", .text(.statistic), required: true,
                "Average, Sum, Minimum, Maximum, SampleCount, or a percentile such as p90.", example: "Sum"),
            FieldSchema(
                "period", .duration(DurationRange(.seconds(1), .seconds(86_400))), required: true,
                "The period of the metric, whole seconds, 1s to 1d.", example: "1m"),
            FieldSchema("atLeast", .decimal(.any), "The value must not be below this."),
            FieldSchema("atMost", .decimal(.any), "The value must not be above this.", example: "5"),
        ] + scope, groups: [FieldGroup(.atLeastOne, ["atLeast", "atMost"])])
}

extension TextRule {
    package static let statusRange = TextRule(
        "an HTTP status from 100 to 599, or a range such as \"200-299\"",
        pattern: "^[1-5][0-9]{2}(-[1-5][0-9]{2})?$", maximumLength: 7
    ) { StatusSet.range($0) != nil }
}

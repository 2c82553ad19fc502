// SPDX-License-Identifier: Apache-2.0

/// The fields of the controller's configuration file.
package enum ConfigurationSchema {
    package static let controller = ObjectSchema(
        ControllerConfiguration.kindName,
        "The settings of `rebound-controller serve`. Each may be left out; a field that says so is taken over by "
            + "SIGHUP, the others at the next start.",
        fields: head + places + connection + upkeep + speech)

    private static let head = [
        FieldSchema(
            "apiVersion", .choice([reboundAPIVersion]), required: true, "The group and version of the format.",
            example: reboundAPIVersion),
        FieldSchema(
            "kind", .choice([ControllerConfiguration.kindName]), required: true, "What this file is.",
            example: ControllerConfiguration.kindName),
    ]

    private static let places = [
        FieldSchema(
            "dataFolder", .text(.path),
            "Where the store, the keys of the fleet's CA and the halt file are kept; made with mode 0700. Absent: "
                + "$STATE_DIRECTORY (systemd sets it), else rebound in $XDG_STATE_HOME or ~/.local/state.",
            example: "/var/lib/rebound"),
        FieldSchema(
            "haltFile", .text(.path),
            "While this file exists nothing is injected, and what is under way is reverted. Absent: HALT in the data "
                + "folder.", example: "/run/rebound/halt"),
    ]

    private static let connection = [
        FieldSchema(
            "listen", .list(of: .text(.listenAddress), unique: true),
            "Where the API is served, each as address:port; port 0 is any free one. Absent: 127.0.0.1:7443.",
            example: "[\"0.0.0.0:7443\", \"[::]:7443\"]"),
        FieldSchema(
            "serverNames", .list(of: .text(.host), unique: true),
            "The names and addresses by which clients reach this controller: they stand in its certificate, and "
                + "requests for other hosts are refused. localhost and the loopback addresses are always among them. "
                + "Absent: also the name of this machine.", example: "[chaos.example, 10.0.0.5]"),
        FieldSchema("tls", .object(tls), "Certificates that are brought. Absent: the controller makes its own CA."),
    ]

    private static let upkeep = [
        FieldSchema(
            "retention", .object(retention), "How long what is over is kept. SIGHUP takes a change over."),
        FieldSchema("audit", .object(audit), "The audit log."),
        FieldSchema(
            "ownInstances", .list(of: .text(.instanceID), unique: true),
            "EC2 instances that this controller runs on or needs: they and their groups are never targets. The "
                + "instance that the firmware names is always among them.", example: "[i-0123456789abcdef0]"),
        FieldSchema(
            "integrityCheck", .boolean,
            "Whether the start reads the whole store to see that it is sound, about a second for each gigabyte. "
                + "Absent: true."),
        FieldSchema(
            "shutdownGrace", .duration(DurationRange(.milliseconds(100), .seconds(600))),
            "How long requests under way may take to end when the controller is told to stop, 100ms to 10m. Absent: "
                + "10s.", example: "10s"),
    ]

    private static let speech = [
        FieldSchema("log", .object(log), "Log lines, on standard error. SIGHUP takes a change of the level over."),
        FieldSchema("metrics", .object(metrics), "Figures for Prometheus."),
    ]

    private static let tls = ObjectSchema(
        "ControllerTLS",
        "Certificates that are brought instead of made. The files are looked at once a minute, and a new pair is taken "
            + "up.",
        fields: [
            FieldSchema(
                "authority", .object(keyPair("TLSAuthority", "The CA that signs the fleet's certificates.")),
                "A CA of yours for the fleet: its certificate (with those above it) and its key, in PEM. The "
                    + "controller signs server and client certificates with it. Absent: it makes its own."),
            FieldSchema(
                "server", .object(keyPair("TLSServer", "The certificate that the API is served with.")),
                "A server certificate of yours (with those above it) and its key, in PEM. Absent: the fleet's CA "
                    + "signs one, and renews it."),
        ], groups: [FieldGroup(.atLeastOne, ["authority", "server"])])

    private static func keyPair(_ name: String, _ doc: String) -> ObjectSchema {
        ObjectSchema(
            name, doc,
            fields: [
                FieldSchema(
                    "certificate", .text(.path), required: true, "The PEM file of the certificate.",
                    example: "/etc/rebound/ca.pem"),
                FieldSchema(
                    "key", .text(.path), required: true, "The PEM file of its private key.",
                    example: "/etc/rebound/ca.key"),
            ])
    }

    private static let retention = ObjectSchema(
        "Retention", "How much is kept of what is over; the older goes first, whichever bound is met first.",
        fields: [
            FieldSchema(
                "runs", .object(keep),
                "Runs that are done, with their measurements. One that owes an undo or a report stays.",
                example: "{ age: 90d, perExperiment: 1000 }")
        ], groups: [FieldGroup(.atLeastOne, ["runs"])])

    private static let keep = ObjectSchema(
        "Keep", "Bounds on what is kept.",
        fields: [
            FieldSchema(
                "age", .duration(DurationRange(.seconds(3_600), .seconds(3_660 * 86_400))),
                "What ended longer ago than this is removed, 1h to 3660d. Absent: 90d."),
            FieldSchema(
                "perExperiment", .integer(1...1_000_000),
                "Of each experiment the newest so many are kept, 1 to 1000000. Absent: 1000."),
        ], groups: [FieldGroup(.atLeastOne, ["age", "perExperiment"])])

    private static let audit = ObjectSchema(
        "AuditSettings", "The audit log.",
        fields: [
            FieldSchema(
                "checkpointEvery", .duration(DurationRange(.seconds(10), .seconds(86_400))),
                "How often the chain of records is signed, 10s to 1d. Absent: 10m.", example: "10m")
        ], groups: [FieldGroup(.atLeastOne, ["checkpointEvery"])])

    private static let log = ObjectSchema(
        "LogSettings", "How log lines are written.",
        fields: [
            FieldSchema(
                "format", .choice(ControllerConfiguration.LogFormat.allCases.map(\.rawValue)),
                "Lines for people, or one JSON object a line. Absent: text.", example: "json"),
            FieldSchema(
                "level", .choice(ControllerConfiguration.LogLevel.allCases.map(\.rawValue)),
                "The least level that is logged. Absent: info.", example: "notice"),
        ], groups: [FieldGroup(.atLeastOne, ["format", "level"])])

    private static let metrics = ObjectSchema(
        "MetricsSettings", "Figures for Prometheus.",
        fields: [FieldSchema("enabled", .boolean, required: true, "Whether /metrics is served. Absent: true.")])
}

extension TextRule {
    /// `address:port` to listen on; an IPv6 address stands in brackets, and port 0 means any that is free.
    package static let listenAddress = TextRule(
        "an IP address or localhost, a colon and a port, such as \"0.0.0.0:7443\" or \"[::1]:7443\"",
        pattern: "^(localhost|[0-9.]+|\\[[0-9A-Fa-f:.]+\\]):[0-9]{1,5}$", maximumLength: 64
    ) { ListenAddress($0) != nil }
}

/// A place to listen at.
package struct ListenAddress: Sendable, Equatable {
    /// An IP address, without brackets.
    package var host: String
    package var port: Int

    /// Nil when the text is not `address:port`.
    package init?(_ text: String) {
        guard let colon = text.lastIndex(of: ":") else { return nil }
        let digits = text[text.index(after: colon)...]
        guard (1...5).contains(digits.utf8.count), TextBytes.all(digits, "", TextBytes.isDigit),
            let port = Int(digits), port <= 65_535, String(port) == digits
        else { return nil }
        let host = text[..<colon]
        if host == "localhost" {
            self.host = "127.0.0.1"
        } else if host.hasPrefix("["), host.hasSuffix("]"), TextRule.isIPv6(host.dropFirst().dropLast()) {
            self.host = String(host.dropFirst().dropLast())
        } else if TextRule.isIPv4(host) {
            self.host = String(host)
        } else {
            return nil
        }
        self.port = port
    }
}

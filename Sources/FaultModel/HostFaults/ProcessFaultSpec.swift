// SPDX-License-Identifier: Apache-2.0

/// `process: { match: …, action: … }`: what is done to processes of a host.
package struct ProcessFaultSpec: Sendable, Equatable {
    package enum Action: String, Sendable, CaseIterable {
        /// One signal, once. Nothing is put back.
        case signal
        /// SIGSTOP, and SIGCONT on revert.
        case pause
        /// The signal, and again to whatever matches next, until revert.
        case keepDown
    }

    package enum Signal: String, Sendable, CaseIterable {
        case terminate = "TERM"
        case kill = "KILL"
        case interrupt = "INT"
        case hangUp = "HUP"
        case quit = "QUIT"
        case user1 = "USR1"
        case user2 = "USR2"
        case abort = "ABRT"
        case segmentation = "SEGV"
    }

    /// Which processes: all that is written must hold.
    package struct Match: Sendable, Equatable {
        package var process: Int32?
        /// The path of the program.
        package var executable: String?
        /// The whole argument vector.
        package var arguments: [String]?
        /// How the argument vector begins.
        package var argumentsPrefix: [String]?
        /// An extended regular expression that the arguments, joined by spaces, match from end to end.
        package var commandLine: String?
        package var user: String?
        /// A TCP or UDP port that the process listens at.
        package var port: Int?
        /// A path in a control group hierarchy; processes below it are in it.
        package var cgroup: String?
        /// The name of a systemd unit.
        package var unit: String?

        package init() {}
    }

    package enum Pick: Sendable, Equatable {
        /// The one that matches; more is an error.
        case only
        case count(Int), percent(Double), oldest(Int), newest(Int)
    }

    package var match: Match
    package var action: Action
    /// For `signal` and `keepDown`.
    package var signal: Signal?
    package var pick: Pick

    package init(match: Match, action: Action, signal: Signal? = nil, pick: Pick = .only) {
        (self.match, self.action, self.signal, self.pick) = (match, action, signal, pick)
    }
}

extension ProcessFaultSpec {
    static let schema = ObjectSchema(
        "ProcessFault",
        "A signal to processes. The first process, kernel threads, sshd, what started the injector and what keeps the "
            + "host reachable are never among them.",
        fields: [
            FieldSchema(
                "match", .object(matchSchema), required: true, "Which processes; all that is written must hold."),
            FieldSchema(
                "action", .choice(Action.allCases.map(\.rawValue)), required: true,
                "signal sends one; pause stops them (SIGSTOP) and resumes them on revert; keepDown signals again "
                    + "whatever matches next, until revert.", example: "pause"),
            FieldSchema(
                "signal", .choice(Signal.allCases.map(\.rawValue)), "With signal and keepDown, and required there.",
                example: "KILL"),
            FieldSchema("count", .integer(1...10_000), "So many of them, at random."),
            FieldSchema(
                "percent", .decimal(DecimalRange(0, 100, excludesLow: true)),
                "This part of them, at random, rounded down, but at least one."),
            FieldSchema("oldest", .integer(1...10_000), "Those that have run longest."),
            FieldSchema("newest", .integer(1...10_000), "Those that were started last."),
        ],
        groups: [FieldGroup(.atMostOne, ["count", "percent", "oldest", "newest"])])

    private static let matchSchema = ObjectSchema(
        "ProcessMatch", "Which processes; all that is written must hold.",
        fields: [
            FieldSchema("pid", .integer(2...4_194_304), "The number of one process."),
            FieldSchema("executable", .text(.path), "The whole path of the program.", example: "/usr/sbin/nginx"),
            FieldSchema("arguments", .list(of: .text(.argument), unique: false), "The whole argument vector."),
            FieldSchema(
                "argumentsPrefix", .list(of: .text(.argument), unique: false), "How the argument vector begins.",
                example: "[java, -jar, shop.jar]"),
            FieldSchema(
                "commandLine", .text(.line),
                "A POSIX extended regular expression that the arguments, joined by spaces, match from end to end.",
                example: "java .*shop.*"),
            FieldSchema("user", .text(.userName), "The name or number of the effective user.", example: "www-data"),
            FieldSchema("port", .integer(1...65_535), "A TCP or UDP port that the process listens at."),
            FieldSchema("cgroup", .text(.path), "A path in a control group hierarchy, or one above it."),
            FieldSchema("unit", .text(.unitName), "A systemd unit.", example: "nginx.service"),
        ],
        groups: [
            FieldGroup(
                .atLeastOne,
                [
                    "pid", "executable", "arguments", "argumentsPrefix", "commandLine", "user", "port", "cgroup",
                    "unit",
                ])
        ])

    static func check(_ node: ManifestNode, path: String, _ rules: inout RuleProblems) {
        let action = node["action"]?.text.flatMap(Action.init)
        if action == .pause, let signal = node["signal"] {
            rules.report("\(path).signal", "pause sends SIGSTOP, and SIGCONT on revert", signal)
        }
        if action == .signal || action == .keepDown, node["signal"] == nil {
            rules.report(
                "\(path).signal", "missing; write which signal is sent", nil, hint: "for example `signal: KILL`")
        }
    }

    /// From a tree that was checked.
    package init(_ node: ManifestNode) {
        var match = Match()
        let written = node["match"]
        match.process = written?["pid"]?.integer.flatMap { Int32(exactly: $0) }
        match.executable = written?["executable"]?.text
        match.arguments = written?["arguments"]?.items?.compactMap(\.text)
        match.argumentsPrefix = written?["argumentsPrefix"]?.items?.compactMap(\.text)
        match.commandLine = written?["commandLine"]?.text
        match.user = written?["user"]?.text
        match.port = written?["port"]?.integer
        match.cgroup = written?["cgroup"]?.text
        match.unit = written?["unit"]?.text
        self.match = match
        // The schema lets no other action through.
        action = node["action"]?.text.flatMap(Action.init) ?? .signal
        signal = node["signal"]?.text.flatMap(Signal.init)
        if let count = node["count"]?.integer {
            pick = .count(count)
        } else if let percent = node["percent"]?.decimal {
            pick = .percent(percent)
        } else if let oldest = node["oldest"]?.integer {
            pick = .oldest(oldest)
        } else if let newest = node["newest"]?.integer {
            pick = .newest(newest)
        } else {
            pick = .only
        }
    }
}

extension TextRule {
    /// One word of an argument vector.
    package static let argument = TextRule("one argument, on one line", maximumLength: 4_096) {
        TextBytes.isPrintable($0)
    }

    package static let userName = TextRule(
        "the name or number of a user", pattern: "^[A-Za-z0-9_][A-Za-z0-9_.-]*[$]?$", maximumLength: 32
    ) { TextBytes.all($0, "_.-$", TextBytes.isAlphanumeric) }

    package static let unitName = TextRule(
        "the name of a systemd unit such as nginx.service",
        pattern: "^[A-Za-z0-9:_.@-]+\\.(service|scope|slice)$", maximumLength: 255
    ) { text in
        TextBytes.all(text, ":_.@-", TextBytes.isAlphanumeric)
            && [".service", ".scope", ".slice"].contains(where: text.hasSuffix)
    }
}

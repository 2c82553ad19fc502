// SPDX-License-Identifier: Apache-2.0

/// One fault for one host, as `rebound-inject run` reads it from its standard input.
package struct HostInjection: Sendable, Equatable {
    /// Names the injection; the same twice is one injection.
    package var id: String
    /// How long the fault is held, counted from when it is in force.
    package var duration: Duration
    /// Longer than this without a line `lease` on standard input, and the fault is reverted. Nil: only the end of the
    /// input, the deadline and signals end it.
    package var lease: Duration?
    /// Addresses and networks that packets always get through to.
    package var roadHome: [String]
    package var fault: HostFaultSpec
}

/// The harm itself; the outer case is the key in the document.
package enum HostFaultSpec: Sendable, Equatable {
    case process(ProcessFaultSpec)
    case network(NetworkFaultSpec)

    /// The keys, one for each case.
    package static let keys = ["process", "network"]
}

extension HostInjection {
    package static let apiVersion = "rebound.chaos/v1"
    package static let kindName = "HostInjection"
    /// Bytes of a document at most.
    package static let longestDocument = 65_536

    package static let schema = ObjectSchema(
        kindName, "One fault for one host, as `rebound-inject run` reads it from its standard input, in JSON.",
        fields: [
            FieldSchema(
                "apiVersion", .choice([apiVersion]), required: true, "The group and version of the format.",
                example: apiVersion),
            FieldSchema("kind", .choice([kindName]), required: true, "What this document is.", example: kindName),
            FieldSchema(
                "id", .text(.injectionID), required: true,
                "Names the injection on this host; the same id twice is one injection.", example: "run-7.slow-api"),
            FieldSchema(
                "duration", .duration(DurationRange(.milliseconds(100), .seconds(86_400))), required: true,
                "How long the fault is held before it is reverted, 100ms to 1d, counted from before the act.",
                example: "60s"),
            FieldSchema(
                "lease", .duration(DurationRange(.milliseconds(100), .seconds(3_600))),
                "The fault is reverted when no line `lease` came for this long, 100ms to 1h. Absent: when the input "
                    + "ends, and at the deadline.", example: "5s"),
            FieldSchema(
                "roadHome", .list(of: .text(.cidr), unique: true),
                "Addresses and networks that a network fault never touches, beside those found on the host.",
                example: "[10.0.0.5]"),
            FieldSchema("process", .object(ProcessFaultSpec.schema), "A signal to processes."),
            FieldSchema("network", .object(NetworkFaultSpec.schema), "What happens to packets that the host sends."),
        ], groups: [FieldGroup(.exactlyOne, HostFaultSpec.keys)])

    /// Reads and checks a document. Throws every problem at once.
    package static func read(_ bytes: [UInt8]) throws(ValidationFailure) -> Self {
        func failure(_ problems: [Problem]) -> ValidationFailure { ValidationFailure(problems: problems, file: "-") }
        guard bytes.count <= longestDocument else {
            throw failure([Problem(path: "", message: "more than \(longestDocument) bytes")])
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw failure([Problem(path: "", message: "the text is not UTF-8")])
        }
        if let problem = TextBounds.problem(in: text) { throw failure([problem]) }
        let (trees, reading) = JSONReader.read(text)
        guard reading.isEmpty, let tree = trees.first, trees.count == 1 else {
            throw failure(reading.isEmpty ? [Problem(path: "", message: "one JSON document is expected")] : reading)
        }
        let problems = self.problems(in: tree)
        guard problems.isEmpty, let injection = Self(checked: tree) else { throw failure(problems) }
        return injection
    }

    private static func problems(in tree: ManifestNode) -> [Problem] {
        var check = SchemaCheck()
        check.check(tree, against: schema, path: "")
        var rules = RuleProblems()
        if let node = tree["network"] { NetworkFaultSpec.check(node, path: "network", &rules) }
        if let node = tree["process"] { ProcessFaultSpec.check(node, path: "process", &rules) }
        if tree["process"] != nil, let road = tree["roadHome"] {
            rules.report("roadHome", "has a meaning only with network", road)
        }
        return check.problems + rules.problems
    }

    private init?(checked tree: ManifestNode) {
        guard let id = tree["id"]?.text, let duration = tree["duration"]?.duration else { return nil }
        self.id = id
        self.duration = duration
        lease = tree["lease"]?.duration
        roadHome = (tree["roadHome"]?.items ?? []).compactMap(\.text)
        if let node = tree["network"] {
            fault = .network(NetworkFaultSpec(node))
        } else if let node = tree["process"] {
            fault = .process(ProcessFaultSpec(node))
        } else {
            return nil
        }
    }
}

extension TextRule {
    /// Also the name of a file.
    package static let injectionID = TextRule(
        "letters, digits, dots, dashes and underscores, beginning with a letter or digit, at most 128",
        pattern: "^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$", maximumLength: 128
    ) { text in
        TextBytes.all(text, "._-", TextBytes.isAlphanumeric) && text.utf8.first.map(TextBytes.isAlphanumeric) == true
    }
}

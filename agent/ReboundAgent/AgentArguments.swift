// SPDX-License-Identifier: Apache-2.0
import AgentRuntime
import ChaosModel

/// The command line of `rebound-agent`: few words, so that they are read here and not by a library.
struct AgentArguments: Sendable, Equatable {
    enum Command: String, Sendable, CaseIterable { case enrol, run, version, help }

    var command: Command
    var options: [String: String] = [:]
    var flags: Set<String> = []

    static let usage = """
        rebound-agent: the agent of Rebound on this host. It dials out to the controller, and listens on nothing.

        rebound-agent enrol (--ticket-file FILE | --controller URL --token-file FILE [--certificate-authority FILE])
                            [--again] [--state-folder FOLDER]
            Makes a key here, and gets a certificate for it by a ticket of `rebound host token NAME`. The file
            - is standard input.
        rebound-agent run [--heartbeat 10s] [--state-folder FOLDER]
            Reports this host to the controller until a signal ends it.
        rebound-agent version

        The state folder is \(AgentFolder.usual), unless another one is named.
        """

    private static let known: [Command: (options: Set<String>, flags: Set<String>)] = [
        .enrol: (["ticket-file", "controller", "token-file", "certificate-authority", "state-folder"], ["again"]),
        .run: (["heartbeat", "state-folder"], []),
        .version: ([], []), .help: ([], []),
    ]

    /// Throws `.usage`. An option is `--name VALUE` or `--name=VALUE`, and stands once.
    init(_ words: [String]) throws(AgentError) {
        let first = words.first ?? "help"
        let spelled = ["--help": "help", "-h": "help", "--version": "version"][first] ?? first
        guard let command = Command(rawValue: spelled) else {
            throw Self.wrong("\(first) is no command of rebound-agent")
        }
        self.command = command
        guard !words.dropFirst().contains("--help") else {
            self.command = .help
            return
        }
        var rest = words.dropFirst()[...]
        while let word = rest.popFirst() { try take(word, &rest) }
    }

    private mutating func take(_ word: String, _ rest: inout ArraySlice<String>) throws(AgentError) {
        let (names, flagNames) = Self.known[command] ?? ([], [])
        guard word.hasPrefix("--") else { throw Self.wrong("\(word) is not understood after \(command.rawValue)") }
        let parts = word.dropFirst(2).split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        let name = String(parts.first ?? "")
        if flagNames.contains(name), parts.count == 1 {
            flags.insert(name)
            return
        }
        guard names.contains(name) else { throw Self.wrong("\(word) is no option of \(command.rawValue)") }
        guard let value = parts.count == 2 ? String(parts[1]) : rest.popFirst(), !value.isEmpty else {
            throw Self.wrong("--\(name) wants a value")
        }
        guard options.updateValue(value, forKey: name) == nil else { throw Self.wrong("--\(name) stands twice") }
    }

    private static func wrong(_ message: String) -> AgentError {
        AgentError(.usage, message, hint: "See `rebound-agent help`.")
    }

    var folder: AgentFolder { AgentFolder(path: options["state-folder"] ?? AgentFolder.usual) }

    /// Throws `.usage` for anything but 1s to 1h.
    func heartbeat() throws(AgentError) -> Duration {
        guard let text = options["heartbeat"] else { return Host.usualHeartbeat }
        guard let written = WrittenDuration(text), written.duration >= .seconds(1), written.duration <= .seconds(3_600)
        else { throw Self.wrong("--heartbeat is \(text), which is no length of time from 1s to 1h") }
        return written.duration
    }

    /// Throws `.usage` unless one way is named, and what keeps its files from being read.
    func order() throws -> Enrolment.Order {
        switch (options["ticket-file"], options["controller"], options["token-file"]) {
        case (let file?, nil, nil) where options["certificate-authority"] == nil:
            return try Enrolment.Order(ticket: SmallFile.given(file))
        case (nil, let server?, let file?):
            let token = try SmallFile.given(file).split(whereSeparator: \.isWhitespace).first.map(String.init) ?? ""
            return Enrolment.Order(server: server, authority: try authority(), token: token)
        default:
            throw Self.wrong("enrol wants --ticket-file alone, or --controller with --token-file")
        }
    }

    func authority() throws(AgentError) -> String? {
        guard let file = options["certificate-authority"] else { return nil }
        return try SmallFile.given(file)
    }
}

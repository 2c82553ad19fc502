// SPDX-License-Identifier: Apache-2.0
package import ArgumentParser
internal import ChaosModel
internal import Identity
internal import ResourceClient

/// `rebound token`
package struct TokenCommand: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "token", abstract: "Make tokens for pipelines and logins, list them, and take them back.",
        discussion: "For admins of a server.",
        subcommands: [TokenCreateCommand.self, TokenListCommand.self, TokenRevokeCommand.self])

    package init() {}
}

/// `rebound token create`
package struct TokenCreateCommand: ContextCommand {
    package static let configuration = CommandConfiguration(
        commandName: "create", abstract: "Make a token, and print it this once.",
        discussion: """
            For example: rebound token create --name deploy --group operators --lifetime 30d --purpose "nightly runs"
            """)

    @Option(help: ArgumentHelp("Who the token stands for.", valueName: "name"))
    var name: String

    @Option(help: ArgumentHelp("A group that he belongs to; may be given several times.", valueName: "group"))
    var group: [String] = []

    @Option(help: ArgumentHelp("How long it is good for, such as 12h or 30d; at most 366d.", valueName: "duration"))
    var lifetime: String

    @Option(help: ArgumentHelp("What it is for, to be found again in the list.", valueName: "text"))
    var purpose: String

    @Flag(help: "Good for one `rebound login` and nothing else.")
    var oneTime = false

    @OptionGroup var place: PlaceOptions
    @OptionGroup var outputOptions: OutputOptions

    package init() {}

    package func run(in context: CommandContext) async throws -> CommandStatus {
        guard let lifetime = WrittenDuration(lifetime) else {
            throw CommandFailure(
                .usage, "--lifetime is \(self.lifetime), which is no length of time",
                hint: "Write a number and a unit, such as 12h or 30d.")
        }
        let order = TokenRequest(
            name: name, groups: group.isEmpty ? nil : group, lifetime: lifetime, oneTime: oneTime ? true : nil,
            purpose: purpose)
        let answer = try await context.withServer(place, for: "a token") { client in
            try await client.post(.group("credentials"), order, as: TokenAnswer.self)
        }
        let isTable = outputOptions.output == .table
        try outputOptions.answer(answer, on: context.console) { [StyledLine(answer.token)] }
        guard isTable else { return .pass }
        let until = Measures.moment(answer.expiresAt)
        context.console.notice([StyledLine("\(answer.id), good until \(until); it is not shown again", .dim)])
        return .pass
    }
}

/// `rebound token list`
package struct TokenListCommand: ContextCommand {
    package static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List the tokens and certificates that were given out.")

    @OptionGroup var place: PlaceOptions
    @OptionGroup var outputOptions: OutputOptions

    package init() {}

    private struct List: Codable { var items: [GivenCredential] }

    package func run(in context: CommandContext) async throws -> CommandStatus {
        let list = try await context.withServer(place, for: "the list of credentials") { client in
            try await client.read(.group("credentials"), as: List.self)
        }
        let now = context.now()
        try outputOptions.answer(list, on: context.console) {
            var table = TextTable(["ID", "NAME", "GROUPS", "STATE", "EXPIRES", "LAST USED", "PURPOSE"])
            for item in list.items {
                table.add(
                    StyledLine(item.id, .strong), StyledLine(item.name ?? "-"),
                    StyledLine(item.groups?.joined(separator: ",") ?? "-"), item.state(at: now),
                    StyledLine(item.expiresAt.map(Measures.date) ?? "-"),
                    StyledLine(item.lastUsedAt.map(Measures.date) ?? "-"), StyledLine(item.purpose ?? "-"))
            }
            return table.lines()
        }
        return .pass
    }
}

/// One token or certificate, as a server tells of it.
struct GivenCredential: Codable {
    var id: String
    var kind: String?
    var name: String?
    var groups: [String]?
    var issuedAt: Timestamp?
    var expiresAt: Timestamp?
    var lastUsedAt: Timestamp?
    var redeemedAt: Timestamp?
    var issuedBy: String?
    var purpose: String?
    var revokedAt: Timestamp?
    var revokedBy: String?
    var revokedBecause: String?

    func state(at now: Timestamp) -> StyledLine {
        if revokedAt != nil { return StyledLine("revoked", .bad) }
        if redeemedAt != nil { return StyledLine("used", .dim) }
        if let expiresAt, expiresAt <= now { return StyledLine("expired", .dim) }
        return StyledLine("good", .good)
    }
}

/// `rebound token revoke`
package struct TokenRevokeCommand: ContextCommand {
    package static let configuration = CommandConfiguration(
        commandName: "revoke", abstract: "Take back a token or certificate, with all that was made from it.",
        discussion: "Takes effect at once, also on watches that are open.")

    @Argument(help: "token:ID or certificate:SERIAL, as `rebound token list` shows it.")
    var credential: String?

    @Option(help: ArgumentHelp("Take back everything of this name instead.", valueName: "name"))
    var name: String?

    @Option(help: ArgumentHelp("Why, for the audit.", valueName: "text"))
    var reason: String

    @OptionGroup var place: PlaceOptions
    @OptionGroup var outputOptions: OutputOptions

    package init() {}

    package func validate() throws {
        guard (credential == nil) != (name == nil) else {
            throw ValidationError("Give either one credential, or --name for all of a name.")
        }
    }

    package func run(in context: CommandContext) async throws -> CommandStatus {
        let order = RevocationRequest(credential: credential, name: name, reason: reason)
        let answer = try await context.withServer(place, for: "revoking") { client in
            try await client.post(.group("credentials", "revoke"), order, as: RevocationAnswer.self)
        }
        try outputOptions.answer(answer, on: context.console) {
            answer.revoked.isEmpty
                ? [StyledLine("nothing was left to revoke")] : answer.revoked.map { StyledLine("\($0) revoked") }
        }
        return .pass
    }
}

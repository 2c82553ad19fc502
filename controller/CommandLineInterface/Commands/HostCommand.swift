// SPDX-License-Identifier: Apache-2.0
package import ArgumentParser
internal import ChaosModel
internal import Identity
internal import ResourceClient

/// `rebound host`
package struct HostCommand: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "host", abstract: "Let machines of the fleet enrol their agents.",
        discussion: "For admins of a server. `rebound get hosts` lists those that have.",
        subcommands: [HostTokenCommand.self])

    package init() {}
}

/// `rebound host token`
package struct HostTokenCommand: ContextCommand {
    package static let configuration = CommandConfiguration(
        commandName: "token", abstract: "Print a ticket by which one host enrols its agent, once.",
        discussion: """
            The ticket names the server, whom to trust, and a token that is good for one enrolment as that host. \
            On the host: rebound-agent enrol --ticket-file FILE.

            For example: rebound host token web-1 | ssh web-1 rebound-agent enrol --ticket-file -
            """)

    @Argument(help: ArgumentHelp("The name that the host has here: its Host resource.", valueName: "name"))
    var name: String

    @Option(
        help: ArgumentHelp("How long the ticket can be used, such as 30m or 7d; at most 30d.", valueName: "duration"))
    var lifetime = "1h"

    @Option(help: ArgumentHelp("What it is for, to be found again in the list.", valueName: "text"))
    var purpose = "enrolment of an agent"

    @OptionGroup var place: PlaceOptions

    package init() {}

    private static let longest = Duration.seconds(30 * 86_400)

    package func run(in context: CommandContext) async throws -> CommandStatus {
        guard TextRule.name.matches(name) else {
            throw CommandFailure(
                .usage, "\(name) is no name of a host", hint: "A name is \(TextRule.name.words).")
        }
        guard let length = WrittenDuration(lifetime), length.duration > .zero, length.duration <= Self.longest else {
            throw CommandFailure(
                .usage, "--lifetime is \(lifetime), which is no length of time up to 30d",
                hint: "Write a number and a unit, such as 30m or 7d.")
        }
        guard let server = try place.serverContext(environment: context.console.environment) else {
            throw CommandFailure.serverOnly("a host's token")
        }
        let order = TokenRequest(
            name: "agent:" + name, groups: ["rebound:agents"], lifetime: length, oneTime: true, purpose: purpose)
        let answer = try await context.withServer(place, for: "a host's token") { client in
            try await client.post(.group("credentials"), order, as: TokenAnswer.self)
        }
        try context.console.answer(try Self.text(server, answer.token) + "\n")
        let until = Measures.moment(answer.expiresAt)
        context.console.notice([
            StyledLine("good for one enrolment as \(name) until \(until); \(answer.id) in the list of tokens", .dim)
        ])
        return .pass
    }

    /// A ticket; where the system's authorities vouch for the server, there is no authority to put into one, and the
    /// token alone is enough.
    private static func text(_ server: ServerContext, _ token: String) throws -> String {
        guard let authorities = server.authoritiesPEM else { return token }
        return try LoginTicket(
            server: server.server, authority: String(decoding: authorities, as: UTF8.self), token: token
        ).text()
    }
}

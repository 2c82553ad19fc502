// SPDX-License-Identifier: Apache-2.0
package import ArgumentParser
internal import ChaosModel
internal import Identity

/// `rebound-controller authority`
package struct AuthorityCommand: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "authority", abstract: "Replace the fleet's authority, or let an administrator in again.",
        discussion: """
            For whoever may write the data folder. Replacing takes three steps, each followed by a restart of the \
            controller (runs go on): prepare; then, when everybody has logged in since, switch; then, when everybody \
            has logged in since, retire. Between them both authorities are trusted. See docs/security.md.
            """,
        subcommands: [
            AuthorityShowCommand.self, AuthorityPrepareCommand.self, AuthoritySwitchCommand.self,
            AuthorityRetireCommand.self, AuthorityTicketCommand.self,
        ])

    package init() {}
}

extension ServiceOptions {
    /// The authority's files, and what they hold.
    fileprivate func files(_ context: CommandContext) throws -> (AuthorityFiles, ServiceSettings) {
        let settings = try settings(environment: context.console.environment)
        return (AuthorityFiles(folder: settings.dataFolder + "/identity"), settings)
    }
}

/// What is wrong with the keys, as a failure of the command.
private func keys<T>(_ body: () throws(IdentityError) -> T) throws(CommandFailure) -> T {
    do throws(IdentityError) { return try body() } catch {
        throw CommandFailure(.error, error.message, hint: error.hint)
    }
}

/// `rebound-controller authority show`
package struct AuthorityShowCommand: ContextCommand {
    package static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Show which authorities are trusted, and until when.")

    @OptionGroup var options: ServiceOptions
    @OptionGroup var outputOptions: OutputOptions

    package init() {}

    private struct Answer: Encodable {
        struct Authority: Encodable {
            var file: String
            var name: String
            var expiresAt: Timestamp
            var fingerprint: String
        }
        var stage: String
        var authorities: [Authority]
    }

    package func run(in context: CommandContext) async throws -> CommandStatus {
        let (files, _) = try options.files(context)
        let answer = try keys { () throws(IdentityError) in
            Answer(
                stage: try files.stage().rawValue,
                authorities: try files.certificates().map {
                    Answer.Authority(
                        file: $0.file, name: $0.certificate.commonName ?? "", expiresAt: $0.certificate.notAfter,
                        fingerprint: $0.certificate.fingerprint)
                })
        }
        try outputOptions.answer(answer, on: context.console) {
            var table = TextTable(["FILE", "NAME", "EXPIRES", "SHA-256"])
            for each in answer.authorities {
                table.add(
                    StyledLine(each.file), StyledLine(each.name), StyledLine(Measures.moment(each.expiresAt)),
                    StyledLine(String(each.fingerprint.prefix(16))))
            }
            return [Field.line("stage", StyledLine(answer.stage))] + table.lines()
        }
        return .pass
    }
}

/// `rebound-controller authority prepare`
package struct AuthorityPrepareCommand: ContextCommand {
    package static let configuration = CommandConfiguration(
        commandName: "prepare", abstract: "Make the next authority, which clients begin to trust.")

    @OptionGroup var options: ServiceOptions

    package init() {}

    package func run(in context: CommandContext) async throws -> CommandStatus {
        let (files, _) = try options.files(context)
        let next = try keys { () throws(IdentityError) in try files.prepare(at: context.now()) }
        try context.console.answer("\(next.commonName ?? "the next authority") is prepared, and signs nothing yet\n")
        context.console.notice([
            StyledLine(
                "Restart the controller. When everybody has logged in since (certificates last 12 hours) and pipelines "
                    + "have the new authority.crt, run `rebound-controller authority switch`.", .dim)
        ])
        return .pass
    }
}

/// `rebound-controller authority switch`
package struct AuthoritySwitchCommand: ContextCommand {
    package static let configuration = CommandConfiguration(
        commandName: "switch", abstract: "Let the prepared authority sign from the next start on.")

    @OptionGroup var options: ServiceOptions

    package init() {}

    package func run(in context: CommandContext) async throws -> CommandStatus {
        let (files, _) = try options.files(context)
        let made = try keys { () throws(IdentityError) in try files.switchOver(at: context.now()) }
        try context.console.answer("\(made.commonName ?? "the prepared authority") signs from the next start on\n")
        context.console.notice([
            StyledLine(
                "Restart the controller. When everybody has logged in since, run `rebound-controller authority "
                    + "retire`.", .dim)
        ])
        return .pass
    }
}

/// `rebound-controller authority retire`
package struct AuthorityRetireCommand: ContextCommand {
    package static let configuration = CommandConfiguration(
        commandName: "retire", abstract: "Trust the former authority no more, from the next start on.")

    @OptionGroup var options: ServiceOptions

    package init() {}

    package func run(in context: CommandContext) async throws -> CommandStatus {
        let (files, _) = try options.files(context)
        let isGone = try keys { () throws(IdentityError) in try files.retire() }
        try context.console.answer(
            isGone
                ? "the former authority is trusted no more from the next start on\n"
                : "there is no former authority\n")
        return .pass
    }
}

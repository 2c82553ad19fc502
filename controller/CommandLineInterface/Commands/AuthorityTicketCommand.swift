// SPDX-License-Identifier: Apache-2.0
package import ArgumentParser
internal import ChaosModel
internal import Identity
internal import ResourceStore

/// `rebound-controller authority ticket`
package struct AuthorityTicketCommand: ContextCommand {
    package static let configuration = CommandConfiguration(
        commandName: "ticket", abstract: "Print a login ticket for an administrator, good once and for an hour.",
        discussion: """
            The way in when no administrator can log in any more: after an authority was replaced because it had \
            expired or was stolen. Works beside a controller that serves. It is recorded in the audit log, with who \
            asked and why.

            For example: rebound-controller authority ticket --name ana --reason "new authority" | rebound login \
            --token-file -
            """)

    private static let lifetime = Duration.seconds(3_600)
    private static let adminGroup = "rebound:admins"

    @Option(help: ArgumentHelp("Who logs in with it.", valueName: "name"))
    var name: String

    @Option(help: ArgumentHelp("Why, for the audit log.", valueName: "text"))
    var reason: String

    @Option(help: ArgumentHelp("Where the controller is reached. Default: its first address.", valueName: "url"))
    var server: String?

    @OptionGroup var options: ServiceOptions

    package init() {}

    package func run(in context: CommandContext) async throws -> CommandStatus {
        let settings = try options.settings(environment: context.console.environment)
        let server = try server ?? Self.address(settings)
        let authority = String(
            decoding: try FileBytes.read(settings.dataFolder + "/identity/authority.crt"), as: UTF8.self)
        let token: AccessToken
        let text: String
        do throws(IdentityError) {
            _ = try CertificateSubject(name: name, groups: [Self.adminGroup])
            token = try AccessToken.make()
            text = try LoginTicket(server: server, authority: authority, token: token.text).text()
            _ = try LoginTicket(text)
        } catch {
            throw CommandFailure(.usage, error.message, hint: error.hint)
        }
        try await keep(token, settings, context)
        try context.console.answer(text + "\n")
        context.console.notice([StyledLine("good for one login within an hour; keep it to yourself", .dim)])
        return .pass
    }

    private static func address(_ settings: ServiceSettings) throws -> String {
        guard let first = settings.listenAddresses.first, first.port != 0 else {
            throw CommandFailure(
                .usage, "the controller's address is not known", hint: "Give it with --server https://HOST:PORT.")
        }
        return "https://" + (first.host.contains(":") ? "[\(first.host)]" : first.host) + ":\(first.port)"
    }

    private func keep(_ token: AccessToken, _ settings: ServiceSettings, _ context: CommandContext) async throws {
        let now = context.now()
        var issued = IssuedCredential(
            id: "token:\(token.id)", kind: .oneTimeToken, name: name, groups: [Self.adminGroup],
            secretHash: token.secretHash, issuedAt: now, expiresAt: now.advanced(by: Self.lifetime))
        issued.purpose = reason
        let origin = WriteOrigin(actor: "local:\(context.requestedBy())", reason: reason)
        let store = try await context.opening.store(settings.storePath, .existing)
        let outcome: Result<Void, any Error> = await WriteOrigin.$current.withValue(origin) { [issued] in
            guard let credentials = store.resources as? any CredentialStore else {
                return .failure(
                    CommandFailure(.error, "this store keeps no credentials", hint: "Use rebound-controller."))
            }
            do { return .success(try await credentials.issue(issued)) } catch { return .failure(error) }
        }
        await store.close()
        try outcome.get()
    }
}

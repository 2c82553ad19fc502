// SPDX-License-Identifier: Apache-2.0
package import ArgumentParser
internal import ChaosModel
internal import Identity
internal import ResourceClient

/// `rebound login`
package struct LoginCommand: ContextCommand {
    package static let configuration = CommandConfiguration(
        commandName: "login", abstract: "Exchange a token for a client certificate, and keep it as a context.",
        discussion: """
            The file holds a login ticket (it begins with rebound-login:, and names the server and whom to trust), \
            alone or in the log that it was written to, or a token, for which --server says where. The private key \
            is made here and never leaves this machine. Without a token the current certificate is renewed.

            For example: journalctl -u rebound-controller | rebound login --token-file -
            """)

    @Option(help: ArgumentHelp("The name of the context that is written. Default: rebound.", valueName: "name"))
    var `as` = "rebound"

    @OptionGroup var place: PlaceOptions

    package init() {}

    package func run(in context: CommandContext) async throws -> CommandStatus {
        let (server, token) = try target(context)
        let exchange = try LoginExchange(token: token)
        let client = try opened(server, context)
        let answer = try await client.send("POST", ResourcePath("login"), body: exchange.body)
        let credential = try exchange.credential(from: answer, at: context.now())
        var kept = server
        kept.credential = .certificate(
            chainPEM: Array(credential.certificatePEM.utf8), keyPEM: Array(credential.keyPEM.utf8))
        kept.authoritiesPEM = Array(credential.authorityPEM.utf8)
        kept.namespace = place.namespace ?? server.namespace
        let path = try write(kept, context)
        let expiry = Measures.moment(credential.expiresAt)
        try context.console.answer("logged in to \(server.server) as \(credential.name) until \(expiry)\n")
        context.console.notice([StyledLine("the context \(`as`) in \(path) is now the current one", .dim)])
        return .pass
    }

    /// Where to log in, and what to show there; no token means the certificate of the context.
    private func target(_ context: CommandContext) throws -> (ServerContext, String?) {
        guard let tokenFile = place.tokenFile else {
            guard let known = try place.serverContext(environment: context.console.environment) else {
                throw CommandFailure(
                    .usage, "there is nothing to log in with",
                    hint: "Give a ticket or a token with --token-file; - is standard input.")
            }
            return (known, nil)
        }
        let text = String(decoding: try FileBytes.read(tokenFile), as: UTF8.self).trimming(\.isWhitespace)
        if let ticket = try LoginTicket.last(in: text) {
            var server = ServerContext(server: place.server ?? ticket.server)
            server.authoritiesPEM = Array(ticket.authority.utf8)
            return (server, ticket.token)
        }
        var plain = place
        plain.tokenFile = nil
        guard var server = try plain.serverContext(environment: context.console.environment) else {
            throw CommandFailure(
                .usage, "the token does not say where to log in", hint: "Name the server with --server.")
        }
        server.credential = .none
        return (server, text)
    }

    private func opened(_ server: ServerContext, _ context: CommandContext) throws -> ResourceClient {
        try context.opening.client(try server.connection()) { [console = context.console] text in
            console.notice([StyledLine([Span("warning: ", .warning), Span(text)])])
        }
    }

    private func write(_ server: ServerContext, _ context: CommandContext) throws -> String {
        let environment = context.console.environment
        guard let path = ContextFile.path(option: place.config, environment: environment) else {
            throw CommandFailure(
                .usage, "there is no place for the file of contexts", hint: "Give its path with --config.")
        }
        var file = try ContextFile.readOrNew(at: path)
        file.keep(server, as: `as`)
        try ContextFile.write(file)
        return path
    }
}

/// `rebound kubeconfig`
package struct KubeconfigCommand: ContextCommand {
    package static let configuration = CommandConfiguration(
        commandName: "kubeconfig", abstract: "Print the context as a file for kubectl.",
        discussion: """
            For example: rebound kubeconfig > rebound.kubeconfig; kubectl --kubeconfig rebound.kubeconfig get runs. \
            It holds the key of the context: keep it as secret.
            """)

    @OptionGroup var place: PlaceOptions

    package init() {}

    package func run(in context: CommandContext) async throws -> CommandStatus {
        guard let server = try place.serverContext(environment: context.console.environment) else {
            throw CommandFailure.serverOnly("a kubeconfig")
        }
        var file = KubeconfigFile(newAt: "-")
        file.keep(server, as: server.name ?? "rebound")
        try context.console.answer(file.text)
        return .pass
    }
}

/// `rebound whoami`
package struct WhoamiCommand: ContextCommand {
    package static let configuration = CommandConfiguration(
        commandName: "whoami", abstract: "Show who you are to the server, and what you may do there.")

    @OptionGroup var place: PlaceOptions
    @OptionGroup var outputOptions: OutputOptions

    package init() {}

    private struct Answer: Encodable {
        var server: String
        var context: String?
        var credential: String
        var name: String?
        var groups: [String]?
        var expiresAt: Timestamp?
        var namespace: String
        var rules: [RulesReview.Rule]
    }

    package func run(in context: CommandContext) async throws -> CommandStatus {
        guard let server = try place.serverContext(environment: context.console.environment) else {
            throw CommandFailure.serverOnly("who you are")
        }
        let namespace = place.namespace ?? server.namespace ?? "default"
        let rules = try await context.withServer(place, for: "who you are") { client in
            try await client.post(
                RulesReview.path, RulesReview(namespace: namespace), as: RulesReview.Answer.self)
        }
        var answer = Answer(
            server: server.server, context: server.name, credential: "token", namespace: namespace,
            rules: rules.status.resourceRules ?? [])
        switch server.credential {
        case .certificate(let chain, _):
            let leaf = try Certificate.read(pem: chain, name: "The certificate of the context")[0]
            answer.credential = "certificate \(leaf.serial)"
            (answer.name, answer.groups, answer.expiresAt) = (leaf.commonName, leaf.organizations, leaf.notAfter)
        case .token, .tokenFile: break
        case .none: answer.credential = "none"
        }
        try outputOptions.answer(answer, on: context.console) { Self.page(answer) }
        return .pass
    }

    private static func page(_ answer: Answer) -> [StyledLine] {
        var lines = [Field.line("server", StyledLine(answer.server))]
        func add(_ label: String, _ text: String?) {
            if let text { lines.append(Field.line(label, StyledLine(text))) }
        }
        add("context", answer.context)
        add("credential", answer.credential)
        add("name", answer.name)
        add("groups", answer.groups.map { $0.isEmpty ? "none" : $0.joined(separator: ", ") })
        add("valid until", answer.expiresAt.map(Measures.moment))
        var table = TextTable(["RESOURCES", "VERBS"])
        for rule in answer.rules {
            table.add(
                StyledLine(rule.resources.joined(separator: ", ")), StyledLine(rule.verbs.joined(separator: ", ")))
        }
        lines += [StyledLine(), StyledLine("May, in the namespace \(answer.namespace)", .strong)]
        return lines + (answer.rules.isEmpty ? ["  nothing"] : table.lines(indent: 2))
    }
}

/// What the caller may do (Kubernetes API, `authorization.k8s.io/v1`).
struct RulesReview: Encodable {
    static let path = ResourcePath("apis", "authorization.k8s.io", "v1", "selfsubjectrulesreviews")

    struct Spec: Encodable { var namespace: String }
    struct Rule: Codable {
        var verbs: [String]
        var resources: [String]
    }
    struct Answer: Decodable {
        struct Status: Decodable { var resourceRules: [Rule]? }
        var status: Status
    }

    var apiVersion = "authorization.k8s.io/v1"
    var kind = "SelfSubjectRulesReview"
    var spec: Spec

    init(namespace: String) { spec = Spec(namespace: namespace) }
}

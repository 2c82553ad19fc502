// SPDX-License-Identifier: Apache-2.0
internal import ArgumentParser

/// Where the resources are kept.
struct StoreOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The store's file. Default: rebound/rebound.db in $XDG_STATE_HOME or ~/.local/state.", valueName: "path"),
        completion: .file())
    var store: String?

    @Option(name: [.short, .long], help: "The namespace of the resources.")
    var namespace = "default"
}

/// Where the resources are: a server, or a store on this machine.
struct PlaceOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The address of a server, such as https://rebound.example:7443, instead of a context's.",
            valueName: "url"))
    var server: String?

    @Option(help: ArgumentHelp("The context to use, instead of the current one.", valueName: "name"))
    var context: String?

    @Option(
        help: ArgumentHelp(
            "The file of contexts. Default: $REBOUND_CONFIG, or rebound/config in $XDG_CONFIG_HOME or ~/.config.",
            valueName: "path"),
        completion: .file())
    var config: String?

    @Option(
        help: ArgumentHelp("A file that holds the token to show the server.", valueName: "path"), completion: .file())
    var tokenFile: String?

    @Option(
        help: ArgumentHelp(
            "A PEM file of the authority that signs the server's certificate, instead of the system's.",
            valueName: "path"),
        completion: .file())
    var certificateAuthority: String?

    @Flag(help: "Use the store on this machine, also where a context names a server.")
    var local = false

    @Option(
        help: ArgumentHelp(
            "A store's file on this machine. Default: rebound/rebound.db in $XDG_STATE_HOME or ~/.local/state.",
            valueName: "path"),
        completion: .file())
    var store: String?

    @Option(
        name: [.short, .long],
        help: ArgumentHelp(
            "The namespace of the resources. Default: the context's, or default.", valueName: "name"))
    var namespace: String?

    func validate() throws {
        let remote = [
            ("--server", server != nil), ("--context", context != nil), ("--token-file", tokenFile != nil),
            ("--certificate-authority", certificateAuthority != nil),
        ]
        guard store != nil || local, let name = remote.first(where: \.1)?.0 else { return }
        throw ValidationError("\(store != nil ? "--store" : "--local") and \(name) exclude each other.")
    }

    /// The server that is meant; nil for the store on this machine.
    func serverContext(environment: [String: String]) throws(CommandFailure) -> ServerContext? {
        if store != nil || local { return nil }
        var found: ServerContext
        if let server, context == nil {
            // No context's credential is sent to an address that it was not given for.
            found = ServerContext(server: server)
        } else {
            guard let named = try contextInFile(environment) else { return try refuseStrayOptions() }
            found = named
            if let server { found.server = server }
        }
        if let tokenFile { found.credential = .tokenFile(tokenFile) }
        if let certificateAuthority { found.authoritiesPEM = try FileBytes.read(certificateAuthority) }
        return found
    }

    private func contextInFile(_ environment: [String: String]) throws(CommandFailure) -> ServerContext? {
        let file = try ContextFile.read(option: config, environment: environment)
        guard let name = context ?? file?.currentContext else { return nil }
        guard let file else {
            throw CommandFailure(
                .usage, "there is no context \(name): there is no file of contexts",
                hint: "Write one with `rebound login`, or name the server with --server.")
        }
        return try file.context(named: name)
    }

    /// With no server, an option for one would have no effect.
    private func refuseStrayOptions() throws(CommandFailure) -> ServerContext? {
        guard tokenFile != nil || certificateAuthority != nil else { return nil }
        throw CommandFailure(
            .usage,
            "\(tokenFile != nil ? "--token-file" : "--certificate-authority") is for a server, and none is named",
            hint: "Name it with --server or --context.")
    }
}

/// How the answer is written.
struct OutputOptions: ParsableArguments {
    @Option(name: [.customShort("o"), .long], help: "How to write the answer.")
    var output: OutputFormat = .table

    @Flag(name: .customLong("no-color"), help: "Never use colours. NO_COLOR in the environment does the same.")
    var noColor = false

    /// Writes an answer: a page for people, or one document.
    func answer(_ document: some Encodable, on console: Console, page: () throws -> [StyledLine]) throws {
        switch output {
        case .table:
            try console.answer(console.palette(for: console.output, noColor: noColor).text(try page()))
        case .json: try console.answer(try DocumentWriter.json(document))
        case .yaml: try console.answer(try DocumentWriter.yaml(document))
        }
    }
}

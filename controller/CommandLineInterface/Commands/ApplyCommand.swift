// SPDX-License-Identifier: Apache-2.0
package import ArgumentParser
internal import ChaosModel
internal import Logging

/// `rebound apply`
package struct ApplyCommand: ContextCommand {
    /// How far a rehearsal goes.
    package enum DryRun: String, CaseIterable, ExpressibleByArgument { case none, client, server }

    package static let configuration = CommandConfiguration(
        commandName: "apply", abstract: "Create resources, or bring them to what manifests say.",
        discussion: """
            All files are read and checked before anything is changed. Each resource is then created, configured or \
            left unchanged, as with kubectl apply, and the two may take turns.
            """)

    @Option(
        name: [.short, .long],
        help: ArgumentHelp("A manifest; - is standard input. May be given several times.", valueName: "path"),
        completion: .file(extensions: ["yaml", "yml", "json"]))
    var file: [String]

    @Option(
        help: ArgumentHelp(
            "Change nothing: client tells what would be done, server has it checked there.", valueName: "how"))
    var dryRun: DryRun = .none

    @Option(name: [.short, .long], help: "How to write the answer.")
    var output: ListFormat = .table

    @Option(help: ArgumentHelp("Why, for the audit log.", valueName: "text"))
    var reason: String?

    @OptionGroup var place: PlaceOptions

    package init() {}

    package func validate() throws {
        guard !file.isEmpty else {
            throw ValidationError("No file was given; use -f PATH, or -f - for standard input.")
        }
    }

    package func run(in context: CommandContext) async throws -> CommandStatus {
        var documents: [ManifestDocument] = []
        for path in file { documents += try ManifestFile.read(path).documents }
        for document in documents { try refuseWhatIsNotDeclared(document) }
        return try await context.withBackend(place, dryRun == .none ? .creating : .ifThere) { place in
            guard dryRun != .server || place.backend.isServer else {
                throw CommandFailure(
                    .usage, "--dry-run=server needs a server", hint: "Use --dry-run=client, or name a server.")
            }
            for document in documents { try await apply(document.resource, place, context) }
            return .pass
        }
    }

    /// Runs and injections are acts, and not descriptions.
    private func refuseWhatIsNotDeclared(_ document: ManifestDocument) throws {
        let key = document.key
        if key.kind == .run {
            throw CommandFailure(
                .usage, "\(key) is a run, and a run is not applied", hint: "Start one with `rebound run`.")
        }
        guard key.kind == .injection else { return }
        throw CommandFailure(
            .usage, "\(key) is an injection, and only the controller makes those",
            hint: "Write an experiment, and start it with `rebound run`.")
    }

    private func apply<R: Resource>(_ manifest: R, _ place: Workplace, _ context: CommandContext) async throws {
        var wanted = manifest
        if R.kind.isNamespaced { wanted.metadata.namespace = try namespace(of: manifest, place) }
        if let reason {
            wanted.metadata.annotations = (wanted.metadata.annotations ?? [:]).merging(["rebound.chaos/reason": reason])
            { $1 }
        }
        let applying = Applying(
            backend: dryRun == .client ? Rehearsal(backend: place.backend) : place.backend,
            dryRun: dryRun == .server)
        let (outcome, resource) = try await applying.apply(wanted)
        let name = ResourceName.fullName(R.kind, wanted.metadata.name)
        switch output {
        case .table, .wide:
            let rehearsed = dryRun == .none ? "" : dryRun == .client ? " (dry run)" : " (server dry run)"
            try context.console.answer("\(name) \(outcome.rawValue)\(rehearsed)\n")
        case .name: try context.console.answer(name + "\n")
        case .json: try context.console.answer(try DocumentWriter.json(resource))
        case .yaml: try context.console.answer("---\n" + (try DocumentWriter.yaml(resource)))
        }
    }

    /// The manifest's, which an option may repeat and not contradict; else the one that is meant.
    private func namespace(of manifest: some Resource, _ place: Workplace) throws -> String {
        guard let written = manifest.metadata.namespace else { return place.namespace }
        guard self.place.namespace == nil || self.place.namespace == written else {
            throw CommandFailure(
                .usage, "\(manifest.key) is in the namespace \(written), not \(self.place.namespace ?? "")",
                hint: "Leave -n out, or take the namespace out of the manifest.")
        }
        return written
    }
}

/// A backend that is only looked at.
struct Rehearsal: Backend {
    let backend: any Backend
    var title: String { backend.title }
    var isServer: Bool { backend.isServer }

    func get<R: Resource>(_ type: R.Type, namespace: String, name: String) async throws -> R? {
        try await backend.get(type, namespace: namespace, name: name)
    }
    func list<R: Resource>(_ type: R.Type, namespace: String?, selection: Selection) async throws -> Listing<R> {
        try await backend.list(type, namespace: namespace, selection: selection)
    }
    func follow<R: Resource>(
        _ type: R.Type, namespace: String?, selection: Selection,
        until isEnough: (ResourceStep<R>) async throws -> Bool
    ) async throws {
        try await backend.follow(type, namespace: namespace, selection: selection, until: isEnough)
    }
    func create<R: Resource>(_ resource: R, dryRun: Bool) async throws -> R { resource }
    func update<R: Resource>(_ resource: R, dryRun: Bool) async throws -> R { resource }
    func delete(_ key: ResourceKey, dryRun: Bool) async throws {}
    func control(_ logger: Logger) async throws -> RunControl { throw CommandFailure.serverOnly("acting") }
}

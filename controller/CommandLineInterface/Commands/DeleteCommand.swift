// SPDX-License-Identifier: Apache-2.0
package import ArgumentParser
internal import ChaosModel
internal import ExperimentControl
internal import ResourceStore

/// `rebound delete`
package struct DeleteCommand: ContextCommand {
    package static let configuration = CommandConfiguration(
        commandName: "delete", abstract: "Delete resources.",
        discussion: """
            For example: rebound delete experiment NAME; rebound delete run/NAME; rebound delete -f experiment.yaml. \
            A run that is under way is aborted and puts back what it changed before it goes. Waits until what is \
            deleted is gone.
            """)

    @Argument(
        help: ArgumentHelp(
            "TYPE NAME..., TYPE/NAME..., or TYPE with --all or -l; the types are \(ResourceArguments.types).",
            valueName: "type"),
        completion: .list(ResourceName.allCases.map(\.rawValue)))
    var resources: [String] = []

    @Option(
        name: [.short, .long],
        help: ArgumentHelp("Delete what these manifests name; - is standard input.", valueName: "path"),
        completion: .file(extensions: ["yaml", "yml", "json"]))
    var file: [String] = []

    @Flag(help: "Delete all of the type, in the namespace.")
    var all = false

    @Flag(help: "Nothing is wrong when a resource is not there.")
    var ignoreNotFound = false

    @Flag(inversion: .prefixedNo, help: "Wait until what is deleted is gone.")
    var wait = true

    @Flag(help: "Change nothing; tell what would be deleted.")
    var dryRun = false

    @OptionGroup var selectionOptions: SelectionOptions
    @OptionGroup var place: PlaceOptions

    package init() {}

    package func validate() throws {
        let choices = [!file.isEmpty, !resources.isEmpty].count { $0 }
        guard choices == 1 else {
            throw ValidationError("Give a type with names, or -f with manifests, and not both.")
        }
    }

    package func run(in context: CommandContext) async throws -> CommandStatus {
        let groups = try file.isEmpty ? ResourceArguments(resources).groups : []
        let selection = try selectionOptions.selection()
        for group in groups where group.names.isEmpty && !all && selectionOptions.isEmpty {
            throw CommandFailure(
                .usage, "the name of the \(group.kind.singular) is missing",
                hint: "Name what to delete; --all means all of them.")
        }
        var documents: [ManifestDocument] = []
        for path in file { documents += try ManifestFile.read(path).documents }
        return try await context.withBackend(place, .existing) { place in
            for group in groups { try await delete(group, group.kind.table, selection, place, context) }
            for document in documents.reversed() { try await delete(document.resource, place, context) }
            return .pass
        }
    }

    private func delete<T: ResourceTable>(
        _ group: ResourceArguments.Group, _ table: T.Type, _ selection: Selection, _ place: Workplace,
        _ context: CommandContext
    ) async throws {
        if group.names.isEmpty {
            let found = try await place.backend.list(T.Row.self, namespace: place.namespace, selection: selection)
            for resource in found.items { try await delete(resource, place, context) }
            if found.items.isEmpty { context.console.notice([StyledLine("no \(T.Row.kind.plural) found", .dim)]) }
            return
        }
        for name in group.names {
            if ignoreNotFound {
                let found = try await place.backend.get(T.Row.self, namespace: place.namespace, name: name)
                guard let found else { continue }
                try await delete(found, place, context)
            } else {
                let found = try await place.backend.existing(T.Row.self, namespace: place.namespace, name: name)
                try await delete(found, place, context)
            }
        }
    }

    /// A resource as it is stored, or as a manifest names it.
    private func delete<R: Resource>(_ resource: R, _ place: Workplace, _ context: CommandContext) async throws {
        var key = resource.key
        if R.kind.isNamespaced, resource.metadata.namespace == nil { key.namespace = place.namespace }
        guard let kept = try await place.backend.get(R.self, namespace: key.namespace, name: key.name) else {
            if ignoreNotFound { return }
            throw await place.backend.missing(R.self, namespace: key.namespace, name: key.name)
        }
        try await place.backend.delete(key, dryRun: dryRun)
        if wait, !dryRun {
            try await putBack(kept, place, context)
            try await awaitGone(kept, place.backend)
        }
        let name = ResourceName.fullName(R.kind, key.name)
        try context.console.answer("\(name) deleted\(dryRun ? " (dry run)" : "")\n")
    }

    /// A run that is under way is kept by the store until everything is put back. A server does that; the store of this
    /// machine needs somebody who does.
    private func putBack(_ deleted: some Resource, _ place: Workplace, _ context: CommandContext) async throws {
        guard !place.backend.isServer, let name = (deleted as? Injection)?.spec.run ?? (deleted as? Run)?.metadata.name,
            let run = try await place.backend.get(Run.self, namespace: deleted.key.namespace, name: name),
            run.owesUndo, run.status?.phase != .done
        else { return }
        let session = try await AttendedRun.begin(
            in: context, backend: place.backend, signals: context.signals(), quiet: false, noColor: false)
        do { _ = try await session.performToTheEnd { run } } catch let error as ExperimentError {
            if error.code != .busy { throw error }  // Another process drives it.
        }
    }

    private func awaitGone<R: Resource>(_ resource: R, _ backend: any Backend) async throws {
        let key = resource.key
        try await backend.follow(
            R.self, namespace: key.namespace, selection: try .named(key.name)
        ) { step in
            if let stuck = step.present.lazy.compactMap({ $0 as? Run }).first(where: { $0.isStuck }) {
                throw CommandFailure(
                    .undoFailed, stuck.reasonToStay ?? "",
                    hint:
                        "See what is left with `rebound report \(stuck.metadata.name)`, put it back, and say so there.")
            }
            return WaitCondition.isGone(resource, in: step)
        }
    }
}

extension Run {
    /// Deleted, and waiting for a person.
    fileprivate var isStuck: Bool { metadata.deletionTimestamp != nil && status?.phase == .done && owesUndo }
}

extension ResourceStep {
    /// The resources that this step shows as they are now.
    fileprivate var present: [R] {
        switch self {
        case .listed(let listing): listing.items
        case .added(let resource), .modified(let resource): [resource]
        case .deleted, .trouble: []
        }
    }
}

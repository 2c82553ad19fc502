// SPDX-License-Identifier: Apache-2.0
package import ArgumentParser
internal import ChaosModel
internal import ResourceStore

/// `rebound get`
package struct GetCommand: ContextCommand {
    package static let configuration = CommandConfiguration(
        commandName: "get", abstract: "List what the store holds, or show one resource.")

    @Argument(help: "runs, experiments, injections, policies or schedules.")
    var kind: ResourceName

    @Argument(help: "One name; without it, all are listed.")
    var name: String?

    @Flag(name: [.customShort("A"), .long], help: "List every namespace.")
    var allNamespaces = false

    @OptionGroup var storeOptions: StoreOptions
    @OptionGroup var outputOptions: OutputOptions

    package init() {}

    package func run(in context: CommandContext) async throws -> CommandStatus {
        try await context.withStore(storeOptions, .existing) { store in
            switch kind {
            case .runs: try await answer(store, context, RunTable.self)
            case .experiments: try await answer(store, context, ExperimentTable.self)
            case .injections: try await answer(store, context, InjectionTable.self)
            case .policies: try await answer(store, context, PolicyTable.self)
            case .schedules: try await answer(store, context, ScheduleTable.self)
            }
        }
        return .pass
    }

    private func answer<T: ResourceTable>(
        _ store: any ResourceStore, _ context: CommandContext, _ table: T.Type
    ) async throws {
        let namespace = storeOptions.namespace
        if let name {
            guard let resource = try await store.get(T.Row.self, namespace: namespace, name: name) else {
                let place = T.Row.kind.isNamespaced ? " in the namespace \(namespace)" : ""
                throw CommandFailure(
                    .error, "there is no \(kind.singular) \(name)\(place)",
                    hint: "See `rebound get \(kind.rawValue) --all-namespaces`.")
            }
            return try outputOptions.answer(resource, on: context.console) { T.lines([resource], now: context.now()) }
        }
        let list = try await store.list(T.Row.self, namespace: allNamespaces ? nil : namespace, labels: [:])
        let items = list.items.sorted { $0.metadata.creationOrder < $1.metadata.creationOrder }
        let document = ResourceListDocument(items: items, version: list.resourceVersion)
        try outputOptions.answer(document, on: context.console) { T.lines(items, now: context.now()) }
    }
}

/// Many resources as one document, as in Kubernetes.
struct ResourceListDocument<R: Resource>: Encodable {
    struct Metadata: Encodable { var resourceVersion: String }

    var apiVersion = reboundAPIVersion
    var kind = R.kind.rawValue + "List"
    var metadata: Metadata
    var items: [R]

    init(items: [R], version: String) {
        self.items = items
        metadata = Metadata(resourceVersion: version)
    }
}

// SPDX-License-Identifier: Apache-2.0
package import ArgumentParser
internal import ChaosModel

/// How resources are listed.
enum ListFormat: String, CaseIterable, ExpressibleByArgument {
    case table, wide, name, json, yaml
}

/// Which of the resources, beyond type and name.
struct SelectionOptions: ParsableArguments {
    @Option(
        name: [.customShort("l"), .customLong("selector")],
        help: ArgumentHelp("Only those with these labels: a=b,c!=d,e in (f,g),!h.", valueName: "labels"))
    var labels: String?

    @Option(
        help: ArgumentHelp("Only those with these fields: metadata.name=x,status.phase!=Done.", valueName: "fields"))
    var fieldSelector: String?

    func selection() throws(CommandFailure) -> Selection {
        var selection = Selection()
        if let labels { selection.labels = try LabelSelector(labels) }
        if let fieldSelector { selection.fields = try FieldSelector(fieldSelector) }
        return selection
    }

    var isEmpty: Bool { labels == nil && fieldSelector == nil }
}

/// `rebound get`
package struct GetCommand: ContextCommand {
    package static let configuration = CommandConfiguration(
        commandName: "get", abstract: "List resources, or show some of them.",
        discussion: """
            For example: rebound get runs; rebound get run/NAME -o yaml; rebound get runs,injections -A; \
            rebound get runs -l team=storefront -w
            """)

    @Argument(
        help: ArgumentHelp(
            "TYPE, TYPE NAME..., or TYPE/NAME...; the types are \(ResourceArguments.types).", valueName: "type"),
        completion: .list(ResourceName.allCases.map(\.rawValue)))
    var resources: [String] = []

    @Flag(name: [.customShort("A"), .long], help: "List every namespace.")
    var allNamespaces = false

    @Flag(name: [.short, .long], help: "Go on, and show every change as it comes.")
    var watch = false

    @Option(name: [.short, .long], help: "How to write the answer.")
    var output: ListFormat = .table

    @Flag(name: .customLong("no-color"), help: "Never use colours. NO_COLOR in the environment does the same.")
    var noColor = false

    @OptionGroup var selectionOptions: SelectionOptions
    @OptionGroup var place: PlaceOptions

    package init() {}

    package func run(in context: CommandContext) async throws -> CommandStatus {
        let groups = try ResourceArguments(resources).groups
        let selection = try selectionOptions.selection()
        guard !watch || groups.count == 1 && groups[0].names.count <= 1 else {
            throw CommandFailure(.usage, "-w watches one type, or one resource", hint: "Start one command for each.")
        }
        guard selectionOptions.isEmpty || groups.allSatisfy(\.names.isEmpty) else {
            throw CommandFailure(.usage, "names and selectors exclude each other", hint: "Give one of them.")
        }
        return try await context.withBackend(place, .existing) { place in
            let printer = ResourcePrinter(
                console: context.console, format: output, noColor: noColor, showsNamespace: allNamespaces,
                now: context.now, isOneOfSeveral: groups.count > 1)
            for (index, group) in groups.enumerated() {
                if index > 0, output == .table || output == .wide { try context.console.answer("\n") }
                try await show(group, group.kind.table, selection, place, printer)
            }
            return .pass
        }
    }

    private func show<T: ResourceTable>(
        _ group: ResourceArguments.Group, _ table: T.Type, _ selection: Selection, _ place: Workplace,
        _ printer: ResourcePrinter
    ) async throws {
        let namespace = allNamespaces ? nil : place.namespace
        if watch {
            let chosen = try group.names.first.map { try Selection.named($0) } ?? selection
            return try await printer.watch(table, in: place.backend, namespace: namespace, selection: chosen)
        }
        if group.names.isEmpty {
            let list = try await place.backend.list(T.Row.self, namespace: namespace, selection: selection)
            return try printer.print(table, list)
        }
        var found: [T.Row] = []
        for name in group.names {
            found.append(try await place.backend.existing(T.Row.self, namespace: place.namespace, name: name))
        }
        if found.count == 1 { return try printer.print(table, one: found[0]) }
        try printer.print(table, Listing(items: found, resourceVersion: ""))
    }
}

/// Many resources as one document, as in Kubernetes.
struct ResourceListDocument<R: Resource>: Encodable {
    struct Metadata: Encodable { var resourceVersion: String }

    var apiVersion = R.kind.apiVersion
    var kind = R.kind.rawValue + "List"
    var metadata: Metadata
    var items: [R]

    init(items: [R], version: String) {
        self.items = items
        metadata = Metadata(resourceVersion: version)
    }
}

// SPDX-License-Identifier: Apache-2.0
package import ArgumentParser
internal import ChaosModel

/// `rebound describe TYPE NAME`
package struct DescribeCommand: ContextCommand {
    package static let configuration = CommandConfiguration(
        commandName: "describe", abstract: "Show everything known of a resource.",
        discussion: "For example: rebound describe run NAME; rebound describe experiment/NAME")

    @Argument(
        help: ArgumentHelp(
            "TYPE NAME..., or TYPE/NAME...; the types are \(ResourceArguments.types).", valueName: "type"),
        completion: .list(ResourceName.allCases.map(\.rawValue)))
    var resources: [String] = []

    @OptionGroup var place: PlaceOptions
    @OptionGroup var outputOptions: OutputOptions

    package init() {}

    package func run(in context: CommandContext) async throws -> CommandStatus {
        let groups = try ResourceArguments(resources).groups
        if let group = groups.first(where: \.names.isEmpty) {
            throw CommandFailure(
                .usage, "the name of the \(group.kind.singular) is missing",
                hint: "See `rebound get \(group.kind.rawValue)`.")
        }
        return try await context.withBackend(place, .existing) { place in
            for group in groups {
                for name in group.names { try await describe(name, group.kind.table, place, context) }
            }
            return .pass
        }
    }

    private func describe<T: ResourceTable>(
        _ name: String, _ table: T.Type, _ place: Workplace, _ context: CommandContext
    ) async throws {
        let resource = try await place.backend.existing(T.Row.self, namespace: place.namespace, name: name)
        // The runs of an experiment or a schedule are its history; the page is good without them, too.
        let runs = try await relatedRuns(of: resource, place)
        try outputOptions.answer(resource, on: context.console) {
            try ResourcePage.lines(of: resource, runs: runs, now: context.now())
        }
    }

    private func relatedRuns(of resource: some Resource, _ place: Workplace) async throws -> [Run] {
        guard outputOptions.output == .table else { return [] }
        let name: String
        switch resource {
        case let experiment as Experiment: name = experiment.metadata.name
        case let schedule as Schedule: name = schedule.spec.experiment
        default: return []
        }
        let runs = try await place.backend.list(
            Run.self, namespace: resource.metadata.namespace ?? place.namespace, selection: Selection())
        return runs.items.filter { $0.spec.experiment == name }
            .sorted { $0.metadata.creationOrder > $1.metadata.creationOrder }
    }
}

// SPDX-License-Identifier: Apache-2.0
package import ArgumentParser
internal import ChaosModel

/// `rebound wait`
package struct WaitCommand: ContextCommand {
    package static let configuration = CommandConfiguration(
        commandName: "wait", abstract: "Wait until something holds for resources.",
        discussion: """
            For example: rebound wait run/NAME --for=phase=Done --timeout=15m. Ends with 0 when it holds for all of \
            them, and with 1 when the time is over before.
            """)

    @Argument(
        help: ArgumentHelp(
            "TYPE NAME..., or TYPE/NAME...; the types are \(ResourceArguments.types).", valueName: "type"),
        completion: .list(ResourceName.allCases.map(\.rawValue)))
    var resources: [String] = []

    @Option(
        name: .customLong("for"),
        help: ArgumentHelp(
            "phase=PHASE, verdict=VERDICT, state=STATE, condition=TYPE[=True|False|Unknown], or delete.",
            valueName: "what"))
    var condition: String

    @Option(help: ArgumentHelp("How long to wait, such as 90s or 15m. Default: for ever.", valueName: "duration"))
    var timeout: String?

    @OptionGroup var place: PlaceOptions

    package init() {}

    package func run(in context: CommandContext) async throws -> CommandStatus {
        let groups = try ResourceArguments(resources).groups
        let condition = try WaitCondition(condition)
        if let group = groups.first(where: \.names.isEmpty) {
            throw CommandFailure(
                .usage, "the name of the \(group.kind.singular) is missing", hint: "Name what to wait for.")
        }
        let limit = try timeout.map(Self.duration)
        return try await context.withBackend(place, .existing) { place in
            for group in groups { try check(condition, group.kind) }
            let isMet = try await within(limit) {
                for group in groups {
                    for name in group.names { try await wait(name, group.kind.table, condition, place, context) }
                }
            }
            guard !isMet else { return .pass }
            throw CommandFailure(
                .fail, "the time is over: \(self.condition) does not hold yet",
                hint: "See `rebound describe`, or give a longer --timeout.")
        }
    }

    private func check(_ condition: WaitCondition, _ kind: ResourceName) throws {
        let problem: String? =
            switch condition {
            case .phase where kind != .runs && kind != .namespaces: "a \(kind.singular) has no phase"
            case .verdict where kind != .runs: "a \(kind.singular) has no verdict"
            case .state where kind != .injections: "a \(kind.singular) has no state"
            default: nil
            }
        guard let problem else { return }
        throw CommandFailure(
            .usage, problem, hint: "Runs have phase= and verdict=, injections state=; all can be waited for to delete.")
    }

    private static func duration(_ text: String) throws -> Duration {
        guard let written = WrittenDuration(text), written.duration > .zero else {
            throw CommandFailure(
                .usage, "--timeout=\(text) is no length of time", hint: "Write a number and a unit, such as 90s or 15m."
            )
        }
        return written.duration
    }

    private func wait<T: ResourceTable>(
        _ name: String, _ table: T.Type, _ condition: WaitCondition, _ place: Workplace, _ context: CommandContext
    ) async throws {
        let full = ResourceName.fullName(T.Row.kind, name)
        var last: T.Row?
        if condition == .delete {
            last = try await place.backend.get(T.Row.self, namespace: place.namespace, name: name)
        } else {
            last = try await place.backend.existing(T.Row.self, namespace: place.namespace, name: name)
        }
        if let start = last {
            try await place.backend.follow(
                T.Row.self, namespace: place.namespace, selection: try .named(name)
            ) { step in
                if case .trouble(let text) = step { context.console.notice([StyledLine(text, .warning)]) }
                return try condition.isMet(in: step, for: start)
            }
        }
        try context.console.answer("\(full) condition met\n")
    }

    /// Whether `body` came to its end in time.
    private func within(_ limit: Duration?, _ body: @escaping @Sendable () async throws -> Void) async throws -> Bool {
        guard let limit else {
            try await body()
            return true
        }
        return try await withThrowingTaskGroup(of: Bool.self) { group in
            group.addTask {
                try await body()
                return true
            }
            group.addTask {
                try await ContinuousClock().sleep(for: limit)
                return false
            }
            defer { group.cancelAll() }
            return try await group.next() ?? false
        }
    }
}

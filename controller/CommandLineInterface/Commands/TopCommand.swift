// SPDX-License-Identifier: Apache-2.0
package import ArgumentParser
internal import ChaosModel

/// `rebound top`
package struct TopCommand: ContextCommand {
    package static let configuration = CommandConfiguration(
        commandName: "top", abstract: "Show what is under way: active runs, and injections that are not over.",
        discussion: "On a terminal the page is kept up to date until Ctrl-C; elsewhere it is written once.")

    @Flag(help: "Write the page once, also on a terminal.")
    var once = false

    @Flag(name: .customLong("no-color"), help: "Never use colours. NO_COLOR in the environment does the same.")
    var noColor = false

    @OptionGroup var place: PlaceOptions

    package init() {}

    package func run(in context: CommandContext) async throws -> CommandStatus {
        try await context.withBackend(place, .existing) { place in
            let namespace = self.place.namespace
            let console = context.console
            guard !once, console.output.isTerminal, !console.isDumb else {
                var board = ActivityBoard()
                board.note(
                    .listed(try await place.backend.list(Run.self, namespace: namespace, selection: Selection())))
                board.note(
                    .listed(try await place.backend.list(Injection.self, namespace: namespace, selection: Selection())))
                let lines = board.lines(now: context.now())
                try console.answer(console.palette(for: console.output, noColor: noColor).text(lines))
                return .pass
            }
            let screen = BoardScreen(console: console, noColor: noColor, now: context.now)
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await follow(Run.self, namespace, place.backend, screen) { .run($0) } }
                group.addTask { try await follow(Injection.self, namespace, place.backend, screen) { .injection($0) } }
                group.addTask { try await screen.redrawEverySecond() }
                defer { group.cancelAll() }
                try await group.next()
            }
            return .pass
        }
    }

    private func follow<R: Resource>(
        _ type: R.Type, _ namespace: String?, _ backend: any Backend, _ screen: BoardScreen,
        _ news: (ResourceStep<R>) -> BoardScreen.News
    ) async throws {
        try await backend.follow(R.self, namespace: namespace, selection: Selection()) { step in
            await screen.note(news(step))
            return false
        }
    }
}

/// What is under way.
struct ActivityBoard {
    private var runs: [ResourceKey: Run] = [:]
    private var injections: [ResourceKey: Injection] = [:]
    private(set) var trouble: String?

    mutating func note(_ step: ResourceStep<Run>) {
        note(step, in: \.runs) { $0.status?.phase != .done }
    }

    mutating func note(_ step: ResourceStep<Injection>) {
        note(step, in: \.injections) { $0.status?.state.isFinal != true }
    }

    private mutating func note<R: Resource>(
        _ step: ResourceStep<R>, in list: WritableKeyPath<Self, [ResourceKey: R]>, _ isActive: (R) -> Bool
    ) {
        trouble = nil
        switch step {
        case .listed(let listing):
            self[keyPath: list] = Dictionary(
                listing.items.filter(isActive).map { ($0.key, $0) }, uniquingKeysWith: { $1 })
        case .added(let resource), .modified(let resource):
            self[keyPath: list][resource.key] = isActive(resource) ? resource : nil
        case .deleted(let resource): self[keyPath: list][resource.key] = nil
        case .trouble(let text): trouble = text
        }
    }

    /// The oldest first: what is under way for long is what one looks for.
    func lines(now: Timestamp) -> [StyledLine] {
        let counts =
            "\(Counted.text(runs.count, "active run")), \(Counted.text(injections.count, "injection")) under way"
        var lines = [StyledLine([Span("rebound top", .strong), Span("  " + counts)])]
        if let trouble { lines.append(StyledLine(trouble, .warning)) }
        let active = runs.values.sorted {
            ($0.metadata.creationOrder, $0.metadata.name) < ($1.metadata.creationOrder, $1.metadata.name)
        }
        let held = injections.values.sorted {
            ($0.metadata.creationOrder, $0.metadata.name) < ($1.metadata.creationOrder, $1.metadata.name)
        }
        if !active.isEmpty { lines += [StyledLine()] + table(of: active, now).lines() }
        if !held.isEmpty {
            let table = InjectionTable.table(held, now: now, isWide: false, showsNamespace: true)
            lines += [StyledLine()] + table.lines()
        }
        return lines
    }

    private func table(of runs: [Run], _ now: Timestamp) -> TextTable {
        var table = TextTable(["NAMESPACE", "RUN", "PHASE", "FOR", "IN ALL", "TARGETS", "REQUESTED BY"])
        for run in runs {
            let phase = run.status?.phase ?? .pending
            let since = run.status?.phaseSince[phase.rawValue]
            let start = run.status?.startedAt ?? run.metadata.creationTimestamp
            let isEnding = run.spec.abort != nil || phase == .reverting
            table.add(
                StyledLine(run.metadata.namespace ?? "default"), StyledLine(run.metadata.name, .strong),
                StyledLine(phase.rawValue + (run.spec.abort == nil ? "" : " (aborted)"), isEnding ? .warning : .accent),
                StyledLine(since.map { Measures.running(now.since($0)) } ?? "-"),
                StyledLine(start.map { Measures.running(now.since($0)) } ?? "-"),
                StyledLine("\(run.status?.injections.count ?? 0)"), StyledLine(run.spec.requestedBy))
        }
        return table
    }
}

/// The board on a terminal, drawn anew with each change and each second.
private actor BoardScreen {
    enum News: Sendable {
        case run(ResourceStep<Run>)
        case injection(ResourceStep<Injection>)
    }

    private let console: Console
    private let palette: Palette
    private let now: @Sendable () -> Timestamp
    private var board = ActivityBoard()
    private var screen = LiveScreen()

    init(console: Console, noColor: Bool, now: @escaping @Sendable () -> Timestamp) {
        self.console = console
        palette = console.palette(for: console.output, noColor: noColor)
        self.now = now
    }

    func note(_ news: News) {
        switch news {
        case .run(let step): board.note(step)
        case .injection(let step): board.note(step)
        }
        redraw()
    }

    func redrawEverySecond() async throws {
        while true {
            redraw()
            try await ContinuousClock().sleep(for: .seconds(1))
        }
    }

    private func redraw() {
        let size = console.size() ?? TerminalSize(columns: 80, rows: 24)
        let mark = console.takesUnicode ? "…" : "~"
        let all = board.lines(now: now()).map { $0.cut(to: size.columns, mark: mark) }
        let room = max(1, size.rows - 1)
        let shown =
            all.count <= room
            ? all : Array(all.prefix(room - 1)) + [StyledLine("\(mark) \(all.count - room + 1) more", .dim)]
        _ = console.output.write(screen.replacing(with: shown, size: size, palette: palette))
    }
}

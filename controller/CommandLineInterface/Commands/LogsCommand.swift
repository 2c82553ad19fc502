// SPDX-License-Identifier: Apache-2.0
package import ArgumentParser
internal import ChaosModel

/// `rebound logs RUN`
package struct LogsCommand: ContextCommand {
    package static let configuration = CommandConfiguration(
        commandName: "logs", abstract: "Show what happened in a run, and what was decided.",
        discussion: "One line for each event of the timeline, in the order in which they became known.")

    @Argument(help: "The name of the run.")
    var run: String

    @Flag(name: [.short, .long], help: "Go on until the run is done.")
    var follow = false

    @Option(name: [.short, .long], help: "json writes one document for each line.")
    var output: LogFormat = .text

    @OptionGroup var place: PlaceOptions

    package init() {}

    package func run(in context: CommandContext) async throws -> CommandStatus {
        try await context.withBackend(place, .existing) { place in
            let name = run.hasPrefix("run/") ? String(run.dropFirst(4)) : run
            let run = try await place.backend.existing(Run.self, namespace: place.namespace, name: name)
            var writer = TimelineWriter(console: context.console, format: output)
            try writer.writeNew(of: run)
            guard follow, run.status?.phase != .done else { return .pass }
            try await place.backend.follow(
                Run.self, namespace: place.namespace, selection: try .named(name)
            ) { step in
                switch step {
                case .listed(let list):
                    guard let run = list.items.first else { return true }
                    try writer.writeNew(of: run)
                    return run.status?.phase == .done
                case .added(let run), .modified(let run):
                    try writer.writeNew(of: run)
                    return run.status?.phase == .done
                case .deleted: return true
                case .trouble(let text):
                    context.console.notice([StyledLine(text, .warning)])
                    return false
                }
            }
            return .pass
        }
    }
}

/// Writes the events of a run's timeline, each once.
struct TimelineWriter {
    private let console: Console
    private let format: LogFormat
    private var plain = PlainProgress()

    init(console: Console, format: LogFormat) {
        self.console = console
        self.format = format
    }

    mutating func writeNew(of run: Run) throws {
        let events = plain.newEvents(of: run)
        guard !events.isEmpty else { return }
        switch format {
        case .text: try console.answer(events.map { PlainProgress.line($0).spans.map(\.text).joined() + "\n" }.joined())
        case .json: try console.answer(try events.map { try DocumentWriter.line($0) + "\n" }.joined())
        }
    }
}

/// `rebound events`
package struct EventsCommand: ContextCommand {
    package static let configuration = CommandConfiguration(
        commandName: "events", abstract: "Show what happened in all runs, in order.",
        discussion: "For example: rebound events -A -w; rebound events --run NAME")

    @Option(help: ArgumentHelp("Only the events of this run.", valueName: "name"))
    var run: String?

    @Option(help: ArgumentHelp("Only events of this type, such as injected.", valueName: "type"))
    var type: String?

    @Option(help: ArgumentHelp("At most so many of the newest; 0 means all.", valueName: "number"))
    var last = 50

    @Flag(name: [.customShort("A"), .long], help: "Show every namespace.")
    var allNamespaces = false

    @Flag(name: [.short, .long], help: "Go on, and show every event as it comes.")
    var watch = false

    @Option(name: [.short, .long], help: "json writes one document for each line.")
    var output: LogFormat = .text

    @OptionGroup var place: PlaceOptions

    package init() {}

    package func run(in context: CommandContext) async throws -> CommandStatus {
        try await context.withBackend(place, .existing) { place in
            let selection = try run.map { try Selection.named($0) } ?? Selection()
            let namespace = allNamespaces ? nil : place.namespace
            let list = try await place.backend.list(Run.self, namespace: namespace, selection: selection)
            if let run, list.items.isEmpty {
                throw await place.backend.missing(Run.self, namespace: place.namespace, name: run)
            }
            var feed = EventFeed(type: type)
            let known = feed.new(in: list.items)
            try write(last > 0 ? Array(known.suffix(last)) : known, context, isFirst: true)
            guard watch else { return .pass }
            try await place.backend.follow(Run.self, namespace: namespace, selection: selection) { step in
                switch step {
                case .listed(let list): try write(feed.new(in: list.items), context, isFirst: false)
                case .added(let run), .modified(let run): try write(feed.new(in: [run]), context, isFirst: false)
                case .deleted: break
                case .trouble(let text): context.console.notice([StyledLine(text, .warning)])
                }
                return false
            }
            return .pass
        }
    }

    private func write(_ events: [RunEvent], _ context: CommandContext, isFirst: Bool) throws {
        switch output {
        case .json: try context.console.answer(try events.map { try DocumentWriter.line($0) + "\n" }.joined())
        case .text:
            if isFirst, events.isEmpty { return context.console.notice([StyledLine("no events found", .dim)]) }
            var table = TextTable(["TIME (UTC)", "RUN", "EVENT", "ABOUT", "MESSAGE"])
            for event in events {
                table.add(
                    StyledLine(Measures.date(event.at)), StyledLine(event.run), StyledLine(event.type),
                    StyledLine(event.subject ?? "-"), StyledLine(event.message))
            }
            let lines = table.lines()
            try context.console.answer(Palette(coloured: false).text(isFirst ? lines : Array(lines.dropFirst())))
        }
    }
}

/// An event, and of which run it is.
struct RunEvent: Encodable {
    var at: Timestamp
    var namespace: String
    var run: String
    var type: String
    var subject: String?
    var message: String
}

/// The events of many runs, each once.
struct EventFeed {
    private let type: String?
    private var seen: [ResourceKey: PlainProgress] = [:]

    init(type: String?) { self.type = type }

    /// Those that were not told before, in order of time.
    mutating func new(in runs: [Run]) -> [RunEvent] {
        var events: [RunEvent] = []
        for run in runs {
            let fresh = seen[run.key, default: PlainProgress()].newEvents(of: run)
            events += fresh.filter { type == nil || $0.type == type }.map {
                RunEvent(
                    at: $0.at, namespace: run.metadata.namespace ?? "default", run: run.metadata.name, type: $0.type,
                    subject: $0.subject, message: $0.message)
            }
        }
        return events.sorted { $0.at < $1.at }
    }
}

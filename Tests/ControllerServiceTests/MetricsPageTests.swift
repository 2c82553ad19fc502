// SPDX-License-Identifier: Apache-2.0
import ExperimentControl
import Foundation
import Logging
import ServiceMetrics
import Testing

@testable import ControllerService

/// What the documents say of the figures. REBOUND_WRITE_DOCS=1 writes the table anew.
@Suite("The page of metrics")
struct MetricsPageTests {
    private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()
    private static let page = root.appending(path: "docs/operations/metrics.md")
    private static let marks = ("<!-- figures -->\n", "<!-- end -->")

    private func catalogue() async throws -> [(name: String, kind: String, labels: [String], help: String)] {
        let scratch = try await ScratchStore()
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let figures = ServiceFigures()
        let clock = SystemControlClock()
        _ = figures.add(store: scratch.store, path: scratch.path, clock: clock, logger: logger)
        _ = Presence(store: scratch.store, holder: "x", clock: clock, registry: figures.registry, logger: logger)
        _ = HostContacts(store: scratch.store, clock: clock, registry: figures.registry, logger: logger)
        return figures.registry.catalogue
    }

    @Test("it names every figure with its meaning, as the program does")
    func table() async throws {
        var table = "\n| Figure | Kind | Labels | Meaning |\n| --- | --- | --- | --- |\n"
        for entry in try await catalogue() {
            let labels = entry.labels.map { "`\($0)`" }.joined(separator: ", ")
            table += "| `\(entry.name)` | \(entry.kind) | \(labels) | \(entry.help) |\n"
        }
        var text = try String(contentsOf: Self.page, encoding: .utf8)
        let start = try #require(text.range(of: Self.marks.0)?.upperBound)
        let end = try #require(text.range(of: Self.marks.1)?.lowerBound)
        if ProcessInfo.processInfo.environment["REBOUND_WRITE_DOCS"] == "1" {
            text.replaceSubrange(start..<end, with: table + "\n")
            try text.write(to: Self.page, atomically: true, encoding: .utf8)
            return
        }
        #expect(text[start..<end] == table + "\n", "the page is old: run the tests with REBOUND_WRITE_DOCS=1")
    }

    @Test("every figure that the example alerts ask for exists")
    func alerts() async throws {
        let known = Set(try await catalogue().map(\.name))
        let rules = try String(contentsOf: Self.root.appending(path: "docs/operations/alerts.yaml"), encoding: .utf8)
        let used = rules.split(separator: "\n").filter { $0.contains("expr:") }
            .flatMap { $0.matches(of: /rebound_[a-z_]+/).map { String($0.output) } }
        #expect(used.count >= 8)
        #expect(Set(used).subtracting(known) == [])
    }
}

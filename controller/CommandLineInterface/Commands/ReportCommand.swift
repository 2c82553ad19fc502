// SPDX-License-Identifier: Apache-2.0
package import ArgumentParser
internal import ChaosModel

/// `rebound report`
package struct ReportCommand: ContextCommand {
    /// How a report is written.
    package enum Format: String, CaseIterable, ExpressibleByArgument { case text, json, yaml, html, junit }

    package static let configuration = CommandConfiguration(
        commandName: "report", abstract: "Write the report of a run.",
        discussion: """
            HTML is one file that needs nothing else, with the timeline drawn. JUnit is what build servers read.
            """)

    @Argument(help: "The name of the run.")
    var run: String

    @Option(name: [.customShort("o"), .long], help: "How to write the report.")
    var output: Format = .text

    @Flag(name: .customLong("no-color"), help: "Never use colours. NO_COLOR in the environment does the same.")
    var noColor = false

    @OptionGroup var place: PlaceOptions

    package init() {}

    package func run(in context: CommandContext) async throws -> CommandStatus {
        let run = try await context.withBackend(place, .existing) { place in
            try await place.backend.existing(Run.self, namespace: place.namespace, name: self.run)
        }
        let console = context.console
        switch output {
        case .text:
            try console.answer(
                console.palette(for: console.output, noColor: noColor).text(RunReportPage(run: run).lines))
        case .json: try console.answer(try DocumentWriter.json(run))
        case .yaml: try console.answer(try DocumentWriter.yaml(run))
        case .html: try console.answer(RunHTMLPage(run: run).text)
        case .junit: try console.answer(RunJUnitReport(run: run).text)
        }
        return .pass
    }
}

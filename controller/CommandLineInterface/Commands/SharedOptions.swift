// SPDX-License-Identifier: Apache-2.0
internal import ArgumentParser

/// Where the resources are kept.
struct StoreOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The store's file. Default: rebound/rebound.db in $XDG_STATE_HOME or ~/.local/state.", valueName: "path"),
        completion: .file())
    var store: String?

    @Option(name: [.short, .long], help: "The namespace of the resources.")
    var namespace = "default"
}

/// How the answer is written.
struct OutputOptions: ParsableArguments {
    @Option(name: [.customShort("o"), .long], help: "How to write the answer.")
    var output: OutputFormat = .table

    @Flag(name: .customLong("no-color"), help: "Never use colours. NO_COLOR in the environment does the same.")
    var noColor = false

    /// Writes an answer: a page for people, or one document.
    func answer(_ document: some Encodable, on console: Console, page: () throws -> [StyledLine]) throws {
        switch output {
        case .table:
            try console.answer(console.palette(for: console.output, noColor: noColor).text(try page()))
        case .json: try console.answer(try DocumentWriter.json(document))
        case .yaml: try console.answer(try DocumentWriter.yaml(document))
        }
    }
}

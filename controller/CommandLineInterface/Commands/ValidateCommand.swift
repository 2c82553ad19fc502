// SPDX-License-Identifier: Apache-2.0
package import ArgumentParser
internal import ChaosModel

/// `rebound validate`
package struct ValidateCommand: ContextCommand {
    package static let configuration = CommandConfiguration(
        commandName: "validate", abstract: "Check manifests; every problem is shown at once.",
        discussion: "Looks at nothing but the files. Ends with 2 when one of them has a problem.")

    @Option(
        name: [.short, .long],
        help: ArgumentHelp("A manifest; - is standard input. May be given several times.", valueName: "path"),
        completion: .file(extensions: ["yaml", "yml", "json"]))
    var file: [String] = []

    @Argument(help: "More manifests.", completion: .file(extensions: ["yaml", "yml", "json"]))
    var files: [String] = []

    @OptionGroup var outputOptions: OutputOptions

    package init() {}

    package func validate() throws {
        guard !(file + files).isEmpty else {
            throw ValidationError("No file was given; use -f PATH, or - for standard input.")
        }
    }

    package func run(in context: CommandContext) async throws -> CommandStatus {
        let reports = try (file + files).map(ValidationReport.init)
        try outputOptions.answer(ValidationList(items: reports), on: context.console) {
            reports.filter(\.valid).flatMap(\.lines)
        }
        let wrong = reports.reduce(0) { $0 + $1.problems.count }
        guard wrong > 0 else { return .pass }
        if outputOptions.output == .table {
            let failure = CommandFailure(
                .usage, wrong == 1 ? "1 problem" : "\(wrong) problems",
                hint: "See `rebound explain experiment.spec` for what may be written.",
                details: reports.filter { !$0.valid }.flatMap(\.lines))
            context.console.notice(failure.lines, noColor: outputOptions.noColor)
        }
        return .usage
    }
}

/// What the check of all files found.
struct ValidationList: Encodable {
    var items: [ValidationReport]
}

/// What the check of one file found.
struct ValidationReport: Encodable {
    struct Place: Encodable {
        var path: String
        var message: String
        var value: String?
        var line: Int
        var column: Int
        var hint: String?
    }

    var file: String
    var valid: Bool
    var resources: [String] = []
    var problems: [Place] = []
    var lines: [StyledLine] = []

    private enum CodingKeys: String, CodingKey { case file, valid, resources, problems }

    init(_ path: String) throws {
        file = path
        do {
            let manifest = try ManifestFile.checked(path)
            resources = manifest.documents.map(\.key.description)
            lines = resources.map { StyledLine([Span("\(path): \($0): "), Span("valid", .good)]) }
            valid = true
        } catch let failure as ValidationFailure {
            valid = false
            problems = failure.problems.map {
                Place(
                    path: $0.path, message: $0.message, value: $0.value, line: $0.line, column: $0.column, hint: $0.hint
                )
            }
            lines = failure.problems.map { StyledLine($0.rendered(file: path)) }
        }
    }
}

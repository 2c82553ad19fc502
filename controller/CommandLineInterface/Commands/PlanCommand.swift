// SPDX-License-Identifier: Apache-2.0
package import ArgumentParser
internal import ChaosModel
internal import ResourceStore

/// `rebound plan`
package struct PlanCommand: ContextCommand {
    package static let configuration = CommandConfiguration(
        commandName: "plan", abstract: "Show what a run would do, and why it may; changes nothing.",
        discussion: "Ends with 0 when a run would start, and with 1 when a guard refuses it.")

    @Option(
        name: [.short, .long],
        help: ArgumentHelp("The manifest; - is standard input.", valueName: "path"),
        completion: .file(extensions: ["yaml", "yml", "json"]))
    var file: String

    @Option(help: ArgumentHelp("The experiment to plan, where the file holds several.", valueName: "experiment"))
    var name: String?

    @Option(help: ArgumentHelp("Repeats the choice of targets of an earlier plan or run.", valueName: "number"))
    var seed: UInt64?

    @OptionGroup var storeOptions: StoreOptions
    @OptionGroup var outputOptions: OutputOptions

    package init() {}

    package func run(in context: CommandContext) async throws -> CommandStatus {
        let (experiment, written) = try ManifestFile.read(file).experiment(named: name)
        let plan = try await context.withStore(storeOptions, .ifThere) { store in
            let logger = try context.logger { context.console.notice([$0.styled]) }
            return try await context.opening.control(store, logger).plan(experiment, written, seed)
        }
        let document = PlanDocument(experiment: experiment, plan: plan)
        try outputOptions.answer(document, on: context.console) {
            try PlanPage(experiment: experiment, plan: plan, file: file).lines()
        }
        return plan.guards.allSatisfy(\.passed) ? .pass : .fail
    }
}

/// A plan as one document, with the permissions that it takes.
package struct PlanDocument: Encodable {
    var apiVersion = reboundAPIVersion
    var kind = "Plan"
    var experiment: String
    var plan: PlanReport
    var iamPolicy: IAMPolicy

    init(experiment: Experiment, plan: PlanReport) {
        self.experiment = experiment.metadata.name
        self.plan = plan
        iamPolicy = IAMPolicy(plan: plan, experiment: experiment)
    }
}

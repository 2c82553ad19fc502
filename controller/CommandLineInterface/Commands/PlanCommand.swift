// SPDX-License-Identifier: Apache-2.0
package import ArgumentParser
internal import ChaosModel

/// `rebound plan`
package struct PlanCommand: ContextCommand {
    package static let configuration = CommandConfiguration(
        commandName: "plan", abstract: "Show what a run would do, and why it may; changes nothing.",
        discussion: "Ends with 0 when a run would start, and with 1 when a guard refuses it.")

    @Option(
        name: [.short, .long],
        help: ArgumentHelp("The manifest; - is standard input.", valueName: "path"),
        completion: .file(extensions: ["yaml", "yml", "json"]))
    var file: String?

    @Option(
        help: ArgumentHelp(
            "The experiment to plan: where the file holds several, or without a file one that is kept.",
            valueName: "experiment"))
    var name: String?

    @Option(help: ArgumentHelp("Repeats the choice of targets of an earlier plan or run.", valueName: "number"))
    var seed: UInt64?

    @OptionGroup var place: PlaceOptions
    @OptionGroup var outputOptions: OutputOptions

    package init() {}

    package func validate() throws {
        guard file != nil || name != nil else {
            throw ValidationError("Give a manifest with -f, or the name of a kept experiment with --name.")
        }
    }

    package func run(in context: CommandContext) async throws -> CommandStatus {
        let manifest = try file.map { try ManifestFile.read($0).experiment(named: name) }
        let (experiment, plan) = try await context.withBackend(place, file == nil ? .existing : .ifThere) { place in
            let meant = try await ExperimentChoice(manifest, named: name).resolve(in: place)
            let control = try await context.control(of: place.backend)
            return (meant.experiment, try await control.plan(meant.experiment, meant.policies, seed))
        }
        let document = PlanDocument(experiment: experiment, plan: plan)
        try outputOptions.answer(document, on: context.console) {
            try PlanPage(experiment: experiment, plan: plan, file: file ?? "-").lines()
        }
        return plan.guards.allSatisfy(\.passed) ? .pass : .fail
    }
}

/// The experiment that is meant: that of a file, or one that is kept.
struct ExperimentChoice {
    private let manifest: (Experiment, [Policy])?
    private let name: String

    init(_ manifest: (Experiment, [Policy])?, named name: String?) {
        self.manifest = manifest
        self.name = name ?? ""
    }

    /// With its namespace. Throws a failure when none of that name is kept.
    func resolve(in place: Workplace) async throws -> (experiment: Experiment, policies: [Policy]) {
        if let (written, policies) = manifest {
            var experiment = written
            if experiment.metadata.namespace == nil { experiment.metadata.namespace = place.namespace }
            return (experiment, policies)
        }
        return (try await place.backend.existing(Experiment.self, namespace: place.namespace, name: name), [])
    }
}

/// A plan as one document, with the permissions that it takes.
package struct PlanDocument: Encodable {
    var apiVersion = reboundAPIVersion
    var kind = "Plan"
    var experiment: String
    var plan: PlanReport
    var iamPolicy: IAMPolicy
    /// What the policy cannot say.
    var iamNotes: [String]

    init(experiment: Experiment, plan: PlanReport) {
        self.experiment = experiment.metadata.name
        self.plan = plan
        iamPolicy = IAMPolicy(plan: plan, experiment: experiment)
        iamNotes = IAMPolicy.notes(plan: plan, experiment: experiment)
    }
}

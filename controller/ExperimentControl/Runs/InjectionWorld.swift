// SPDX-License-Identifier: Apache-2.0
import AWS
import ChaosModel

/// What the steps of an injection ask of the world outside the store: AWS, or in tests a world in memory, in which ten
/// thousand histories can be lived through.
protocol InjectionWorld: Sendable {
    /// How many of the target's group may be held at once; nil without a group.
    func room(for spec: InjectionSpec, in context: Injector.Context, now: Timestamp) async throws(AWSError) -> Int?
    /// Why this injection must not go ahead, on a fresh look; nil when it may.
    func refusal(of spec: InjectionSpec, in context: Injector.Context, now: Timestamp) async throws(AWSError) -> String?
    /// Puts the run's mark on the target, so that whoever finds it knows why.
    func mark(_ injection: Injection, in context: Injector.Context) async throws(AWSError)
    /// The fault of an injection, once it is certain that it leads to the account that was planned on.
    func fault(of injection: Injection) async throws(AWSError) -> any AWSFault
}

/// The world as AWS tells it.
struct AWSWorld: InjectionWorld {
    let connections: AWSConnections
    let options: ControllerOptions

    func room(for spec: InjectionSpec, in context: Injector.Context, now: Timestamp) async throws(AWSError) -> Int? {
        try await GuardsAgain(connections: connections, options: options, now: now).room(for: spec, in: context)
    }

    func refusal(of spec: InjectionSpec, in context: Injector.Context, now: Timestamp) async throws(AWSError) -> String?
    {
        try await GuardsAgain(connections: connections, options: options, now: now).refusal(of: spec, in: context)
    }

    func mark(_ injection: Injection, in context: Injector.Context) async throws(AWSError) {
        if injection.spec.action.targetsGroup { return }
        let tags = [
            AWSTag(key: "rebound:run", value: context.run.metadata.name),
            AWSTag(key: "rebound:experiment", value: context.run.spec.experiment),
            AWSTag(key: "rebound:injection", value: injection.metadata.name),
            AWSTag(key: "rebound:requested-by", value: String(context.run.spec.requestedBy.prefix(200))),
        ]
        try await connections.actor(for: injection.spec.scope).ec2.createTags(
            tags, on: [EC2InstanceID(rawValue: injection.spec.target.id)])
    }

    /// In another account a missing instance would read as a terminated one, and a group of the same name would be
    /// harmed.
    func fault(of injection: Injection) async throws(AWSError) -> any AWSFault {
        let scope = injection.spec.scope
        let account = try await connections.account(for: scope)
        guard account == injection.spec.target.account else {
            throw AWSError(
                code: .invalidConfiguration,
                message: "\(injection.spec.target.id) is in account \(injection.spec.target.account), and the "
                    + "credentials are of account \(account)",
                hint: "Start the controller with credentials of account \(injection.spec.target.account).",
                service: "configuration", action: "credentials")
        }
        return AWSFaults.fault(
            injection.spec, record: injection.status?.undo, reader: try connections.reader(for: scope),
            actor: try connections.actor(for: scope))
    }
}

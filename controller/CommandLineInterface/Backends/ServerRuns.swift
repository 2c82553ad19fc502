// SPDX-License-Identifier: Apache-2.0
internal import ChaosModel
internal import ExperimentControl
internal import ResourceClient

/// The runs of a server, which drives them itself: what is asked here are requests, and to drive is to wait.
struct ServerRuns: Sendable {
    let backend: ServerBackend
    private var client: ResourceClient { backend.client }

    private struct RunOrder: Encodable {
        var seed: UInt64?
        var expectedPlanHash: String?
        var reason: String?
    }

    private struct PlanOrder: Encodable { var seed: UInt64? }
    private struct Reason: Encodable { var reason: String? }
    private struct Done: Decodable { var message: String? }

    /// Plans the experiment that the server has, which must be the one that is meant: planning writes nothing.
    func plan(_ experiment: Experiment, policies: [Policy], seed: UInt64?) async throws -> PlanReport {
        try await requireKept(policies)
        let key = experiment.key
        let kept = try await backend.get(Experiment.self, namespace: key.namespace, name: key.name)
        guard kept?.spec == experiment.spec else {
            let state = kept == nil ? "has no experiment \(key.name)" : "has another experiment \(key.name)"
            throw CommandFailure(
                .error, "the server \(state), and planning changes nothing there",
                hint: "Bring it there first with `rebound apply -f`, or plan here with --local.")
        }
        return try await client.post(path(experiment.key, "plan"), PlanOrder(seed: seed), as: PlanReport.self)
    }

    /// Brings the experiment to what the file says, and has it run.
    func submit(_ order: RunControl.Order) async throws -> Run {
        try await requireKept(order.policies)
        _ = try await Applying(backend: backend).apply(order.experiment)
        let body = RunOrder(seed: order.seed, expectedPlanHash: order.expectedPlanHash, reason: order.reason)
        let run = try await client.post(path(order.experiment.key, "run"), body, as: Run.self)
        try await check(run, against: order)
        return run
    }

    /// A policy on a server binds everybody. Running something is no reason to change one on the side.
    private func requireKept(_ policies: [Policy]) async throws {
        for policy in policies {
            let kept = try await backend.get(
                Policy.self, namespace: "", name: policy.metadata.name)
            guard kept?.spec == policy.spec else {
                throw CommandFailure(
                    .error,
                    "the file holds the policy \(policy.metadata.name), which the server does not have like this",
                    hint:
                        "On a server policies bind everybody: bring it there with `rebound apply -f`, or leave it out.")
            }
        }
    }

    /// A server that passes over what it was asked for must not go on with something else.
    private func check(_ run: Run, against order: RunControl.Order) async throws {
        let seedIsKept = order.seed.map { $0 == run.spec.seed } ?? true
        guard !seedIsKept || order.expectedPlanHash != run.spec.expectedPlanHash else { return }
        try await abort(run.key, reason: "the server passed over the seed or the plan hash that was asked for")
        throw CommandFailure(
            .error, "the server passed over the seed or the plan hash; the run \(run.metadata.name) is aborted",
            hint: "Check that the controller is of version \(ReboundVersion.current).")
    }

    func abort(_ key: ResourceKey, reason: String) async throws {
        _ = try await client.post(path(key, "abort"), Reason(reason: reason))
    }

    func approve(_ key: ResourceKey, reason: String?) async throws -> Run {
        try await client.post(path(key, "approve"), Reason(reason: reason), as: Run.self)
    }

    /// The order in force; one that may be given and not be read is told as it was given.
    func halt(_ reason: String) async throws -> Policy {
        _ = try await client.post(ResourcePath.group("halt"), Reason(reason: reason))
        if let order = try? await backend.get(Policy.self, namespace: "", name: Policy.haltName) { return order }
        var spec = PolicySpec()
        spec.halt = HaltSpec(reason: reason, requestedBy: "you", at: backend.now())
        return Policy(metadata: ObjectMetadata(name: Policy.haltName), spec: spec)
    }

    func resume(_ reason: String) async throws -> [String] {
        let answer = try await client.post(ResourcePath.group("resume"), Reason(reason: reason), as: Done.self)
        let words = "still halted by "
        guard let message = answer.message, message.hasPrefix(words) else { return [] }
        return message.dropFirst(words.count).split(separator: ",").map { $0.trimming(\.isWhitespace) }
    }

    /// Waits until the run is done. Throws a failure when it is deleted meanwhile.
    func awaitEnd(_ key: ResourceKey) async throws -> Run {
        var ended: Run?
        try await backend.follow(
            Run.self, namespace: key.namespace, selection: try .named(key.name)
        ) { step in
            ended = try Self.doneRun(in: step, key)
            return ended != nil
        }
        guard let ended else { throw CancellationError() }
        return ended
    }

    private static func doneRun(in step: ResourceStep<Run>, _ key: ResourceKey) throws -> Run? {
        let run: Run?
        switch step {
        case .listed(let list): run = list.items.first { $0.metadata.name == key.name }
        case .added(let changed), .modified(let changed): run = changed
        case .trouble: return nil
        case .deleted: run = nil
        }
        guard let run else {
            throw CommandFailure(
                .error, "the run \(key.name) was deleted", hint: "See `rebound get injections` for what it left.")
        }
        return run.status?.phase == .done ? run : nil
    }

    private func path(_ key: ResourceKey, _ subresource: String) -> ResourcePath {
        ResourcePath(key.kind, namespace: key.namespace, name: key.name, subresource: subresource)
    }
}

extension RunControl {
    /// The runs of a server. Whoever asks is known to the server by the credential.
    init(_ runs: ServerRuns) {
        self.init(
            plan: { experiment, policies, seed in try await runs.plan(experiment, policies: policies, seed: seed) },
            submit: { try await runs.submit($0) },
            drive: { try await runs.awaitEnd($0) },
            driveAll: { throw CommandFailure.serverOnly("driving runs") },
            abort: { key, request in try await runs.abort(key, reason: request.reason) },
            approve: { key, _, reason in try await runs.approve(key, reason: reason) },
            halt: { reason, _ in try await runs.halt(reason) },
            resume: { reason, _ in try await runs.resume(reason) },
            progress: { ServerProgress(backend: runs.backend, key: $0).stream() })
    }
}

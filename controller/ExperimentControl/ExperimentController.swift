// SPDX-License-Identifier: Apache-2.0
import AWS
package import ChaosModel
import HTTPTransport
package import Logging
package import ResourceStore

/// Plans, submits, drives and aborts runs: what the programs call.
package final class ExperimentController: Sendable {
    let store: any ResourceStore
    let connections: AWSConnections
    let options: ControllerOptions
    let clock: any ControlClock
    let logger: Logger
    let outbox: Outbox
    let watches = RunWatches()
    let halts = HaltBoard()
    let holder: LeaseHolder

    /// No call is made and nothing is started yet.
    package init(
        store: any ResourceStore, aws: AWSConnections, options: ControllerOptions,
        clock: any ControlClock = SystemControlClock(), logger: Logger
    ) {
        self.store = store
        connections = aws
        self.options = options
        self.clock = clock
        self.logger = logger
        holder = LeaseHolder(bootID: clock.bootID)
        outbox = Outbox(
            store: store,
            courier: Courier(
                connections: aws, transport: aws.transport, clock: clock, ownFolder: options.ownFolder), clock: clock,
            options: options, random: aws.random, logger: logger)
    }

    func reconciler(
        _ leases: HeldLeases, givesUp: Bool, wake: @escaping @Sendable (ResourceKey) async -> Void
    ) -> RunReconciler {
        RunReconciler(
            store: store, connections: connections, clock: clock, options: options, outbox: outbox, watches: watches,
            halts: halts, logger: logger, wake: wake, sawHaltTag: { [self] in await haltByTag(on: $0) },
            givesUp: givesUp,
            confirmLease: { key throws(StoreError) in try await leases.confirm(key) })
    }

    /// What a run would do now, by the store's policies and those of its own file. Reads AWS and writes nothing,
    /// anywhere. Guards that refuse are in the plan.
    package func plan(
        _ experiment: Experiment, policies: [Policy], seed: UInt64?
    ) async throws(ExperimentError) -> PlanReport {
        let stored: [Policy]
        do throws(StoreError) { stored = try await store.list(Policy.self, namespace: nil, labels: [:]).items } catch {
            throw ExperimentError(.store, error.message, hint: error.hint, cause: error)
        }
        let planner = Planner(
            aws: connections, policy: EffectivePolicy(stored, joining: policies.map(RunPolicy.init)),
            ownInstances: options.ownInstances, now: clock.wall())
        return try await planner.plan(experiment.spec, seed: seed ?? newSeed())
    }

    /// Keeps the experiment and a new run in the store. The policies bind this run beside the stored ones, which they
    /// neither change nor weaken. Nothing is done yet.
    package func submit(
        _ experiment: Experiment, policies: [Policy], seed: UInt64?, expectedPlanHash: String?, requestedBy: String,
        reason: String?
    ) async throws(ExperimentError) -> Run {
        do throws(StoreError) {
            try await apply(experiment)
            return try await makeRun(
                of: experiment, policies: policies, seed: seed, expectedPlanHash: expectedPlanHash,
                requestedBy: requestedBy, reason: reason)
        } catch {
            throw ExperimentError(.store, error.message, hint: error.hint, cause: error)
        }
    }

    /// Keeps a new run of an experiment as it was read from the store. What became of the experiment since then is left
    /// alone. Nothing is done yet.
    package func start(
        _ experiment: Experiment, seed: UInt64?, expectedPlanHash: String?, requestedBy: String, reason: String?
    ) async throws(ExperimentError) -> Run {
        do throws(StoreError) {
            return try await makeRun(
                of: experiment, policies: [], seed: seed, expectedPlanHash: expectedPlanHash, requestedBy: requestedBy,
                reason: reason)
        } catch {
            throw ExperimentError(.store, error.message, hint: error.hint, cause: error)
        }
    }

    private func makeRun(
        of experiment: Experiment, policies: [Policy], seed: UInt64?, expectedPlanHash: String?, requestedBy: String,
        reason: String?
    ) async throws(StoreError) -> Run {
        let suffix = RunName.suffix(at: clock.wall(), random: connections.random())
        var metadata = ObjectMetadata(
            name: RunName.make(experiment.metadata.name, suffix),
            namespace: experiment.metadata.namespace ?? "default",
            labels: (experiment.metadata.labels ?? [:]).merging(
                ["rebound/experiment": experiment.metadata.name], uniquingKeysWith: { $1 }))
        metadata.annotations = experiment.annotationsOfRuns
        var spec = RunSpec(
            experiment: experiment.metadata.name, plan: experiment.spec, seed: seed ?? newSeed(),
            requestedBy: requestedBy, reason: reason)
        spec.expectedPlanHash = expectedPlanHash
        spec.authors = RunAuthors.of(experiment, nil)
        if !policies.isEmpty { spec.policies = policies.map(RunPolicy.init) }
        return try await store.create(Run(metadata: metadata, spec: spec))
    }

    /// Asks for a run to end early. Whoever drives it reverts what was changed; a run that nobody drives does so when
    /// it is next taken up. Again does not hurt.
    package func abort(
        run name: String, namespace: String, requestedBy: String, reason: String
    ) async throws(ExperimentError) {
        do throws(StoreError) {
            for _ in 0..<20 {
                guard var run = try await store.get(Run.self, namespace: namespace, name: name) else {
                    throw StoreError(
                        .notFound, "there is no run \(name) in namespace \(namespace)", hint: "See `rebound get runs`.")
                }
                if run.spec.abort != nil || run.status?.phase == .done { return }
                run.spec.abort = AbortRequest(requestedBy: requestedBy, reason: reason, at: clock.wall())
                do throws(StoreError) {
                    _ = try await store.update(run)
                    return
                } catch {
                    if error.code != .conflict { throw error }
                }
            }
            throw StoreError(.conflict, "run \(name) is being changed all the time", hint: "Try again.")
        } catch {
            throw ExperimentError(
                error.code == .notFound ? .invalid : .store, error.message, hint: error.hint, cause: error)
        }
    }

    func newSeed() -> UInt64 { UInt64(connections.random() * 9_007_199_254_740_992) }

    /// Creates, or brings to what the manifest says. Another process may do the same at this moment.
    private func apply<R: Resource>(_ resource: R) async throws(StoreError) {
        for _ in 0..<20 {
            do throws(StoreError) { return try await applyOnce(resource) } catch {
                if error.code != .alreadyExists, error.code != .conflict { throw error }
            }
        }
        try await applyOnce(resource)
    }

    private func applyOnce<R: Resource>(_ resource: R) async throws(StoreError) {
        var wanted = resource
        if wanted.metadata.namespace == nil, R.kind.isNamespaced { wanted.metadata.namespace = "default" }
        let namespace = R.kind.isNamespaced ? wanted.metadata.namespace ?? "default" : ""
        guard let stored = try await store.get(R.self, namespace: namespace, name: wanted.metadata.name) else {
            _ = try await store.create(wanted)
            return
        }
        if stored.spec == wanted.spec { return }
        wanted.metadata = stored.metadata
        wanted.metadata.labels = resource.metadata.labels
        _ = try await store.update(wanted)
    }
}

extension RunPolicy {
    init(_ policy: Policy) { self.init(name: policy.metadata.name, spec: policy.spec) }
}

/// Names of runs: the experiment's, cut to fit, and when they were made.
enum RunName {
    /// At most 63 characters in all, as Kubernetes allows in a label (RFC 1123).
    static func make(_ experiment: String, _ suffix: String) -> String {
        let room = 63 - suffix.utf8.count - 1
        let head = experiment.prefix(room).reversed().drop { $0 == "-" || $0 == "." }.reversed()
        return String(head) + "-" + suffix
    }

    /// `20261124-153012-a1b2`: sorts by time, and two of one second do not meet.
    static func suffix(at time: Timestamp, random: Double) -> String {
        let digits = time.description.prefix(19).filter(\.isNumber)
        let tail = String(UInt32(random * 65_536) | 0x10000, radix: 16).suffix(4)
        return "\(digits.prefix(8))-\(digits.dropFirst(8))-\(tail)"
    }
}

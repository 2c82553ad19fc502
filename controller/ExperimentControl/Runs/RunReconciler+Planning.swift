// SPDX-License-Identifier: Apache-2.0
import AWS
package import ChaosModel
import Glibc
import HTTPTransport
import Logging
import Measurement
import Probes
import ResourceStore

/// From a created run to the first fault: the plan, the injections, the watch, the gates.
extension RunReconciler {
    func policies() async throws(StoreError) -> [Policy] {
        try await store.list(Policy.self, namespace: nil, labels: [:]).items
    }

    func plan(_ run: Run, _ status: RunStatus) async throws {
        guard let status = try await checkedPlan(run, status) else { return }
        let planned = try await write(run, status: status, entering: .planned, reason: "every guard passed")
        try await outbox.enqueue(.planned, of: planned, injection: nil, status: status)
    }

    /// People have agreed to a plan, perhaps hours ago. The same plan goes ahead; another one has to be agreed to anew.
    func planAgain(_ run: Run, _ status: RunStatus) async throws {
        let before = status.plan?.hash
        guard var status = try await checkedPlan(run, status) else { return }
        if status.plan?.hash == before { return try await createInjections(run, status) }
        status.note(
            TimelineEvent(
                at: clock.wall(), type: "planChanged",
                message: "the plan is \(status.plan?.hash ?? "") now; approvals of \(before ?? "") do not count for it")
        )
        try await write(run, status: status)
    }

    /// The status with a plan that may be carried out. Nil when there is none: then the run is ending.
    private func checkedPlan(_ run: Run, _ status: RunStatus) async throws -> RunStatus? {
        var status = status
        do throws(ExperimentError) {
            let policy = run.spec.policy(joining: try await storedPolicies())
            var planner = Planner(
                aws: connections, policy: policy, ownInstances: options.ownInstances, now: clock.wall())
            planner.recentHarm = try await recentHarm(for: run)
            let report = try await planner.plan(run.spec.plan, seed: run.spec.seed)
            status.plan = report
            if let refusal = report.refusal(expecting: run.spec.expectedPlanHash) { throw refusal }
            try await checkPermissions(report, run: run)
            return status
        } catch {
            if error.code == .store { throw error }
            status.verdict = error.code.verdict
            status.verdictReasons = ["\(error.code.rawValue): \(error.message)", "hint: \(error.hint)"]
            try await enter(.reporting, "planning ended: \(error.message)", run, status)
            return nil
        }
    }

    private func recentHarm(for run: Run) async throws(ExperimentError) -> RecentHarm? {
        guard run.spec.minTimeBetween != nil else { return nil }
        do throws(StoreError) {
            return RecentHarm(for: run, among: try await store.list(Run.self, namespace: nil, labels: [:]).items)
        } catch {
            throw ExperimentError(.store, error.message, hint: error.hint, cause: error)
        }
    }

    private func storedPolicies() async throws(ExperimentError) -> [Policy] {
        do throws(StoreError) { return try await policies() } catch {
            throw ExperimentError(.store, error.message, hint: error.hint, cause: error)
        }
    }

    /// Asks EC2 whether the calls would be allowed, before anything is done: the act, the mark, and the undo, as a
    /// fault that may not be undone must not begin. Other services have no such question.
    private func checkPermissions(_ plan: PlanReport, run: Run) async throws(ExperimentError) {
        for fault in run.spec.plan.faults {
            guard let selector = fault.targets.instances else { continue }
            let ids = plan.steps.filter { $0.fault == fault.name }.map { EC2InstanceID(rawValue: $0.target.id) }
            do throws(AWSError) {
                try await checkPermission(fault.action, on: ids, connections.reader(for: selector.scope).ec2)
            } catch {
                throw ExperimentError(error, doing: "asking whether fault \(fault.name) would be allowed")
            }
        }
    }

    private func checkPermission(
        _ action: FaultAction, on ids: [EC2InstanceID], _ reader: EC2Reader
    ) async throws(AWSError) {
        let mark = AWSTag(key: "rebound:run", value: "dry-run")
        if case .denied(let error) = try await reader.canCreateTags([mark], on: ids) { throw error }
        guard case .ec2(let action) = action else { return }
        let permission: EC2Permission
        switch action {
        case .terminate: permission = try await reader.canTerminate(ids)
        case .reboot: permission = try await reader.canReboot(ids)
        case .stop:
            // What runs cannot be started now, which says nothing of later; only a denial does.
            if case .denied(let error) = try await reader.canStart(ids) { throw error }
            permission = try await reader.canStop(ids, force: false)
        }
        switch permission {
        case .allowed: return
        case .denied(let error), .wouldFail(let error): throw error
        }
    }

    /// One Injection for each step of the plan, under names that are the same when this is done again after a crash.
    func createInjections(_ run: Run, _ status: RunStatus) async throws {
        guard let plan = status.plan else {
            throw ExperimentError(
                .internalError, "a planned run without a plan", hint: "This is a defect; please report it.")
        }
        var status = status
        status.anchor = status.anchor ?? clock.anchor()
        var made = try await injections(of: run)
        for (index, step) in plan.steps.enumerated() {
            guard let fault = run.spec.plan.faults.first(where: { $0.name == step.fault }) else { continue }
            let name = "\(run.metadata.name)-\(index + 1)"
            if made.contains(where: { $0.metadata.name == name }) { continue }
            made.append(try await store.create(injection(name, step, fault, run: run, hash: plan.hash)))
        }
        status.update(made)
        try await enter(
            .baseline, made.count == 1 ? "1 injection is prepared" : "\(made.count) injections are prepared", run,
            status)
    }

    private func injection(_ name: String, _ step: PlanStep, _ fault: FaultSpec, run: Run, hash: String) -> Injection {
        var metadata = ObjectMetadata(
            name: name, namespace: run.metadata.namespace,
            labels: ["rebound/run": run.metadata.name, "rebound/fault": fault.name])
        metadata.ownerReferences = [OwnerReference(kind: .run, name: run.metadata.name, uid: run.uid)]
        let scope = fault.targets.instances?.scope ?? fault.targets.autoScalingGroup?.scope ?? AWSScope()
        return Injection(
            metadata: metadata,
            spec: InjectionSpec(
                run: run.metadata.name, fault: fault.name, action: fault.action, target: step.target,
                scope: AWSScope(region: step.target.region, assumeRole: scope.assumeRole), duration: fault.duration,
                planHash: hash))
    }

    /// Begins, or goes on, to watch. What passed since the last written observation is a gap, and is said.
    func startWatching(_ run: Run, _ status: RunStatus, _ injections: [Injection]) async throws {
        var status = status
        let earlier = try await RunRecord(run: run.uid, store: store, logger: logger)
            .everything(anchor: status.anchor ?? clock.anchor()).observations
        let isFresh = earlier.isEmpty && status.phase == .baseline
        // Nothing is measured or changed yet: the grid of slots begins now.
        let anchor = isFresh ? clock.anchor() : status.anchor ?? clock.anchor()
        status.anchor = anchor
        let session = RunSession(
            run: run.uid, spec: run.spec.plan, anchor: anchor, store: store, clock: clock, logger: logger)
        let evidence = EvidenceWatcher(
            run: run.uid, anchor: anchor, injections: injections, aws: connections, store: store, clock: clock,
            interval: options.evidenceInterval, logger: logger,
            sawHaltTag: { [sawHaltTag] in await sawHaltTag($0) })
        let plans = try run.spec.plan.steadyState.map { spec in
            try ProbePlan(
                spec, action: spec.kind.asksAWS ? AWSProbe(kind: spec.kind, aws: connections, clock: clock) : nil)
        }
        try await catchUp(run, status, injections)
        if let last = earlier.map(\.ended).max() {
            let now = status.now(by: clock)
            status.note(
                TimelineEvent(
                    at: now, low: anchor.timestamp(of: last), high: now, type: "watchResumed",
                    message:
                        "nothing was measured from \(anchor.timestamp(of: last)) on; the controller was not running"))
        }
        await session.start(engine: try engine(), plans: plans, earlier: earlier)
        await evidence.start()
        watches[run.uid] = RunWatches.Watch(key: run.key, session: session, evidence: evidence)
        do throws(StoreError) { try await write(run, status: status) } catch {
            // On an anchor that is not written it would measure by another clock than the run; and the driver may be
            // another by now.
            await letGo(run.key)
            throw error
        }
    }

    private func engine() throws(ExperimentError) -> ProbeEngine {
        do throws(ProbeError) { return try watches.engine() } catch {
            throw ExperimentError(.internalError, error.message, hint: error.hint, cause: error)
        }
    }

    /// Each gate once; what cannot be read is closed.
    func checkGates(_ run: Run, _ status: RunStatus) async throws {
        var status = status
        let policy = run.spec.policy(joining: try await policies())
        let longest = run.spec.plan.faults.compactMap(\.duration?.duration).max() ?? .zero
        let stops = PolicyGuards(policy: policy).stops(now: clock.wall(), holding: longest)
        var closed = stops.filter { !$0.passed }
        for gate in run.spec.plan.gates ?? [] {
            let result = await result(of: gate)
            status.plan?.guards.append(result)
            if !result.passed { closed.append(result) }
        }
        if closed.isEmpty {
            return try await enter(.injecting, "the steady state holds and every gate is open", run, status)
        }
        status.verdict = .inconclusive
        status.verdictReasons = closed.map { "gateClosed: \($0.message)" }
        try await enter(.reporting, "a gate is closed", run, status)
    }

    private func result(of gate: GateSpec) async -> GuardResult {
        switch gate.condition {
        case .file(let file):
            let code = access(file.path, F_OK) == 0 ? 0 : errno
            let exists = code == 0
            // Only "no such file" says that it is not there (access(2)); anything else is not known.
            let isKnown = exists || code == ENOENT
            let passed = isKnown && exists == (file.must == .exist)
            return GuardResult(
                name: "gate", passed: passed,
                message: "gate \(gate.name): \(file.path) "
                    + (exists ? "exists" : isKnown ? "does not exist" : "cannot be looked at")
                    + ", must \(file.must.rawValue)")
        case .probe(let kind):
            do {
                let action = kind.asksAWS ? AWSProbe(kind: kind, aws: connections, clock: clock) : nil
                let plan = try ProbePlan(name: gate.name, kind: kind, interval: .seconds(1), action: action)
                let observation = await (try engine()).attemptOnce(plan)
                let detail = observation.detail.map { ": \($0)" } ?? ""
                return GuardResult(
                    name: "gate", passed: observation.outcome == .success,
                    message: "gate \(gate.name): \(observation.outcome.word)\(detail)")
            } catch {
                return GuardResult(name: "gate", passed: false, message: "gate \(gate.name): \(error)")
            }
        }
    }
}

extension Observation.Outcome {
    var word: String {
        switch self {
        case .success: "ok"
        case .failure(let reason): "failed (\(reason))"
        case .unknown(let reason): "unknown (\(reason))"
        case .missed(let reason): "missed (\(reason))"
        }
    }
}

extension ExperimentError.Code {
    /// What a run that ends so is called: refused by a guard is no error of ours, and nothing was learnt.
    var verdict: Verdict {
        switch self {
        case .noTargets, .targetsNotFound, .guardRefused, .planChanged, .gateClosed: .inconclusive
        case .invalid, .notPermitted, .awsUnavailable, .noCredentials, .noRegion, .store, .busy, .internalError: .error
        }
    }
}

extension PlanReport {
    /// The guard that lets a run be planned and nothing more.
    package static let leash = "leash"

    /// Why a run with this plan must not go ahead; nil when it may.
    package func refusal(expecting expected: String?) -> ExperimentError? {
        if let expected, expected != hash {
            return ExperimentError(
                .planChanged, "the plan's hash is \(hash), and \(expected) was asked for",
                hint: "Look at the new plan with `rebound plan`, and run it with its hash.")
        }
        let refused = guards.filter { !$0.passed && $0.name != Self.leash }
        guard let first = refused.first else { return nil }
        let message = refused.map { "\($0.name): \($0.message)" }.joined(separator: "; ")
        if first.name == "targetsFound" {
            // Of several faults, one that matches nothing is not excused by what the others match.
            let found = selections.filter(\.chosen.isEmpty).map(\.found).min() ?? 1
            let filters = selections.flatMap(\.filters).map { "\($0.removed) by \($0.name)" }.joined(separator: ", ")
            return ExperimentError(
                found == 0 ? .targetsNotFound : .noTargets,
                message + (filters.isEmpty ? "" : "; taken away: \(filters)"),
                hint: found == 0
                    ? "Nothing matches the selector in that account and region: check region, names, ids and tags."
                    : "Change the selector, or what the filters look at: tags, state, health, warm-up.",
                guards: guards, selections: selections)
        }
        return ExperimentError(
            .guardRefused, message, hint: Self.hint(for: first.name),
            guards: guards, selections: selections)
    }

    private static func hint(for refusedGuard: String) -> String {
        switch refusedGuard {
        case "policy":
            "Wait until the policy allows it, or ask those who keep it; `rebound get policies -o yaml` shows it. One "
                + "(of this run) came in the run's own file."
        case DestinationCheck.name: "Make the topic or function, or correct its name, region and account in reports."
        case "maxTargets": "Pick fewer targets, or raise limits.maxTargets knowingly."
        default: "Make the experiment smaller, or wait until the group is whole."
        }
    }
}

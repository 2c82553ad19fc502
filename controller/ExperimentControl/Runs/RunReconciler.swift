// SPDX-License-Identifier: Apache-2.0
import AWS
package import ChaosModel
package import Logging
import Measurement
import Probes
package import ReconcileLoop
package import ResourceStore
import Synchronization

/// What a reconcile of a run found should happen next.
package typealias RunOutcome = ReconcileOutcome<ExperimentError>

/// Takes runs one step further at a time. It reads the run and its injections, decides, does the one next thing, and
/// writes what came of it; so it can be stopped at any point, and asked again by another process.
package final class RunReconciler: Sendable {
    let store: any ResourceStore
    let connections: AWSConnections
    let clock: any ControlClock
    let options: ControllerOptions
    let outbox: Outbox
    let logger: Logger
    let watches: RunWatches
    let halts: HaltBoard
    /// Gives a run a turn. Without it, each turn waits for the steps that it begins.
    let wake: (@Sendable (ResourceKey) async -> Void)?
    /// Told the name of what carries the tag that halts.
    let sawHaltTag: @Sendable (String) async -> Void
    let confirmLease: @Sendable (ResourceKey) async throws(StoreError) -> Void
    /// Whether a run that fails and holds nothing is given up in the end, or tried for as long as this process lives.
    let givesUp: Bool

    /// `confirmLease` renews this process's right to drive a run, in the store, and throws `.conflict` when another
    /// process has it. It is asked right before each act.
    package init(
        store: any ResourceStore, connections: AWSConnections, clock: any ControlClock, options: ControllerOptions,
        outbox: Outbox, watches: RunWatches, halts: HaltBoard = HaltBoard(), logger: Logger,
        wake: (@Sendable (ResourceKey) async -> Void)? = nil,
        sawHaltTag: @escaping @Sendable (String) async -> Void = { _ in }, givesUp: Bool = true,
        confirmLease: @escaping @Sendable (ResourceKey) async throws(StoreError) -> Void
    ) {
        self.store = store
        self.connections = connections
        self.clock = clock
        self.options = options
        self.outbox = outbox
        self.watches = watches
        self.logger = logger
        self.halts = halts
        self.wake = wake
        self.sawHaltTag = sawHaltTag
        self.givesUp = givesUp
        self.confirmLease = confirmLease
    }

    var injector: Injector {
        Injector(
            records: StoredRecords(store: store), world: AWSWorld(connections: connections, options: options),
            clock: clock, options: options,
            outbox: outbox, confirmLease: confirmLease, logger: logger, tries: watches.tries,
            ordered: { [halts] in halts.order })
    }

    /// One step of the run under this key. A key without a run is settled.
    package func reconcile(_ key: ResourceKey) async -> RunOutcome {
        do {
            // Before anything is read: then what is read is not older than they are.
            let landed = watches.flights.landed(of: key)
            guard var run = try await store.get(Run.self, namespace: key.namespace, name: key.name) else {
                await letGo(key)
                return .settled
            }
            if run.status == nil {
                run = try await write(run, status: RunStatus(phase: .pending), entering: .pending, reason: "created")
            }
            if run.status?.phase == .done {
                // Another process brought it there, if this one still watches.
                await stopWatching(run)
                return .settled
            }
            run = try await abortAfterUnrecorded(run)
            let injections: [Injection]
            (run, injections) = try await rebased(run, self.injections(of: run))
            run = try await abortAfterDeletion(run, injections)
            guard let status = run.status else { return .settled }
            let facts = try await facts(run, status, injections)
            // First of all: neither telling nor writing may hold up what must be put back at once.
            if RunDecision.urgency(facts) != nil { fly(RunDecision.held(facts), run, status, facts) }
            if !landed.isEmpty {
                try await tell(landed, of: run, status, newest: injections)
                return .lookAgain(after: .zero)
            }
            let outcome = try await perform(RunDecision.next(facts), facts, run: run, status: status)
            watches.forgetFailures(key)
            return outcome
        } catch let error as StoreError {
            // Somebody else wrote in between, or the store is in trouble: nothing was lost, as every step is written
            // first.
            if error.code == .conflict { return .lookAgain(after: .milliseconds(10)) }
            if error.forbidsWriting { await revertUnrecorded(key) }
            return await failed(ExperimentError(.store, error.message, hint: error.hint, cause: error), key)
        } catch let error as ExperimentError {
            return await failed(error, key)
        } catch {
            return await failed(
                ExperimentError(.internalError, "\(error)", hint: "This is a defect; please report it."), key)
        }
    }

    /// A step that keeps failing ends the driving after a while, but never while something may still have to be put
    /// back: then trying goes on, as the store or AWS may come back.
    private func failed(_ error: ExperimentError, _ key: ResourceKey) async -> RunOutcome {
        let count = watches.countFailure(key)
        if count < 20 || !givesUp { return .retry(error) }
        return await holdsAnything(key) ? .retry(error) : .gaveUp(error)
    }

    private func holdsAnything(_ key: ResourceKey) async -> Bool {
        do throws(StoreError) {
            let all = try await store.list(
                Injection.self, namespace: key.namespace, labels: ["rebound/run": key.name]
            ).items
            return all.contains(where: \.isOpen)
        } catch {
            return true  // Not known, so taken to be so.
        }
    }

    func injections(of run: Run) async throws(StoreError) -> [Injection] {
        let namespace = run.metadata.namespace ?? "default"
        return try await store.list(Injection.self, namespace: namespace, labels: ["rebound/run": run.metadata.name])
            .items
    }

    private func facts(
        _ run: Run, _ status: RunStatus, _ injections: [Injection]
    ) async throws(StoreError) -> RunFacts {
        let since = status.phaseSince[status.phase.rawValue]
        let anchor = status.anchor ?? clock.anchor()
        let isBefore = !RunPhase.putsBack.contains(status.phase)
        let stored = isBefore ? try await policies() : []
        let policy = run.spec.policy(joining: stored)
        return RunFacts(
            spec: run.spec.plan, phase: status.phase, phaseSince: since.map { anchor.instant(of: $0) } ?? clock.now(),
            injections: injections, watch: await watch(run, injections), abort: run.spec.abort?.reason,
            halt: isBefore ? halts.order ?? policy.haltReason : nil, leash: policy.leashReason,
            approval: approval(run, status, policy), policies: stored,
            isStopped: status.aborted != nil && run.spec.abort == nil, now: clock.now())
    }

    /// Whether those who must agree have done so; asked only while the run waits for it.
    private func approval(_ run: Run, _ status: RunStatus, _ policy: EffectivePolicy) -> ApprovalState {
        guard status.phase == .planned || status.phase == .awaitingApproval, let plan = status.plan else {
            return .notNeeded
        }
        let since = status.phaseSince[RunPhase.planned.rawValue] ?? clock.wall()
        return .of(run, plan: plan, rules: policy.approvals, since: since, now: clock.wall())
    }

    private func watch(_ run: Run, _ injections: [Injection]) async -> RunFacts.Watch? {
        guard let watch = watches[run.uid] else { return nil }
        var wants: [String] = []
        if case .notHeld(let reasons) = await watch.session.baseline(holdFor: run.spec.plan.baselineHold) {
            wants = reasons
        }
        var recovered = false
        if let (first, last) = injections.changeBounds,
            let noticed = await watch.evidence.groupsNoticed(injections.filter(\.takesMemberAway).map(\.spec.target))
        {
            // A group that has not noticed its loss still calls itself whole; what it says then is no recovery.
            let since = noticed > last.high ? BoundedInstant(at: noticed, low: noticed, high: noticed) : last
            if case .recovered = await watch.session.recovery(from: first, to: since) { recovered = true }
        }
        return RunFacts.Watch(
            baselineWants: wants, isRecovered: recovered, began: watch.session.began,
            stopReason: await watch.session.stopReason())
    }

    private func perform(
        _ action: RunAction, _ facts: RunFacts, run: Run, status: RunStatus
    ) async throws -> RunOutcome {
        let injections = facts.injections
        switch action {
        case .plan: try await plan(run, status)
        case .planAgain: try await planAgain(run, status)
        case .createInjections: try await createInjections(run, status)
        case .startWatching:
            do { try await startWatching(run, status, injections) } catch {
                let owed = RunDecision.owed(facts)
                if !owed.isEmpty { _ = try await advance(owed, run, status, facts) }
                throw error
            }
        case .checkGates: try await checkGates(run, status)
        case .advance(let names): return try await advance(names, run, status, facts)
        case .beginReverting(let held, let refused):
            return try await beginReverting(held, refusing: refused, run, status, facts)
        case .enter(let phase, let reason):
            // The measurements first: a run that is reporting has all of them in the store. Watching ends where this
            // was decided; waiting for attempts under way is no part of it, and would look like silence.
            let since = status.now(by: clock)
            var status = status
            if phase == .reporting, let lost = await stopWatching(run) { status.note(lost) }
            try await enter(phase, reason, run, status, since: since)
        case .endUntouched(let reason): try await endUntouched(reason, run, status)
        case .wait(let duration): return .lookAgain(after: duration)
        case .conclude: try await conclude(run, status, injections)
        case .nothing: return .settled
        }
        return .lookAgain(after: .zero)
    }
}

extension RunPhase {
    /// From here on a run harms nothing any more, and nothing stops it.
    fileprivate static let putsBack: Set<RunPhase> = [.reverting, .recovering, .reporting, .done]
}

extension [Injection] {
    /// When the first and the last change to the world was there: effects, and what was put back.
    var changeBounds: (first: BoundedInstant, last: BoundedInstant)? {
        let effects = compactMap(\.effectiveBounds)
        guard let first = effects.min(by: { $0.low < $1.low }), let last = effects.max(by: { $0.high < $1.high }) else {
            return nil
        }
        guard let back = compactMap(\.status?.revertedAt).max(), back > last.high else { return (first, last) }
        return (first, BoundedInstant(at: back, low: back, high: back))
    }
}

extension Injection {
    /// The target leaves its group for good, so that the group will notice.
    var takesMemberAway: Bool {
        guard tookEffect else { return false }
        switch spec.action {
        case .ec2(.terminate), .autoScaling(.terminate), .autoScaling(.detach): return true
        case .ec2(.stop), .ec2(.reboot), .autoScaling(.suspendProcesses), .elb(.deregister): return false
        }
    }

    var effectiveBounds: BoundedInstant? {
        guard let low = status?.effectiveLow, let high = status?.effectiveHigh else { return nil }
        let middle = low.nanoseconds + (high.nanoseconds - low.nanoseconds) / 2
        return BoundedInstant(at: MonotonicInstant(nanoseconds: middle), low: low, high: high)
    }
}

/// The sessions and watchers that this process runs, by run, and the one engine that all probes share.
package final class RunWatches: Sendable {
    package struct Watch: Sendable {
        var key: ResourceKey
        var session: RunSession
        var evidence: EvidenceWatcher
    }

    private let watches = Mutex<[String: Watch]>([:])
    private let shared = Mutex<ProbeEngine?>(nil)
    private let failures = Mutex<[ResourceKey: Int]>([:])
    private let endings = Mutex<[ResourceKey: Run?]>([:])
    private let unrecorded = Mutex<Set<ResourceKey>>([])
    let flights = InjectionFlights()
    let tries = TriesUnderWay()

    package init() {}

    package subscript(run: String) -> Watch? {
        get { watches.withLock { $0[run] } }
        set { watches.withLock { $0[run] = newValue } }
    }

    /// Whatever this process watches of a run, which may be gone itself.
    func take(of key: ResourceKey) -> [Watch] {
        watches.withLock { watches in
            let found = watches.filter { $0.value.key == key }
            for run in found.keys { watches[run] = nil }
            return Array(found.values)
        }
    }

    /// Failed steps of a run since the last good one, this one included.
    func countFailure(_ run: ResourceKey) -> Int {
        failures.withLock { failures in
            failures[run, default: 0] += 1
            return failures[run] ?? 1
        }
    }

    /// Something of this run was put back without a record.
    func noteUnrecorded(_ run: ResourceKey) { unrecorded.withLock { _ = $0.insert(run) } }

    func hasUnrecorded(_ run: ResourceKey) -> Bool { unrecorded.withLock { $0.contains(run) } }

    func forgetUnrecorded(_ run: ResourceKey) { unrecorded.withLock { _ = $0.remove(run) } }

    /// From now on the end of this run is kept, until it is asked for.
    func awaitEnding(of run: ResourceKey) { endings.withLock { $0[run] = .some(nil) } }

    /// Keeps the last state of a run for who awaits it.
    func noteEnding(of run: Run) {
        endings.withLock { endings in
            if endings[run.key] != nil { endings[run.key] = .some(run) }
        }
    }

    /// The end that was awaited; nil when there was none, or nobody has waited.
    func ending(of run: ResourceKey) -> Run? { endings.withLock { $0.removeValue(forKey: run) ?? nil } }

    func forgetFailures(_ run: ResourceKey) { failures.withLock { $0[run] = nil } }

    /// Started when first needed.
    func engine() throws(ProbeError) -> ProbeEngine {
        if let engine = shared.withLock({ $0 }) { return engine }
        let made = try ProbeEngine()
        return shared.withLock { engine in
            if let engine { return engine }
            engine = made
            return made
        }
    }
}

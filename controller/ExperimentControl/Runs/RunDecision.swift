// SPDX-License-Identifier: Apache-2.0
package import ChaosModel

/// Everything that the next step of a run is decided from.
package struct RunFacts: Sendable {
    /// What the live probes say, as of `now`.
    package struct Watch: Sendable, Equatable {
        /// What the baseline still wants; empty when the steady state has held long enough.
        package var baselineWants: [String]
        /// Whether the steady state has held for `stableFor` after the last change.
        package var isRecovered: Bool
        /// When watching began in this process.
        package var began: MonotonicInstant
        /// A stop condition that is met, in words.
        package var stopReason: String?

        package init(baselineWants: [String], isRecovered: Bool, began: MonotonicInstant, stopReason: String?) {
            self.baselineWants = baselineWants
            self.isRecovered = isRecovered
            self.began = began
            self.stopReason = stopReason
        }
    }

    package var spec: ExperimentSpec
    package var phase: RunPhase
    /// When the run as a whole entered its phase, on this boot's clock.
    package var phaseSince: MonotonicInstant
    package var injections: [Injection]
    package var watch: Watch?
    /// The operator's wish to end early.
    package var abort: String?
    /// Everything is halted, in words.
    package var halt: String?
    /// Everything is only planned, in words.
    package var leash: String?
    /// Whether those who must agree have done so.
    package var approval: ApprovalState
    /// The store's policies that the above was read from; empty once the run puts back.
    package var policies: [Policy]
    /// A stop condition was met before.
    package var isStopped: Bool
    package var now: MonotonicInstant

    package init(
        spec: ExperimentSpec, phase: RunPhase, phaseSince: MonotonicInstant, injections: [Injection], watch: Watch?,
        abort: String?, halt: String? = nil, leash: String? = nil, approval: ApprovalState = .notNeeded,
        policies: [Policy] = [], isStopped: Bool, now: MonotonicInstant
    ) {
        self.spec = spec
        self.phase = phase
        self.phaseSince = phaseSince
        self.injections = injections
        self.watch = watch
        self.abort = abort
        self.halt = halt
        self.leash = leash
        self.approval = approval
        self.policies = policies
        self.isStopped = isStopped
        self.now = now
    }
}

/// The one next step of a run.
package enum RunAction: Sendable, Equatable {
    case plan
    /// Plans once more after people have agreed; the world may have changed meanwhile.
    case planAgain
    case createInjections
    case startWatching
    case checkGates
    /// Advance these injections, each by one step, at the same time.
    case advance([String])
    /// Refuse those that have not acted, and begin to put back those that have.
    case beginReverting([String], refuse: [String])
    case enter(RunPhase, reason: String)
    /// Ends a run that has touched nothing as inconclusive; the reason begins with a stable word.
    case endUntouched(reason: String)
    case wait(Duration)
    case conclude
    case nothing
}

/// Decides what a run does next. Pure: the same facts give the same step.
package enum RunDecision {
    /// How often a run looks again that waits while faults are put in, held or put back.
    static let tick = Duration.milliseconds(100)
    /// How often a run that waits for people looks again, when nothing wakes it.
    static let approvalTick = Duration.seconds(1)
    /// The same while nothing of it can be in place any more, or yet: then only measuring waits.
    static let easyTick = Duration.milliseconds(200)

    /// Whatever the phase says: no way leads out of a run while it is not known that everything is put back.
    package static func next(_ facts: RunFacts) -> RunAction {
        let action = inPhase(facts)
        guard action.leadsOut, facts.injections.contains(where: \.isOpen) else { return action }
        return .enter(.reverting, reason: "something is left to put back")
    }

    /// The injections that have something to settle or to put back. That does not wait for measuring.
    package static func owed(_ facts: RunFacts) -> [String] {
        facts.injections.filter { isDue($0, facts) && !$0.state.isBeforeAct }.map(\.metadata.name)
    }

    private static func inPhase(_ facts: RunFacts) -> RunAction {
        switch facts.phase {
        case .pending: facts.abort == nil ? .plan : .enter(.reporting, reason: "aborted before planning")
        case .planned, .awaitingApproval: planned(facts)
        case .baseline: baseline(facts)
        case .injecting, .holding: injecting(facts)
        case .reverting: reverting(facts)
        case .recovering: recovering(facts)
        case .reporting: .conclude
        case .done: .nothing
        }
    }

    private static func planned(_ facts: RunFacts) -> RunAction {
        if facts.abort != nil { return .enter(.reporting, reason: "aborted before anything was injected") }
        if let halt = facts.halt { return .endUntouched(reason: "halted: \(halt)") }
        if let leash = facts.leash { return .endUntouched(reason: "leashed: \(leash)") }
        let waits = facts.phase == .awaitingApproval
        switch facts.approval {
        case .notNeeded, .given: return waits ? .planAgain : .createInjections
        case .wanting(let words): return waits ? .wait(approvalTick) : .enter(.awaitingApproval, reason: words)
        case .expired(let words): return .endUntouched(reason: "notApproved: \(words)")
        }
    }

    private static func baseline(_ facts: RunFacts) -> RunAction {
        if let reason = facts.abort {
            return .enter(.reporting, reason: "aborted before anything was injected: \(reason)")
        }
        if let halt = facts.halt { return .endUntouched(reason: "halted: \(halt)") }
        guard let watch = facts.watch else { return .startWatching }
        if watch.baselineWants.isEmpty { return .checkGates }
        if facts.now.since(watch.began) >= facts.spec.baselineGiveUp {
            let wants = watch.baselineWants.joined(separator: "; ")
            return .enter(.reporting, reason: "the steady state did not hold before the first fault: \(wants)")
        }
        return .wait(easyTick)
    }

    private static func injecting(_ facts: RunFacts) -> RunAction {
        if let reason = urgency(facts) {
            return .enter(.reverting, reason: reason)
        }
        // From here on there is only putting back to do, and the phase says so.
        if !facts.injections.contains(where: { isGoingOn($0, facts.now) }) {
            return .enter(.reverting, reason: RunReconciler.everythingDone)
        }
        if facts.watch == nil { return .startWatching }
        let lost = facts.injections.filter { $0.state == .pending && waitsInVain($0, facts) }
        if !lost.isEmpty { return .beginReverting([], refuse: lost.map(\.metadata.name)) }
        let due = facts.injections.filter { isDue($0, facts) }
        if !due.isEmpty { return .advance(due.map(\.metadata.name)) }
        let isWaiting = facts.injections.contains { $0.state == .pending }
        if !isWaiting, facts.phase == .injecting { return .enter(.holding, reason: "every fault is in place") }
        return .wait(tick)
    }

    /// Why everything must be put back now, whatever else there is to do; nil when nothing says so.
    static func urgency(_ facts: RunFacts) -> String? {
        guard facts.phase == .injecting || facts.phase == .holding else { return nil }
        return facts.abort ?? facts.halt ?? facts.watch?.stopReason
    }

    /// The injections that hold a fault, which can be put back now.
    static func held(_ facts: RunFacts) -> [String] {
        facts.injections.filter(isHeld).map(\.metadata.name)
    }

    static func isHeld(_ injection: Injection) -> Bool {
        injection.state == .effective || (injection.state == .noEffect && injection.spec.action.isReverted)
    }

    /// Whether the injection is on its way to its effect, or is held.
    private static func isGoingOn(_ injection: Injection, _ now: MonotonicInstant) -> Bool {
        switch injection.state {
        case .pending, .reserved, .announced, .armed, .acting, .accepted: true
        case .effective: !holdIsOver(injection, now)
        case .noEffect, .reverting: false
        case .reverted, .completed, .refused, .failed, .targetGone, .revertFailed: false
        }
    }

    /// Whether the injection has a step to make now.
    private static func isDue(_ injection: Injection, _ facts: RunFacts) -> Bool {
        switch injection.state {
        case .pending: mayStart(injection, facts)
        case .reserved, .announced, .armed, .acting, .accepted, .reverting: true
        case .noEffect: injection.spec.action.isReverted
        case .effective: holdIsOver(injection, facts.now)
        case .reverted, .completed, .refused, .failed, .targetGone, .revertFailed: false
        }
    }

    private static func holdIsOver(_ injection: Injection, _ now: MonotonicInstant) -> Bool {
        guard let hold = injection.spec.duration?.duration, let since = injection.status?.effectiveHigh else {
            return true
        }
        return now.since(since) >= hold
    }

    private static func mayStart(_ injection: Injection, _ facts: RunFacts) -> Bool {
        guard let first = facts.spec.faults.first(where: { $0.name == injection.spec.fault })?.after else {
            return true
        }
        return facts.injections.filter { $0.spec.fault == first }.allSatisfy(\.tookEffect)
    }

    /// Whether the fault it waits for ended without taking effect.
    private static func waitsInVain(_ injection: Injection, _ facts: RunFacts) -> Bool {
        guard let first = facts.spec.faults.first(where: { $0.name == injection.spec.fault })?.after else {
            return false
        }
        return facts.injections.contains {
            $0.spec.fault == first && ($0.state == .noEffect || ($0.state.isFinal && !$0.tookEffect))
        }
    }

    private static func reverting(_ facts: RunFacts) -> RunAction {
        let untouched = facts.injections.filter { $0.state.isBeforeAct }
        let held = held(facts)
        if !untouched.isEmpty || !held.isEmpty {
            return .beginReverting(held, refuse: untouched.map(\.metadata.name))
        }
        let open = facts.injections.filter { [.acting, .accepted, .reverting].contains($0.state) }
        if !open.isEmpty { return .advance(open.map(\.metadata.name)) }
        let changed = facts.injections.contains { $0.mayHaveChangedTheWorld }
        return changed
            ? .enter(.recovering, reason: "everything is put back that can be")
            : .enter(.reporting, reason: "nothing was changed")
    }

    private static func recovering(_ facts: RunFacts) -> RunAction {
        guard let watch = facts.watch else { return .startWatching }
        // There is nothing left to put back; it is kept that the condition was met, and measuring goes on.
        if let reason = watch.stopReason, !facts.isStopped, facts.abort == nil {
            return .enter(.reverting, reason: reason)
        }
        let recovery = facts.spec.recovery
        if watch.isRecovered { return .enter(.reporting, reason: "the steady state held for \(recovery.stableFor)") }
        if facts.abort != nil, facts.now.since(facts.phaseSince) >= recovery.stableFor.duration {
            return .enter(.reporting, reason: "aborted; the steady state has not come back yet")
        }
        // Putting back is a change too, and what it stirs up is given its time.
        let changes = facts.injections.flatMap { [$0.status?.effectiveHigh, $0.status?.revertedAt] }
        let last = changes.compactMap { $0 }.max() ?? facts.phaseSince
        if facts.now.since(last) >= recovery.giveUpAfter.duration {
            return .enter(.reporting, reason: "gave up after \(recovery.giveUpAfter)")
        }
        return .wait(easyTick)
    }
}

extension RunAction {
    /// Whether the run harms and reverts nothing any more after this.
    fileprivate var leadsOut: Bool {
        switch self {
        case .enter(.reporting, _), .enter(.done, _), .endUntouched, .conclude: true
        default: false
        }
    }
}

extension ExperimentSpec {
    /// How long the steady state must hold before the first fault.
    package var baselineHold: Duration { baseline?.holdFor.duration ?? .seconds(3) }
    package var baselineGiveUp: Duration { baseline?.giveUpAfter?.duration ?? (baselineHold + .seconds(60)) }
}

extension Injection {
    package var state: InjectionState { status?.state ?? .pending }

    /// Seen to take effect, whatever came of it later.
    package var tookEffect: Bool { status?.effectiveHigh != nil }

    /// What came of the call is not known yet, or something is still to be put back.
    package var isOpen: Bool {
        switch state {
        case .acting, .accepted, .effective, .reverting: true
        case .noEffect: spec.action.isReverted
        case .pending, .reserved, .announced, .armed: false
        case .reverted, .completed, .refused, .failed, .targetGone, .revertFailed: false
        }
    }

    /// From the moment before the call on, nothing but the world can say what happened.
    package var mayHaveChangedTheWorld: Bool {
        (status?.attempts ?? 0) > 0 && state != .failed && state != .refused
    }
}

extension InjectionState {
    /// Nothing was done to the target yet.
    package var isBeforeAct: Bool {
        switch self {
        case .pending, .reserved, .announced, .armed: true
        default: false
        }
    }
}

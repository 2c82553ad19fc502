// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import Measurement
import ReconcileLoop
import ResourceStore

/// From the first fault to the last undo.
extension RunReconciler {
    /// Advances injections at the same time, each by one step, and tells what came of it. Where somebody can wake the
    /// run, no turn waits for a step: what has landed is told in the next.
    func advance(
        _ names: [String], _ run: Run, _ status: RunStatus, _ facts: RunFacts
    ) async throws -> RunOutcome {
        fly(names, run, status, facts)
        guard wake == nil else { return .lookAgain(after: RunDecision.tick) }
        await watches.flights.wait(for: run.key)
        let landed = watches.flights.landed(of: run.key)
        let progressed = landed.contains { landing in
            if case .success(let now) = landing.result { now.state != landing.before.state } else { false }
        }
        try await tell(landed, of: run, status, newest: try await injections(of: run))
        // Waiting on AWS: look again soon, and not in a spin.
        return .lookAgain(after: progressed ? .zero : .milliseconds(200))
    }

    /// Begins a step of each of these injections that is not making one.
    func fly(_ names: [String], _ run: Run, _ status: RunStatus, _ facts: RunFacts) {
        let wanted = Set(names)
        let taken = facts.injections.filter { $0.isTaking || wanted.contains($0.metadata.name) }.map(\.spec.target)
        let context = Injector.Context(
            run: run, policies: facts.policies, targets: taken, mayHarm: mayHarm(run, status, facts))
        let injector = injector
        let (key, wake) = (run.key, wake)
        for injection in facts.injections where wanted.contains(injection.metadata.name) {
            watches.flights.start(
                injection, of: key, landed: { await wake?(key) },
                rest: { [clock] injection in
                    // Without a waker the turns themselves are spaced. Cut short only when the driving ends.
                    if wake != nil { try? await clock.sleep(for: injection.rest(at: clock.now())) }
                },
                step: { () async -> Result<Injection, StoreError> in
                    do throws(StoreError) {
                        return .success(try await injector.advance(injection, in: context))
                    } catch { return .failure(error) }
                })
        }
    }

    /// Writes and reports what came of steps; `newest` was read after they had landed. Throws the first failure among
    /// them once the others are told.
    func tell(
        _ landed: [InjectionFlights.Landing], of run: Run, _ status: RunStatus, newest: [Injection]
    ) async throws(StoreError) {
        var made: [Injection] = []
        var failure: StoreError?
        for landing in landed {
            switch landing.result {
            case .success(let injection): made.append(injection)
            case .failure(let error): failure = failure ?? error
            }
        }
        if !made.isEmpty { try await tell(made, before: landed.map(\.before), of: run, status, newest: newest) }
        watches.flights.told(landed.count, of: run.key)
        if let failure { throw failure }
    }

    /// Only a run that goes on may harm; on its way out it settles and puts back.
    private func mayHarm(_ run: Run, _ status: RunStatus, _ facts: RunFacts) -> Bool {
        RunDecision.urgency(facts) == nil && run.spec.abort == nil
            && (status.phase == .injecting || status.phase == .holding)
    }

    /// Refusing is told at once; putting back is, when it was done.
    func beginReverting(
        _ held: [String], refusing refused: [String], _ run: Run, _ status: RunStatus, _ facts: RunFacts
    ) async throws -> RunOutcome {
        fly(held, run, status, facts)
        let reason = status.aborted?.reason ?? "the run is ending, or the fault it waits for did not take effect"
        var changed: [Injection] = []
        for injection in facts.injections where refused.contains(injection.metadata.name) {
            changed.append(try await injector.refuse(injection, because: reason))
        }
        if !changed.isEmpty {
            let newest = facts.injections.map { old in
                changed.first { $0.metadata.name == old.metadata.name } ?? old
            }
            try await tell(changed, before: facts.injections, of: run, status, newest: newest)
            return .lookAgain(after: .zero)
        }
        return try await advance([], run, status, facts)
    }

    /// Writes what changed into the run, and reports it.
    private func tell(
        _ changed: [Injection], before: [Injection], of run: Run, _ status: RunStatus, newest: [Injection]
    ) async throws(StoreError) {
        var status = status
        status.update(newest)
        for injection in changed {
            let old = before.first { $0.metadata.name == injection.metadata.name }
            if old?.state == injection.state { continue }
            // An answer that proves the effect is told as the effect, one step later.
            if injection.state == .accepted, injection.tookEffect { continue }
            status.note(event(for: injection, anchor: status.anchor ?? clock.anchor()))
        }
        let written = try await write(run, status: status)
        for injection in changed {
            let old = before.first { $0.metadata.name == injection.metadata.name }
            if injection.tookEffect, old?.tookEffect != true {
                try await outbox.enqueue(.injected, of: written, injection: injection, status: status)
            }
            if injection.state == .revertFailed, old?.state != .revertFailed {
                try await outbox.enqueue(.undoFailed, of: written, injection: injection, status: status)
            }
        }
    }

    private func event(for injection: Injection, anchor: ClockAnchor) -> TimelineEvent {
        let bounds = injection.state == .effective || injection.state == .completed ? injection.effective(anchor) : nil
        var words = "\(injection.spec.action.name) \(injection.spec.target.id): \(injection.state.rawValue)"
        if let text = injection.status?.message ?? injection.status?.evidence.last { words += " (\(text))" }
        let accepted = injection.state == .accepted ? injection.status?.acceptedAt : nil
        return TimelineEvent(
            at: bounds?.at ?? anchor.timestamp(of: accepted ?? clock.now()), low: bounds?.low,
            high: bounds?.high, type: injection.state.rawValue,
            subject: injection.metadata.name, message: words)
    }

    /// Enters a phase. A reason that ends the run early is kept as the abort that it is.
    func enter(
        _ phase: RunPhase, _ reason: String, _ run: Run, _ status: RunStatus, since: Timestamp? = nil
    ) async throws(StoreError) {
        var status = status
        let isEarly = phase == .reverting && status.aborted == nil && reason != Self.everythingDone
        if isEarly || (run.spec.abort != nil && status.aborted == nil) {
            let by = reason.hasPrefix(EffectivePolicy.haltWords) ? Self.byPolicy : Self.stopCondition
            status.aborted = run.spec.abort ?? AbortRequest(requestedBy: by, reason: reason, at: status.now(by: clock))
        }
        let wasAborted = run.status?.aborted != nil
        let written = try await write(run, status: status, entering: phase, reason: reason, since: since)
        if status.aborted != nil, !wasAborted {
            try await outbox.enqueue(.abort, of: written, injection: nil, status: status)
        }
    }

    /// Ends a run as inconclusive that has touched nothing.
    func endUntouched(_ reason: String, _ run: Run, _ status: RunStatus) async throws(StoreError) {
        var status = status
        status.verdict = .inconclusive
        status.verdictReasons = [reason]
        await stopWatching(run)
        try await enter(.reporting, reason, run, status)
    }

    /// Who ended a run that was halted.
    static let byPolicy = "policy"

    /// Who ended a run that met a stop condition.
    static let stopCondition = "rebound"

    /// The reason with which a run that was not cut short goes on to its reverts.
    static let everythingDone = "every injection is done"
}

extension Injection {
    /// Holds its target: reserved, or done with it in a way that may still be felt.
    var isTaking: Bool { state != .pending && state != .refused && state != .failed }
}

extension Injection {
    /// How long it waits after a step that changed nothing. An undo does not stand in line for its calls: looking
    /// without a pause would use up what the account is allowed, and everybody else would wait. It is seen at most an
    /// eighth of its own time late, or a fifth of a second.
    func rest(at now: MonotonicInstant) -> Duration {
        guard state == .reverting, let began = status?.revertBegan else { return .milliseconds(200) }
        return min(max(.milliseconds(200), now.since(began) / 8), .seconds(1))
    }
}

// SPDX-License-Identifier: Apache-2.0
import AWS
import ChaosModel
import Logging
import ResourceStore

/// The act, and finding out what came of it.
///
/// A process may be stopped, or starved, for any time between two lines, and another may take over the run meanwhile.
/// So right before the call the reservation, the guards and the lease are looked at once more, and a lease that was
/// confirmed too long ago is confirmed again. What is left is the time from the last look at the clock to the sending
/// of the call; see docs/decisions/0015-one-process-drives-a-run.md.
extension Injector {
    /// An accepted call shows up in AWS's answers within this; before it, not seeing it says nothing.
    static let settlingTime = Duration.seconds(3)
    /// How often a call whose answers are lost is made at most.
    static let mostAttempts = 3

    /// The one place from which anything is harmed. `acting` is durable before the call is made, and between the two
    /// the store is read once more: an order that is in the store before that is obeyed, and one that comes later finds
    /// an injection that may have acted, and has it put back.
    func act(_ injection: Injection, _ context: Context) async throws(StoreError) -> Injection {
        var context = context
        // The context is as old as the turn that began this step, and looking at AWS takes its time.
        context.policies = try await records.policies()
        if let objection = try await objection(to: injection, context) {
            return try await giveUp(injection, because: objection)
        }
        let fault: any AWSFault
        switch await answer({ () throws(AWSError) in try await world.fault(of: injection) }) {
        case .success(let built): fault = built
        case .failure(let error):
            return try await afterRefusal(injection, error, earlierCalls: injection.status?.attempts ?? 0)
        }
        let marked = try await write(injection) { status in
            status.state = .acting
            status.attempts += 1
            if status.callBegan == nil { status.callBegan = clock.now() }
        }
        try await recordIntent(injection.spec.action.awsCall, injection, reason: context.run.spec.reason)
        try await confirmLeaseNow(context.run.key)
        guard try await isUnchanged(context, for: marked) else { return try await unmark(marked) }
        switch await answer({ () throws(AWSError) in try await fault.inject() }) {
        case .success(let proof):
            let accepted = clock.now()
            await recordResult(injection.spec.action.awsCall, injection, .success(proof ?? "accepted"))
            logger.notice(
                "fault injected",
                metadata: ["injection": "\(marked.metadata.name)", "target": "\(marked.spec.target.id)"])
            return try await write(marked) { status in
                status.state = .accepted
                status.acceptedAt = accepted
                if let proof { Self.markEffective(&status, low: status.callBegan, high: accepted, evidence: proof) }
            }
        case .failure(let error):
            await recordResult(injection.spec.action.awsCall, injection, .failure(error))
            return try await afterRefusal(marked, error, earlierCalls: (marked.status?.attempts ?? 1) - 1)
        }
    }

    /// Whether nothing has come in between that the looks before the call did not know.
    private func isUnchanged(_ context: Context, for injection: Injection) async throws(StoreError) -> Bool {
        let policies = try await records.policies()
        // A run that is gone orders nothing, and nobody would put back what it did.
        guard let run = try await records.run(context.run.key) else { return false }
        let fault = context.run.spec.plan.faults.first { $0.name == injection.spec.fault }
        let refusal = PolicyGuards(policy: context.policy).refusal(
            of: fault, action: injection.spec.action, target: injection.spec.target, now: clock.wall())
        let isEnding = run.spec.abort != nil || run.metadata.deletionTimestamp != nil
        return policies.map(\.spec) == context.policies.map(\.spec) && !isEnding && ordered() == nil && refusal == nil
    }

    /// Takes the mark off a call that was certainly not made. The next step looks at everything anew.
    private func unmark(_ injection: Injection) async throws(StoreError) -> Injection {
        try await write(injection) { status in
            status.attempts -= 1
            if status.attempts == 0 {
                status.state = .armed
                status.callBegan = nil
            }
        }
    }

    /// Why the call must not be made now; nil when it may.
    private func objection(to injection: Injection, _ context: Context) async throws(StoreError) -> String? {
        guard context.mayHarm else { return "the run is ending" }
        if let order = ordered() { return order }
        if context.run.spec.minTimeBetween != nil {
            let target = injection.spec.target
            let harm = RecentHarm(for: context.run, among: try await records.runs())
            if let why = harm?.refusal(of: target.id, in: target.region, now: clock.wall()) { return why }
        }
        switch try await hold(injection, context, perGroup: nil) {
        case .refused(let reason): return reason
        case .held(let token):
            guard token == injection.status?.fencingToken else { return "its reservation was given to another" }
        }
        switch await answer({ () throws(AWSError) in
            try await world.refusal(of: injection.spec, in: context, now: clock.wall())
        }) {
        case .success(let refusal): return refusal
        case .failure(let error): return "looking again before the act: \(error.message)"
        }
    }

    /// An earlier call whose answer was lost may have acted; only without one is it certain that nothing was changed.
    private func giveUp(_ injection: Injection, because reason: String) async throws(StoreError) -> Injection {
        guard injection.status?.attempts ?? 0 > 0 else { return try await refuse(injection, because: reason) }
        return try await write(injection) { status in
            status.state = .noEffect
            status.message = "the answer was lost, and the call is not repeated: \(reason)"
        }
    }

    /// A refusal proves that nothing was changed, unless the answer to an earlier call was lost.
    private func afterRefusal(
        _ injection: Injection, _ error: AWSError, earlierCalls: Int
    ) async throws(StoreError) -> Injection {
        guard error.mayHaveActed || earlierCalls > 0 else {
            return try await fail(injection, error.message, requestID: error.requestID)
        }
        return try await write(injection) { status in
            let text = error.mayHaveActed ? "no answer: \(error.message)" : error.message
            if !status.evidence.contains(text) { status.evidence.append(text) }
            status.requestID = error.requestID ?? status.requestID
        }
    }

    /// Confirms the lease, and that the confirmation is fresh: a process that was stopped in between asks again.
    private func confirmLeaseNow(_ run: ResourceKey) async throws(StoreError) {
        for _ in 0..<3 {
            let asked = clock.now()
            try await confirmLease(run)
            if clock.now().since(asked) < options.leaseDuration / 3 { return }
        }
        throw StoreError(
            .conflict, "this machine is too slow to hold the lease of run \(run.name)",
            hint: "Give the controller more of the machine.")
    }

    /// The call was made, or was about to be, and the answer is not known. Only the world can tell.
    func settleUnknown(_ injection: Injection, _ context: Context) async throws(StoreError) -> Injection {
        let waited = clock.now().since(injection.status?.callBegan ?? clock.now())
        switch await answer({ () throws(AWSError) in try await world.fault(of: injection).effect() }) {
        case .success(.seen(let evidence)):
            return try await write(injection) { status in
                status.state = .accepted
                Self.markEffective(&status, low: status.callBegan, high: clock.now(), evidence: evidence)
            }
        case .success(.targetGone(let evidence)):
            return try await write(injection) { status in
                status.state = .targetGone
                status.message = "the answer was lost, and then the target: \(evidence)"
            }
        case .success(.notYet(let evidence)):
            let attempts = max(1, injection.status?.attempts ?? 1)
            if waited < Self.settlingTime * attempts { return injection }
            if injection.spec.action.canRepeat, context.mayHarm, attempts < Self.mostAttempts {
                return try await act(injection, context)
            }
            return try await giveUp(injection, because: evidence)
        case .failure(let error): return try await cannotLook(injection, error)
        }
    }

    func awaitEffect(_ injection: Injection) async throws(StoreError) -> Injection {
        let next: InjectionState = injection.spec.action.isReverted ? .effective : .completed
        // The answer to the call was proof; another look could only be an older one.
        if injection.tookEffect { return try await write(injection) { $0.state = next } }
        let since = injection.status?.acceptedAt ?? injection.status?.callBegan
        switch await answer({ () throws(AWSError) in try await world.fault(of: injection).effect() }) {
        case .success(.seen(let evidence)): return try await finish(injection, next, evidence)
        case .success(.targetGone(let evidence)): return try await finish(injection, .targetGone, evidence)
        case .success(.notYet(let evidence)):
            if clock.now().since(since ?? clock.now()) < options.effectDeadline { return injection }
            let limit = WrittenDuration(options.effectDeadline)
            return try await write(injection) { status in
                status.state = .noEffect
                status.message = "accepted, but no effect within \(limit): \(evidence)"
            }
        case .failure(let error): return try await cannotLook(injection, error)
        }
    }

    private func finish(
        _ injection: Injection, _ state: InjectionState, _ evidence: String
    ) async throws(StoreError) -> Injection {
        try await write(injection) { status in
            status.state = state
            Self.markEffective(&status, low: status.callBegan, high: clock.now(), evidence: evidence)
        }
    }

    /// Looking goes on for as long as an undo would be tried, and counts as that does. Then the effect counts as not
    /// seen, and what can be put back is put back: a fault must not stay because nobody could look at it.
    private func cannotLook(
        _ injection: Injection, _ error: AWSError
    ) async throws(StoreError) -> Injection {
        let message = "looking at the effect: \(error.message)"
        let now = clock.now()
        if now.since(tries.note(injection, injection.state, at: now)) < options.revertDeadline {
            return try await note(injection, message)
        }
        return try await write(injection) { status in
            status.state = .noEffect
            status.message = message
        }
    }

    /// The first sighting of the effect is kept; later ones only confirm it.
    private static func markEffective(
        _ status: inout InjectionStatus, low: MonotonicInstant?, high: MonotonicInstant, evidence: String
    ) {
        if status.effectiveHigh == nil {
            status.effectiveLow = low ?? high
            status.effectiveHigh = high
        }
        if status.evidence.count < 20, !status.evidence.contains(evidence) { status.evidence.append(evidence) }
    }
}

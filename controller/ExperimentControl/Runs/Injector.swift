// SPDX-License-Identifier: Apache-2.0
import AWS
import ChaosModel
import Logging
import ResourceStore

/// Advances one injection by one step. Each step reads the world or makes one call, and is durable before the next; so
/// a crash between any two leaves an injection that the same code takes further, on the same target.
struct Injector: Sendable {
    let store: any ResourceStore
    let connections: AWSConnections
    let clock: any ControlClock
    let options: ControllerOptions
    let outbox: Outbox
    let logger: Logger

    /// What the steps need to know of the run around the injection.
    struct Context: Sendable {
        var run: Run
        var policies: [Policy]
        /// Every target that this run has taken or is taking, this one included.
        var targets: [PlannedTarget]

        var taken: Set<String> { Set(targets.map(\.id)) }

        func taken(from group: String) -> Set<String> {
            Set(targets.filter { $0.autoScalingGroup == group }.map(\.id))
        }
    }

    /// Makes the step that the injection's state asks for, and writes it. Throws only when the store does.
    func advance(_ injection: Injection, in context: Context) async throws(StoreError) -> Injection {
        switch injection.state {
        case .pending: try await reserve(injection, context)
        case .reserved: try await announce(injection, context)
        case .announced: try await arm(injection)
        case .armed: try await act(injection)
        case .acting: try await settleUnknown(injection)
        case .accepted: try await awaitEffect(injection)
        case .effective, .noEffect: try await beginRevert(injection)
        case .reverting: try await continueRevert(injection)
        case .reverted, .completed, .refused, .failed, .targetGone, .revertFailed: injection
        }
    }

    /// Ends an injection that has not touched anything.
    func refuse(_ injection: Injection, because reason: String) async throws(StoreError) -> Injection {
        try await store.release(reservation: injection.reservationID)
        return try await write(injection) { status in
            status.state = .refused
            status.message = reason
        }
    }

    private func reserve(_ injection: Injection, _ context: Context) async throws(StoreError) -> Injection {
        let target = injection.spec.target
        let policy = EffectivePolicy(context.policies)
        let perRun = min(context.run.spec.plan.limits.maxTargets, policy.maxTargetsPerRun?.value ?? .max)
        let reservation = Reservation(
            id: injection.reservationID, run: context.run.uid,
            target: "\(target.account)/\(target.region)/\(target.id)",
            group: target.autoScalingGroup.map { "\(target.account)/\(target.region)/\($0)" } ?? "", at: clock.wall())
        let guards = GuardsAgain(connections: connections, options: options, now: clock.wall())
        let room: Int?
        switch await answer({ () throws(AWSError) in try await guards.room(for: injection.spec, in: context) }) {
        case .success(let found): room = found
        case .failure(let error): return try await fail(injection, "looking at the group: \(error.message)")
        }
        let caps = ReservationCaps(perRun: perRun, perDay: policy.maxTargetsPerDay?.value, perGroup: room)
        switch try await store.reserve(reservation, caps: caps) {
        case .held(let token):
            return try await write(injection) { status in
                status.state = .reserved
                status.fencingToken = token
            }
        case .refused(let reason):
            return try await write(injection) { status in
                status.state = .refused
                status.message = reason
            }
        }
    }

    /// Looks at the guards again, tags the target, and tells everyone before anything is done.
    private func announce(_ injection: Injection, _ context: Context) async throws(StoreError) -> Injection {
        let guards = GuardsAgain(connections: connections, options: options, now: clock.wall())
        let looked = await answer { () throws(AWSError) -> String? in
            if let refusal = try await guards.refusal(of: injection.spec, in: context) { return refusal }
            try await tag(injection, in: context)
            return nil
        }
        switch looked {
        case .success(let refusal?): return try await refuse(injection, because: refusal)
        case .success(nil): break
        case .failure(let error):
            return try await fail(injection, "looking again before the act: \(error.message)")
        }
        try await outbox.enqueue(.aboutToInject, of: context.run, injection: injection, status: nil)
        if let reason = await outbox.deliverNotice(of: injection, run: context.run, grace: options.noticeGrace) {
            return try await refuse(injection, because: reason)
        }
        return try await write(injection) { $0.state = .announced }
    }

    /// Writes down how to put things back before anything is changed.
    private func arm(_ injection: Injection) async throws(StoreError) -> Injection {
        switch await answer({ () throws(AWSError) in try await fault(injection).plan() }) {
        case .success(let undo):
            return try await write(injection) { status in
                status.state = .armed
                status.undo = undo
            }
        case .failure(let error): return try await fail(injection, "recording the undo: \(error.message)")
        }
    }

    /// The one place from which anything is harmed. `acting` is durable before the call is made.
    private func act(_ injection: Injection) async throws(StoreError) -> Injection {
        let marked = try await write(injection) { status in
            status.state = .acting
            status.attempts += 1
            if status.callBegan == nil { status.callBegan = clock.now() }
        }
        switch await answer({ () throws(AWSError) in try await fault(marked).inject() }) {
        case .success(let proof):
            let accepted = clock.now()
            logger.notice(
                "fault injected",
                metadata: ["injection": "\(marked.metadata.name)", "target": "\(marked.spec.target.id)"])
            return try await write(marked) { status in
                status.state = .accepted
                status.acceptedAt = accepted
                if let proof { Self.markEffective(&status, low: status.callBegan, high: accepted, evidence: proof) }
            }
        case .failure(let error):
            if error.mayHaveActed {
                return try await write(marked) { $0.evidence.append("no answer: \(error.message)") }
            }
            return try await fail(marked, error.message, requestID: error.requestID)
        }
    }

    /// The call was made, or was about to be, and the answer is not known. Only the world can tell.
    private func settleUnknown(_ injection: Injection) async throws(StoreError) -> Injection {
        let waited = clock.now().since(injection.status?.callBegan ?? clock.now())
        switch await answer({ () throws(AWSError) in try await fault(injection).effect() }) {
        case .success(.seen(let evidence)), .success(.targetGone(let evidence)):
            return try await write(injection) { status in
                status.state = .accepted
                Self.markEffective(&status, low: status.callBegan, high: clock.now(), evidence: evidence)
            }
        case .success(.notYet(let evidence)):
            if waited < Self.settlingTime { return injection }
            if injection.spec.action.canRepeat { return try await act(injection) }
            return try await write(injection) { status in
                status.state = .noEffect
                status.message = "the answer was lost and the call is not repeated: \(evidence)"
            }
        case .failure(let error): return try await note(injection, "looking at the effect: \(error.message)")
        }
    }

    private func awaitEffect(_ injection: Injection) async throws(StoreError) -> Injection {
        let next: InjectionState = injection.spec.action.isReverted ? .effective : .completed
        switch await answer({ () throws(AWSError) in try await fault(injection).effect() }) {
        case .success(.seen(let evidence)):
            return try await write(injection) { status in
                status.state = next
                Self.markEffective(&status, low: status.callBegan, high: clock.now(), evidence: evidence)
            }
        case .success(.targetGone(let evidence)):
            return try await write(injection) { status in
                status.state = .targetGone
                Self.markEffective(&status, low: status.callBegan, high: clock.now(), evidence: evidence)
            }
        case .success(.notYet(let evidence)):
            let since = injection.status?.acceptedAt ?? injection.status?.callBegan ?? clock.now()
            if clock.now().since(since) < options.effectDeadline { return injection }
            let limit = WrittenDuration(options.effectDeadline)
            return try await write(injection) { status in
                status.state = .noEffect
                status.message = "accepted, but no effect within \(limit): \(evidence)"
            }
        case .failure(let error): return try await note(injection, "looking at the effect: \(error.message)")
        }
    }

    /// An accepted call shows up in AWS's answers within this; before it, not seeing it says nothing.
    static let settlingTime = Duration.seconds(3)

    func fault(_ injection: Injection) throws(AWSError) -> any AWSFault {
        AWSFaults.fault(
            injection.spec, reader: try connections.reader(for: injection.spec.scope),
            actor: try connections.actor(for: injection.spec.scope))
    }

    /// Every target carries the run's mark before it is touched, so that whoever finds it knows why.
    private func tag(_ injection: Injection, in context: Context) async throws(AWSError) {
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

    private func fail(
        _ injection: Injection, _ message: String, requestID: String? = nil
    ) async throws(StoreError) -> Injection {
        logger.warning(
            "injection failed", metadata: ["injection": "\(injection.metadata.name)", "reason": "\(message)"])
        try await store.release(reservation: injection.reservationID)
        return try await write(injection) { status in
            status.state = .failed
            status.message = message
            status.requestID = requestID ?? status.requestID
        }
    }

    /// Keeps the newest trouble without letting the record grow.
    func note(_ injection: Injection, _ text: String) async throws(StoreError) -> Injection {
        if injection.status?.message == text { return injection }
        return try await write(injection) { $0.message = text }
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

    /// Writes the status durably. This reconciler is its only writer.
    func write(
        _ injection: Injection, _ change: (inout InjectionStatus) -> Void
    ) async throws(StoreError) -> Injection {
        var changed = injection
        var status = injection.status ?? InjectionStatus(state: .pending)
        change(&status)
        status.bootID = clock.bootID
        changed.status = status
        return try await store.updateStatus(changed)
    }
}

extension Injection {
    var reservationID: String { metadata.uid ?? metadata.name }
}

extension Run {
    var uid: String { metadata.uid ?? metadata.name }
}

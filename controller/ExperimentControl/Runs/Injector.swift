// SPDX-License-Identifier: Apache-2.0
import AWS
import ChaosModel
import Logging
import ResourceStore

/// Advances one injection by one step. Each step reads the world or makes one call, and is durable before the next; so
/// a crash between any two leaves an injection that the same code takes further, on the same target.
struct Injector: Sendable {
    let records: any InjectionRecords
    let world: any InjectionWorld
    let clock: any ControlClock
    let options: ControllerOptions
    let outbox: Outbox
    /// Renews this process's right to drive the run, in the store. Throws `.conflict` when another process has it.
    let confirmLease: @Sendable (ResourceKey) async throws(StoreError) -> Void
    let logger: Logger
    /// Shared by all injectors of this process.
    let tries: TriesUnderWay
    /// A halt that this process ordered and the store may not know of yet.
    var ordered: @Sendable () -> String? = { nil }

    /// What the steps need to know of the run around the injection.
    struct Context: Sendable {
        var run: Run
        var policies: [Policy]
        /// Every target that this run has taken or is taking, this one included.
        var targets: [PlannedTarget]
        /// False once the run is on its way out: then nothing is harmed any more, not even again.
        var mayHarm: Bool

        var policy: EffectivePolicy { run.spec.policy(joining: policies) }

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
        case .armed: try await act(injection, context)
        case .acting: try await settleUnknown(injection, context)
        case .accepted: try await awaitEffect(injection)
        case .effective, .noEffect: try await beginRevert(injection)
        case .reverting: try await continueRevert(injection)
        case .reverted, .completed, .refused, .failed, .targetGone, .revertFailed: injection
        }
    }

    /// Ends an injection that has not touched anything. The reservation is given back last: a driver that dies in
    /// between leaves one too many, and never an injection that could act without one.
    func refuse(_ injection: Injection, because reason: String) async throws(StoreError) -> Injection {
        let refused = try await write(injection) { status in
            status.state = .refused
            status.message = reason
        }
        try await records.release(reservation: injection.reservationID)
        return refused
    }

    private func reserve(_ injection: Injection, _ context: Context) async throws(StoreError) -> Injection {
        let room: Int?
        switch await answer({ () throws(AWSError) in
            try await world.room(for: injection.spec, in: context, now: clock.wall())
        }) {
        case .success(let found): room = found
        case .failure(let error): return try await fail(injection, "looking at the group: \(error.message)")
        }
        switch try await hold(injection, context, perGroup: room) {
        case .held(let token):
            return try await write(injection) { status in
                status.state = .reserved
                status.fencingToken = token
            }
        case .refused(let reason): return try await refuse(injection, because: reason)
        }
    }

    /// Asks the store for the target, within the caps; the same injection again is given the same token.
    func hold(
        _ injection: Injection, _ context: Context, perGroup: Int?
    ) async throws(StoreError) -> ReservationOutcome {
        let target = injection.spec.target
        let reservation = Reservation(
            id: injection.reservationID, run: context.run.uid,
            target: "\(target.account)/\(target.region)/\(target.id)",
            group: target.autoScalingGroup.map { "\(target.account)/\(target.region)/\($0)" } ?? "", at: clock.wall())
        let caps = ReservationCaps(context.policy, limits: context.run.spec.plan.limits, room: perGroup)
        return try await records.reserve(reservation, caps: caps)
    }

    /// Looks at the guards again, tags the target, and tells everyone before anything is done.
    private func announce(_ injection: Injection, _ context: Context) async throws(StoreError) -> Injection {
        let looked = await answer { () throws(AWSError) -> String? in
            try await world.refusal(of: injection.spec, in: context, now: clock.wall())
        }
        switch looked {
        case .success(let refusal?): return try await refuse(injection, because: refusal)
        case .success(nil):
            if let error = try await tag(injection, in: context) {
                return try await fail(injection, "marking the target: \(error.message)")
            }
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
        switch await answer({ () throws(AWSError) in try await world.fault(of: injection).plan() }) {
        case .success(let undo):
            return try await write(injection) { status in
                status.state = .armed
                status.undo = undo
            }
        case .failure(let error): return try await fail(injection, "recording the undo: \(error.message)")
        }
    }

    /// Every target carries the run's mark before it is touched, so that whoever finds it knows why.
    private func tag(_ injection: Injection, in context: Context) async throws(StoreError) -> AWSError? {
        if injection.spec.action.targetsGroup { return nil }
        let call = "aws:ec2:CreateTags"
        try await recordIntent(call, injection, reason: context.run.spec.reason)
        let answered = await answer { () throws(AWSError) -> String in
            try await world.mark(injection, in: context)
            return "accepted"
        }
        await recordResult(call, injection, answered)
        if case .failure(let error) = answered { return error }
        return nil
    }

    /// Ends an injection whose call was refused, so that nothing was changed.
    func fail(
        _ injection: Injection, _ message: String, requestID: String? = nil
    ) async throws(StoreError) -> Injection {
        logger.warning(
            "injection failed", metadata: ["injection": "\(injection.metadata.name)", "reason": "\(message)"])
        let failed = try await write(injection) { status in
            status.state = .failed
            status.message = message
            status.requestID = requestID ?? status.requestID
        }
        try await records.release(reservation: injection.reservationID)
        return failed
    }

    /// Keeps the newest trouble without letting the record grow.
    func note(_ injection: Injection, _ text: String) async throws(StoreError) -> Injection {
        if injection.status?.message == text { return injection }
        return try await write(injection) { $0.message = text }
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
        return try await records.write(changed)
    }
}

extension ReservationCaps {
    /// The policies' caps, the run's own limit, and how many the group can lose (nil without a group).
    init(_ policy: EffectivePolicy, limits: LimitsSpec, room: Int?) {
        self.init(
            perRun: min(limits.maxTargets, policy.maxTargetsPerRun?.value ?? .max),
            perDay: policy.maxTargetsPerDay?.value,
            perGroup: [room, policy.maxTargetsPerGroup?.value].compactMap { $0 }.min(),
            perGroupPerDay: policy.maxTargetsPerGroupPerDay?.value)
        if let rule = policy.maxTargetsPerRun, rule.value == perRun { rules.perRun = rule.named("maxTargetsPerRun") }
        if let rule = policy.maxTargetsPerGroup, rule.value == perGroup {
            rules.perGroup = rule.named("maxTargetsPerGroup")
        }
        rules.perDay = policy.maxTargetsPerDay?.named("maxTargetsPerDay")
        rules.perGroupPerDay = policy.maxTargetsPerGroupPerDay?.named("maxTargetsPerGroupPerDay")
    }
}

extension Injection {
    var reservationID: String { metadata.uid ?? metadata.name }
}

extension Run {
    var uid: String { metadata.uid ?? metadata.name }
}

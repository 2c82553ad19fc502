// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import Measurement
import ReconcileLoop
import ResourceStore

/// From the first fault to the last undo.
extension RunReconciler {
    /// Advances injections at the same time, each by one step, and tells what came of it.
    func advance(
        _ names: [String], _ run: Run, _ status: RunStatus, _ injections: [Injection]
    ) async throws -> RunOutcome {
        let due = injections.filter { names.contains($0.metadata.name) }
        let taken = injections.filter { $0.isTaking || names.contains($0.metadata.name) }.map(\.spec.target)
        let context = Injector.Context(
            run: run, policies: try await policies(), targets: taken, mayHarm: mayHarm(run, status))
        let injector = injector
        let results = await withTaskGroup(of: Result<Injection, StoreError>.self) { group in
            for injection in due {
                group.addTask {
                    do throws(StoreError) { return .success(try await injector.advance(injection, in: context)) } catch
                    {
                        return .failure(error)
                    }
                }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        let advanced = try results.map { try $0.get() }
        try await tell(advanced, before: due, of: run, status, among: injections)
        let progressed = advanced.contains { now in
            due.contains { $0.metadata.name == now.metadata.name && $0.state != now.state }
        }
        // Waiting on AWS: look again soon, and not in a spin.
        return .lookAgain(after: progressed ? .zero : .milliseconds(200))
    }

    /// Only a run that goes on may harm; on its way out it settles and puts back.
    private func mayHarm(_ run: Run, _ status: RunStatus) -> Bool {
        run.spec.abort == nil && (status.phase == .injecting || status.phase == .holding)
    }

    func beginReverting(
        _ held: [String], refusing refused: [String], _ run: Run, _ status: RunStatus, _ injections: [Injection]
    ) async throws {
        let reason = status.aborted?.reason ?? "the run is ending, or the fault it waits for did not take effect"
        var changed: [Injection] = []
        for injection in injections where refused.contains(injection.metadata.name) {
            changed.append(try await injector.refuse(injection, because: reason))
        }
        for injection in injections where held.contains(injection.metadata.name) {
            changed.append(try await injector.beginRevert(injection))
        }
        try await tell(changed, before: injections, of: run, status, among: injections)
    }

    /// Writes what changed into the run, and reports it.
    private func tell(
        _ changed: [Injection], before: [Injection], of run: Run, _ status: RunStatus, among all: [Injection]
    ) async throws(StoreError) {
        var status = status
        let newest = all.map { old in changed.first { $0.metadata.name == old.metadata.name } ?? old }
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
            at: bounds?.at ?? accepted.map { anchor.timestamp(of: $0) } ?? clock.wall(), low: bounds?.low,
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
            let by = reason.hasPrefix(EffectivePolicy.haltWords) ? "policy" : Self.stopCondition
            status.aborted = run.spec.abort ?? AbortRequest(requestedBy: by, reason: reason, at: clock.wall())
        }
        let wasAborted = run.status?.aborted != nil
        let written = try await write(run, status: status, entering: phase, reason: reason, since: since)
        if status.aborted != nil, !wasAborted {
            try await outbox.enqueue(.abort, of: written, injection: nil, status: status)
        }
    }

    /// Who ended a run that met a stop condition.
    static let stopCondition = "rebound"

    /// The reason with which a run that was not cut short goes on to its reverts.
    static let everythingDone = "every injection is done"
}

extension Injection {
    /// Holds its target: reserved, or done with it in a way that may still be felt.
    var isTaking: Bool { state != .pending && state != .refused && state != .failed }
}

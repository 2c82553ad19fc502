// SPDX-License-Identifier: Apache-2.0
package import ChaosModel
import Logging
import Measurement
import ResourceStore

/// Writing what is known of a run. The reconciler is the only writer of the status, so a conflict means that somebody
/// changed the spec: the status is then written onto the newer one.
extension RunReconciler {
    /// The most timeline events kept in the resource; what follows is only in the logs.
    static let timelineBound = 2_000

    @discardableResult
    func write(_ run: Run, status: RunStatus) async throws(StoreError) -> Run {
        var changed = run
        for _ in 0..<5 {
            changed.status = status
            do throws(StoreError) {
                return try await store.updateStatus(changed)
            } catch {
                guard error.code == .conflict, let newer = try await newer(than: run) else { throw error }
                changed = newer
            }
        }
        throw StoreError(.conflict, "run \(run.metadata.name) is being changed all the time", hint: "Try again.")
    }

    /// The stored run, as long as its status is still the one that the decision was made from: a driver that was
    /// stopped does not write over what another has done since.
    private func newer(than run: Run) async throws(StoreError) -> Run? {
        let namespace = run.metadata.namespace ?? "default"
        guard let stored = try await store.get(Run.self, namespace: namespace, name: run.metadata.name) else {
            return nil
        }
        return stored.status == run.status ? stored : nil
    }

    @discardableResult
    func write(
        _ run: Run, status: RunStatus, entering phase: RunPhase, reason: String, since: Timestamp? = nil
    ) async throws(StoreError) -> Run {
        var status = status
        let now = since ?? date(in: status)
        status.phase = phase
        status.phaseSince[phase.rawValue] = now
        if status.startedAt == nil { status.startedAt = now }
        status.note(TimelineEvent(at: now, type: "phase", message: "\(phase.rawValue): \(reason)"))
        logger.info(
            "phase", metadata: ["run": "\(run.metadata.name)", "phase": "\(phase.rawValue)", "reason": "\(reason)"])
        return try await write(run, status: status)
    }

    /// The date of now, as the run's own anchor has it once there is one: whoever sets the clock meanwhile changes no
    /// order and no distance between the times of one run. A run of another boot gets its anchor first (`rebased`).
    func date(in status: RunStatus) -> Timestamp {
        guard let anchor = status.anchor, anchor.bootID == clock.bootID else { return clock.wall() }
        return anchor.timestamp(of: clock.now())
    }

    /// Moves instants of an earlier boot onto this boot's clock, by the wall clock. An injection knows whose clock its
    /// instants are of, so that a crash in the middle moves none twice.
    func rebased(_ run: Run, _ injections: [Injection]) async throws(StoreError) -> (Run, [Injection]) {
        guard var status = run.status, let old = status.anchor, old.bootID != clock.bootID else {
            return (run, injections)
        }
        let now = clock.anchor()
        let moved = ClockAnchor(bootID: now.bootID, monotonic: now.instant(of: old.wall), wall: old.wall)
        let shift = moved.monotonic.since(old.monotonic)
        var result: [Injection] = []
        for injection in injections {
            let isMoved = injection.status == nil || injection.status?.bootID == clock.bootID
            result.append(isMoved ? injection : try await injector.write(injection) { $0.shift(by: shift) })
        }
        status.anchor = moved
        status.note(
            TimelineEvent(
                at: now.wall, type: "rebooted",
                message: "the controller's machine was started anew; earlier instants are joined by the wall clock"))
        return (try await write(run, status: status), result)
    }
}

extension RunStatus {
    mutating func note(_ event: TimelineEvent) {
        if timeline.count < RunReconciler.timelineBound { timeline.append(event) }
    }

    /// The newest of each injection, in the order they were made.
    mutating func update(_ injections: [Injection]) {
        injectionsByName(injections)
        undo = UndoState(of: injections)
    }

    private mutating func injectionsByName(_ newer: [Injection]) {
        guard let anchor else { return }
        self.injections = newer.map { injection in
            InjectionReport(
                name: injection.metadata.name, fault: injection.spec.fault, action: injection.spec.action.name,
                target: injection.spec.target.id, region: injection.spec.target.region, state: injection.state,
                acceptedAt: injection.status?.acceptedAt.map { anchor.timestamp(of: $0) },
                effective: injection.effective(anchor),
                revertedAt: injection.status?.revertedAt.map { anchor.timestamp(of: $0) },
                message: injection.status?.message)
        }
    }
}

extension UndoState {
    /// Dirty when anything that must be put back is not known to be back.
    package init(of injections: [Injection]) {
        let reversible = injections.filter { $0.spec.action.isReverted && $0.mayHaveChangedTheWorld }
        if reversible.isEmpty {
            self = .none
        } else {
            self = reversible.allSatisfy { $0.state == .reverted || $0.state == .targetGone } ? .clean : .dirty
        }
    }
}

extension InjectionStatus {
    mutating func shift(by shift: Duration) {
        callBegan = callBegan?.advanced(by: shift)
        acceptedAt = acceptedAt?.advanced(by: shift)
        effectiveLow = effectiveLow?.advanced(by: shift)
        effectiveHigh = effectiveHigh?.advanced(by: shift)
        revertBegan = revertBegan?.advanced(by: shift)
        revertedAt = revertedAt?.advanced(by: shift)
    }
}

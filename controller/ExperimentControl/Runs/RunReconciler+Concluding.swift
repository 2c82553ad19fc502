// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import Measurement
import ResourceStore

/// The end of a run: what was measured, the verdict, the last reports.
extension RunReconciler {
    func conclude(_ run: Run, _ status: RunStatus, _ injections: [Injection]) async throws {
        var status = status
        await stopWatching(run)
        status.update(injections)
        if status.recovery == nil, let anchor = status.anchor {
            try await measure(run, &status, injections, anchor: anchor)
        }
        if status.verdict == nil { judge(run, &status) }
        let judged = try await write(run, status: status)
        try await catchUp(judged, status, injections)
        if status.recovery?.recovered == true {
            try await outbox.enqueue(.recovered, of: judged, injection: nil, status: status)
        }
        if !injections.isEmpty || status.plan != nil || status.verdict != nil {
            try await outbox.enqueue(.verdict, of: judged, injection: nil, status: status)
        }
        // Nothing is harmed any more. Before the run is done: nobody would look at it afterwards.
        try await store.finish(run: run.uid)
        try await outbox.drain(run: run.uid, grace: options.reportGrace)
        try await finish(judged, status)
    }

    /// Everything that was measured is in the store when this returns.
    /// Returns what the timeline has to say of evidence that had to be given up; nil when there is nothing.
    @discardableResult
    func stopWatching(_ run: Run) async -> TimelineEvent? {
        guard let watch = watches[run.uid] else { return nil }
        let lost = await watch.evidence.stop()
        await watch.session.stop()
        watches[run.uid] = nil
        guard let lost, let anchor = run.status?.anchor, anchor.bootID == clock.bootID else { return nil }
        let (low, high) = (anchor.timestamp(of: lost.from), anchor.timestamp(of: lost.to))
        return TimelineEvent(
            at: high, low: low, high: high, type: RunStatus.evidenceLost, message: RunStatus.evidenceLostWords)
    }

    /// Another process drives the run now, and watches it. Two would ask the probes' targets twice; and this one for
    /// ever, as nobody tells it that the run has ended.
    func letGo(_ key: ResourceKey) async {
        for watch in watches.take(of: key) {
            await watch.evidence.stop()
            await watch.session.stop()
        }
    }

    /// Reports what became true without being reported, because a driver died between writing it and saying it. The ids
    /// are the same, so what was said is not said again.
    func catchUp(_ run: Run, _ status: RunStatus, _ injections: [Injection]) async throws(StoreError) {
        for injection in injections where injection.state == .refused || injection.state == .failed {
            try await store.release(reservation: injection.reservationID)
        }
        if status.phaseSince[RunPhase.planned.rawValue] != nil {
            try await outbox.enqueue(.planned, of: run, injection: nil, status: status)
        }
        for injection in injections where injection.tookEffect {
            try await outbox.enqueue(.injected, of: run, injection: injection, status: status)
        }
        for injection in injections where injection.state == .revertFailed {
            try await outbox.enqueue(.undoFailed, of: run, injection: injection, status: status)
        }
        if status.aborted != nil { try await outbox.enqueue(.abort, of: run, injection: nil, status: status) }
    }

    private func measure(
        _ run: Run, _ status: inout RunStatus, _ injections: [Injection], anchor: ClockAnchor
    ) async throws {
        let record = try await RunRecord(run: run.uid, store: store, logger: logger).everything(anchor: anchor)
        guard !record.observations.isEmpty else { return }
        let input = MeasurementInput(
            probes: run.spec.plan.steadyState, observations: record.observations, sightings: record.sightings,
            injections: injections.filter(\.mayHaveChangedTheWorld).map { $0.measured },
            recovery: run.spec.plan.recovery, gaps: status.gaps(anchor: anchor),
            watchBegan: anchor.monotonic, watchEnded: status.watchEnded(anchor: anchor, record.observations),
            anchor: anchor)
        var report = RecoveryReport(measuring: input)
        report.gaps = (report.gaps + status.evidenceGaps).sorted { $0.start < $1.start }
        status.recovery = report
        let effect = status.injections.compactMap(\.effective).min { $0.at < $1.at }
        status.timeline = Timeline.merged(
            status.timeline, report: report, sightings: record.sightings, anchor: anchor, effect: effect)
    }

    private func judge(_ run: Run, _ status: inout RunStatus) {
        // A stop condition is the system's failure; an operator's or a policy's order says nothing of the system.
        let isStop = status.aborted?.requestedBy == Self.stopCondition
        let input = VerdictInput(
            planProblem: status.plan == nil ? "the run ended before it was planned" : nil,
            baselineHeld: status.anchor.map { _ in status.phaseSince[RunPhase.injecting.rawValue] != nil },
            injections: status.injections, undo: status.undo, recovery: status.recovery,
            objective: run.spec.plan.recovery.objective, aborted: isStop ? nil : run.spec.abort ?? status.aborted,
            stopCondition: isStop ? status.aborted?.reason : nil)
        let (verdict, reasons) = Measurement.verdict(for: input)
        status.verdict = verdict
        status.verdictReasons = reasons
    }

    /// The experiment shows its last run. It may have been deleted meanwhile, or another run may be quicker to write;
    /// the run itself does not depend on it.
    private func noteInExperiment(_ run: Run, _ status: RunStatus) async throws(StoreError) {
        let namespace = run.metadata.namespace ?? "default"
        guard var experiment = try await store.get(Experiment.self, namespace: namespace, name: run.spec.experiment)
        else {
            return
        }
        experiment.status = ExperimentStatus(lastRun: run.metadata.name, lastVerdict: status.verdict)
        do throws(StoreError) { _ = try await store.updateStatus(experiment) } catch {
            if error.code != .conflict && error.code != .notFound { throw error }
        }
    }

    private func finish(_ run: Run, _ status: RunStatus) async throws(StoreError) {
        var status = status
        status.reports = try await store.deliveries(run: run.uid).map { entry in
            var delivery = ReportDelivery(
                id: entry.id, event: entry.event, destination: entry.report.destination.label,
                state: entry.state, attempts: entry.attempts)
            delivery.deliveredAt = entry.deliveredAt
            delivery.lastError = entry.lastError
            return delivery
        }
        status.endedAt = status.now(by: clock)
        try await noteInExperiment(run, status)
        let reason = "verdict \(status.verdict?.rawValue ?? "none")"
        watches.noteEnding(of: try await write(run, status: status, entering: .done, reason: reason))
    }
}

extension OutboxEntry {
    fileprivate var state: ReportDelivery.State {
        if deliveredAt != nil { return .delivered }
        return gaveUpAt == nil ? .pending : .gaveUp
    }
}

extension Injection {
    fileprivate var measured: MeasurementInput.EffectiveInjection {
        .init(
            name: metadata.name, target: spec.target, action: spec.action, accepted: status?.acceptedAt,
            effective: effectiveBounds)
    }
}

extension RunStatus {
    /// When watching was ended; a probe that fell silent before that has missing slots to show for it.
    fileprivate func watchEnded(anchor: ClockAnchor, _ observations: [Observation]) -> MonotonicInstant {
        let last = observations.map(\.ended).max() ?? anchor.monotonic
        guard let since = phaseSince[RunPhase.reporting.rawValue] else { return last }
        return max(last, anchor.instant(of: since))
    }

    /// The type of the event that says that evidence was given up.
    static let evidenceLost = "evidenceLost"
    static let evidenceLostWords =
        "what was seen of groups and instances was given up, as the store could not be written"

    /// The stretches of which the evidence had to be given up. The probes may have gone on, so that these are no
    /// stretches without measurements.
    var evidenceGaps: [MeasurementGap] {
        timeline.filter { $0.type == Self.evidenceLost }.compactMap { event in
            guard let low = event.low, let high = event.high else { return nil }
            return MeasurementGap(start: low, end: high, reason: Self.evidenceLostWords)
        }
    }

    /// The stretches in which no controller watched, from the notes that each new watch left.
    fileprivate func gaps(anchor: ClockAnchor) -> [(from: MonotonicInstant, to: MonotonicInstant, reason: String)] {
        timeline.filter { $0.type == "watchResumed" }.compactMap { event in
            guard let low = event.low, let high = event.high else { return nil }
            return (anchor.instant(of: low), anchor.instant(of: high), "the controller was not running")
        }
    }
}

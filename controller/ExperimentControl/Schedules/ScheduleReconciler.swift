// SPDX-License-Identifier: Apache-2.0
package import ChaosModel
import Logging
package import ReconcileLoop
import ResourceStore
import Scheduling

/// Makes the runs that a schedule asks for: reads the facts, has `ScheduleDecider` decide, and does it. Needs no lease:
/// any number of processes may reconcile one schedule, as a slot's run has one name, which the store takes once, and
/// the status is written only over the version that was decided on.
package struct ScheduleReconciler: Sendable {
    typealias AbortRun =
        @Sendable (_ run: ResourceKey, _ by: String, _ reason: String) async throws(ExperimentError)
        -> Void

    let store: any ResourceStore
    let clock: any ControlClock
    let times: ScheduleTimesReader
    let abort: AbortRun
    let logger: Logger

    /// Does what the schedule asks for now, and says when to look again. Twice does what once does.
    package func reconcile(_ key: ResourceKey) async -> ReconcileOutcome<ExperimentError> {
        do throws(ExperimentError) {
            return try await step(key)
        } catch {
            if (error.cause as? StoreError)?.code == .conflict { return .lookAgain(after: .milliseconds(20)) }
            return .retry(error)
        }
    }

    private func step(_ key: ResourceKey) async throws(ExperimentError) -> ReconcileOutcome<ExperimentError> {
        let store = store
        let schedule = try await stored {
            try await store.get(Schedule.self, namespace: key.namespace, name: key.name)
        }
        guard let schedule else { return .settled }
        let facts = try await facts(of: schedule)
        let decision = ScheduleDecider.decide(facts)
        if let change = decision.finalizer {
            try await write(schedule, change)
            return change == .add ? .lookAgain(after: .zero) : .settled
        }
        for each in decision.aborts {
            let run = ResourceKey(kind: .run, namespace: key.namespace, name: each.run)
            logger.notice("run aborted by its schedule", metadata: ["run": "\(each.run)", "reason": "\(each.reason)"])
            try await abort(run, "schedule/\(key.name)", each.reason)
        }
        guard let status = try await create(decision, schedule) else { return .lookAgain(after: .zero) }
        if status != schedule.status {
            var changed = schedule
            changed.status = status
            try await stored { [changed] in _ = try await store.updateStatus(changed) }
        }
        try await remove(decision.removals, of: key)
        guard let wake = decision.wake else { return .settled }
        return .lookAgain(after: max(.milliseconds(1), wake.since(clock.wall())))
    }

    private func facts(of schedule: Schedule) async throws(ExperimentError) -> ScheduleFacts {
        let (store, spec) = (store, schedule.spec)
        let namespace = schedule.metadata.namespace ?? "default"
        let label = [ScheduledRun.scheduleLabel: schedule.metadata.name]
        let runs = try await stored { try await store.list(Run.self, namespace: namespace, labels: label).items }
        let experiment = try await stored {
            try await store.get(Experiment.self, namespace: namespace, name: spec.experiment)
        }
        var harm: [String: Timestamp] = [:]
        if spec.minTimeBetween != nil {
            let all = try await stored { try await store.list(Run.self, namespace: nil, labels: [:]).items }
            for run in all { harm.merge(run.groupHarm, uniquingKeysWith: max) }
        }
        let now = clock.wall()
        return ScheduleFacts(
            schedule: schedule, now: now, experiment: experiment, runs: runs.filter { $0.isOwned(by: schedule) },
            groupHarm: harm, times: await times.times(of: schedule, now: now))
    }

    /// Makes the runs, and returns the status to write; nil when this process was held up for so long that the decision
    /// is old.
    private func create(
        _ decision: ScheduleDecision, _ schedule: Schedule
    ) async throws(ExperimentError) -> ScheduleStatus? {
        var status = decision.status
        let store = store
        for creation in decision.creations {
            if clock.wall() > creation.deadline { return nil }
            do throws(StoreError) {
                _ = try await store.create(creation.run)
                logger.notice(
                    "run created by its schedule",
                    metadata: ["run": "\(creation.run.metadata.name)", "slot": "\(creation.slot)"])
            } catch {
                guard error.code == .alreadyExists else { throw Self.wrapped(error) }
                let there = try await stored {
                    let metadata = creation.run.metadata
                    return try await store.get(
                        Run.self, namespace: metadata.namespace ?? "default", name: metadata.name)
                }
                // Another process, or this one before a crash, made it.
                if there?.isOwned(by: schedule) == true { continue }
                status.skipped =
                    (status.skipped ?? []) + [
                        SkippedSlot(
                            slot: creation.slot, reason: .nameTaken,
                            message: "a run \(creation.run.metadata.name) of another origin is there")
                    ]
            }
        }
        return status
    }

    private func write(_ schedule: Schedule, _ change: ScheduleDecision.FinalizerChange) async throws(ExperimentError) {
        var changed = schedule
        let others = (schedule.metadata.finalizers ?? []).filter { $0 != ScheduleDecider.finalizer }
        changed.metadata.finalizers = change == .add ? others + [ScheduleDecider.finalizer] : others
        let store = store
        try await stored { [changed] in _ = try await store.update(changed) }
    }

    private func remove(_ names: [String], of key: ResourceKey) async throws(ExperimentError) {
        for name in names {
            do throws(StoreError) {
                try await store.delete(ResourceKey(kind: .run, namespace: key.namespace, name: name))
                logger.info("finished run removed by the history limit", metadata: ["run": "\(name)"])
            } catch {
                if error.code != .notFound { throw Self.wrapped(error) }
            }
        }
    }

    private func stored<T: Sendable>(_ body: @Sendable () async throws -> T) async throws(ExperimentError) -> T {
        do { return try await body() } catch {
            throw (error as? StoreError).map(Self.wrapped)
                ?? ExperimentError(.internalError, "\(error)", hint: "Report this.", cause: error)
        }
    }

    private static func wrapped(_ error: StoreError) -> ExperimentError {
        ExperimentError(.store, error.message, hint: error.hint, cause: error)
    }
}

// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import Logging
import ReconcileLoop
import ResourceStore
import Scheduling

/// Following the schedules of the store.
extension ExperimentController {
    /// Creates the runs that the schedules ask for, until the task is cancelled; `driveAll` drives them. Wakes at the
    /// next slot, at changes of schedules, experiments and runs, and when the wall clock jumps; between these it
    /// sleeps. Failures of the store are retried with backoff and logged.
    package func runSchedules() async {
        let reconciler = scheduleReconciler()
        let loop = ReconcileLoop<ResourceKey, ExperimentError>(
            workers: 4, backoff: Backoff(first: .milliseconds(100), most: .seconds(30)), clock: LoopClock(clock: clock),
            chance: SeededGenerator(seed: newSeed()),
            observe: { [logger] key, outcome, _ in
                guard case .retry(let error) = outcome else { return }
                logger.warning(
                    "schedule step failed", metadata: ["schedule": "\(key.name)", "reason": "\(error.message)"])
            },
            reconcile: { await reconciler.reconcile($0) })
        await withDiscardingTaskGroup { group in
            group.addTask { await self.watchSchedules(loop) }
            group.addTask { await self.watchTheirRuns(loop) }
            group.addTask { await self.watchTheirExperiments(loop) }
            group.addTask { await self.watchWallClock(loop) }
            await loop.run()
            group.cancelAll()
        }
    }

    /// One schedule at a time, for callers with a loop of their own.
    package func scheduleReconciler() -> ScheduleReconciler {
        ScheduleReconciler(
            store: store, clock: clock, times: ScheduleTimesReader(),
            abort: { key, requester, reason throws(ExperimentError) in
                try await self.abort(run: key.name, namespace: key.namespace, requestedBy: requester, reason: reason)
            }, logger: logger)
    }

    private typealias ScheduleLoop = ReconcileLoop<ResourceKey, ExperimentError>

    private func watchSchedules(_ loop: ScheduleLoop) async {
        await watching(.schedule) { version in
            try await enqueueSchedules(loop)
            return version
        } onChange: { change in
            await loop.enqueue(change.key)
        }
    }

    /// A schedule's business with a run is that it came, that it is done and that it went: the many changes between
    /// are told apart by reading only runs that schedules made.
    private func watchTheirRuns(_ loop: ScheduleLoop) async {
        var owners: [ResourceKey: ResourceKey] = [:]
        await watching(.run) { version in
            let runs = try await store.list(Run.self, namespace: nil, labels: [:])
            owners = [:]
            for run in runs.items where !run.isDone { owners[run.key] = run.scheduleKey }
            return runs.resourceVersion
        } onChange: { change in
            if change.change != .added, owners[change.key] == nil { return }
            let run = try await store.get(Run.self, namespace: change.key.namespace, name: change.key.name)
            owners[change.key] = owners[change.key] ?? run?.scheduleKey
            guard let owner = owners[change.key], change.change != .modified || run?.isDone != false else { return }
            if run?.isDone != false { owners[change.key] = nil }
            await loop.enqueue(owner)
        }
    }

    private func watchTheirExperiments(_ loop: ScheduleLoop) async {
        await watching(.experiment) {
            $0
        } onChange: { change in
            let schedules = try await store.list(Schedule.self, namespace: change.key.namespace, labels: [:])
            for schedule in schedules.items where schedule.spec.experiment == change.key.name {
                await loop.enqueue(schedule.key)
            }
        }
    }

    /// Timers run by the monotonic clock; when the wall clock moves against it, every schedule is looked at anew.
    private func watchWallClock(_ loop: ScheduleLoop) async {
        var anchor = clock.anchor()
        while !Task.isCancelled {
            do { try await clock.sleep(for: .seconds(5)) } catch { return }
            let now = clock.anchor()
            let drift = now.wall.since(anchor.timestamp(of: now.monotonic))
            guard drift > .seconds(1) || drift < .seconds(-1) else { continue }
            logger.notice("the wall clock was set", metadata: ["by_seconds": "\(drift.inSeconds)"])
            anchor = now
            do { try await enqueueSchedules(loop) } catch {
                logger.warning("schedules not listed", metadata: ["reason": "\(error)"])
            }
        }
    }

    private func enqueueSchedules(_ loop: ScheduleLoop) async throws {
        for schedule in try await store.list(Schedule.self, namespace: nil, labels: [:]).items {
            await loop.enqueue(schedule.key)
        }
    }

    /// Follows the changes of a kind until cancelled; when the watch ends, it begins anew a second later.
    private func watching(
        _ kind: ResourceKind, begin: (String) async throws -> String,
        onChange: (ResourceChange) async throws -> Void
    ) async {
        while !Task.isCancelled {
            do {
                let version = try await store.list(Schedule.self, namespace: "", labels: [:]).resourceVersion
                for try await change in store.watch(kind, after: try await begin(version)) {
                    try await onChange(change)
                }
            } catch {
                logger.warning("watch ended", metadata: ["kind": "\(kind.rawValue)", "reason": "\(error)"])
            }
            do { try await clock.sleep(for: .seconds(1)) } catch { return }
        }
    }
}

extension Run {
    /// The schedule that made it; nil when none did.
    fileprivate var scheduleKey: ResourceKey? {
        metadata.ownerReferences?.first { $0.kind == .schedule }
            .map { ResourceKey(kind: .schedule, namespace: metadata.namespace ?? "default", name: $0.name) }
    }
}

/// The controller's clock as the loop wants it.
private struct LoopClock: Clock {
    struct Instant: InstantProtocol {
        var at: MonotonicInstant
        func advanced(by duration: Duration) -> Instant { Instant(at: at.advanced(by: duration)) }
        func duration(to other: Instant) -> Duration { other.at.since(at) }
        static func < (a: Instant, b: Instant) -> Bool { a.at < b.at }
    }

    let clock: any ControlClock
    var now: Instant { Instant(at: clock.now()) }
    var minimumResolution: Duration { .nanoseconds(1) }

    func sleep(until deadline: Instant, tolerance: Duration?) async throws {
        try await clock.sleep(for: now.duration(to: deadline))
    }
}

// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import ReconcileLoop
import ResourceStore
import SQLiteStore
import Scheduling
import Synchronization

@testable import ExperimentControl

/// Clocks that are set by hand; the wall clock also backwards. Nothing sleeps by them.
final class SetClock: ControlClock {
    let bootID = "boot-1"
    private let wallTime: Mutex<Timestamp>

    init(_ wall: Timestamp) { wallTime = Mutex(wall) }

    func now() -> MonotonicInstant { MonotonicInstant(nanoseconds: 1) }
    func wall() -> Timestamp { wallTime.withLock { $0 } }
    func set(_ wall: Timestamp) { wallTime.withLock { $0 = wall } }
    func sleep(for duration: Duration) async throws { throw CancellationError() }
}

extension ResourceStore {
    /// Keeps a run that is done, and harmed these targets at a time.
    func keepRun(namespace: String, harming targets: [String], at: Timestamp) async throws {
        var run = try await create(
            Run(
                metadata: ObjectMetadata(name: "by-hand", namespace: namespace),
                spec: Sample.run(Sample.experiment([Sample.fault(.ec2(.terminate))])).spec))
        var status = RunStatus(phase: .done)
        status.injections = targets.map { target in
            InjectionReport(
                name: "i-" + target, fault: "fault", action: "a", target: target, region: Sample.region,
                state: .reverted, acceptedAt: at)
        }
        run.status = status
        _ = try await updateStatus(run)
    }
}

/// `2026-10-25T00:30Z`, shorter to write.
func at(_ text: String) -> Timestamp {
    guard let time = Timestamp(text.replacing("Z", with: ":00Z")) else { fatalError("\(text) is no time") }
    return time
}

/// A store on disk, a clock set by hand, and a reconciler of schedules, as `runSchedules` puts them together.
final class ScheduleBench: Sendable {
    let clock: SetClock
    let store: any ResourceStore
    let controller: ExperimentController
    let reconciler: ScheduleReconciler
    let path: String
    private let folder: TestFolder?
    static let key = ResourceKey(kind: .schedule, namespace: "default", name: "weekly")

    /// With a store in a folder of its own.
    convenience init(_ now: String) async throws {
        let folder = try TestFolder()
        try await self.init(path: folder.path + "/store.db", now: at(now), folder: folder)
    }

    /// Another process's, on the same store.
    convenience init(beside other: ScheduleBench) async throws {
        try await self.init(path: other.path, now: other.clock.wall(), folder: other.folder)
    }

    init(
        path: String, now: Timestamp, folder: TestFolder? = nil, observer: StoreWriteObserver? = nil
    ) async throws {
        self.path = path
        self.folder = folder
        let clock = SetClock(now)
        self.clock = clock
        let system = StoreEnvironment.system
        let environment = StoreEnvironment(
            now: { clock.wall() }, makeUID: system.makeUID, uptime: system.uptime)
        store = try await SQLiteStore.open(
            path: path, options: SQLiteStoreOptions(environment: environment, writeObserver: observer))
        controller = ExperimentController(
            store: store, aws: try Bench.connections("http://127.0.0.1:9"),
            options: ControllerOptions(ownInstances: []), clock: clock, logger: .silent)
        reconciler = controller.scheduleReconciler()
    }

    /// Keeps the experiment `web` and a schedule of it.
    func prepare(
        zone: String = "UTC", faults: [FaultSpec] = [Sample.fault(.ec2(.terminate))],
        _ change: (inout ScheduleSpec) -> Void
    ) async throws {
        let metadata = ObjectMetadata(name: "web", labels: ["team": "storefront"])
        _ = try await store.create(Experiment(metadata: metadata, spec: Sample.experiment(faults)))
        try await prepareSchedule(zone: zone, change)
    }

    func prepareSchedule(zone: String = "UTC", _ change: (inout ScheduleSpec) -> Void) async throws {
        var spec = ScheduleSpec(experiment: "web", timeZone: zone)
        change(&spec)
        _ = try await store.create(Schedule(metadata: ObjectMetadata(name: "weekly"), spec: spec))
    }

    /// Sets the clock and reconciles until there is nothing to do at once; returns when it wants to look again.
    @discardableResult
    func turn(_ now: Timestamp) async -> Timestamp? {
        clock.set(now)
        for _ in 0..<20 {
            switch await reconciler.reconcile(Self.key) {
            case .settled: return nil
            case .lookAgain(let delay) where delay >= .seconds(1): return now.advanced(by: delay)
            case .lookAgain: continue
            case .retry(let error), .gaveUp(let error): fatalError("\(error)")
            }
        }
        fatalError("the schedule does not settle")
    }

    func schedule() async throws -> Schedule {
        guard let found = try await store.get(Schedule.self, namespace: "default", name: "weekly") else {
            throw StoreError(.notFound, "no schedule", hint: "")
        }
        return found
    }

    func change(_ change: (inout ScheduleSpec) -> Void) async throws {
        var schedule = try await schedule()
        change(&schedule.spec)
        _ = try await store.update(schedule)
    }

    func runs() async throws -> [Run] { try await store.list(Run.self, namespace: nil, labels: [:]).items }

    /// The slots of the runs that are there, to the minute, in order.
    func slots() async throws -> [String] {
        try await runs().compactMap { $0.slot.map { String($0.description.prefix(16)) + "Z" } }.sorted()
    }

    func skipped() async throws -> [SkippedSlot] { try await schedule().status?.skipped ?? [] }

    func condition(_ type: String) async throws -> Condition? {
        try await schedule().status?.conditions?.first { $0.type == type }
    }

    /// Ends every run that is under way, as its driver would.
    func finishRuns(_ verdict: Verdict = .pass, undo: UndoState = .clean) async throws {
        for var run in try await runs() where !run.isDone {
            var status = RunStatus(phase: .done)
            status.verdict = verdict
            status.undo = undo
            run.status = status
            _ = try await store.updateStatus(run)
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import ResourceStore
import SQLiteStore
import Synchronization
import Testing

@Suite("Upkeep of a store")
final class UpkeepTests: Sendable {
    private static let day = Duration.seconds(86_400)
    private static let begin = Timestamp(nanosecondsSinceEpoch: 1_800_000_000_000_000_000)
    private let clock = Mutex(UpkeepTests.begin)

    private func open(_ folder: StoreFolder) async throws -> SQLiteStore {
        var environment = StoreEnvironment.system
        environment.now = { self.clock.withLock { $0 } }
        return try await folder.open(SQLiteStoreOptions(environment: environment))
    }

    private func policy(_ days: Int?, perExperiment: Int? = nil) -> RetentionPolicy {
        RetentionPolicy(
            runsFor: days.map { Self.day * $0 }, runsPerExperiment: perExperiment, changesFor: Self.day * 1_000)
    }

    /// A run that ended so many days after the beginning; with nil it is under way.
    @discardableResult
    private func keep(
        _ name: String, of experiment: String = "e", ended days: Int?, undo: UndoState = .clean, in store: SQLiteStore
    ) async throws -> Run {
        let plan = ExperimentSpec(
            hypothesis: "h", steadyState: [], faults: [], limits: LimitsSpec(maxTargets: 1, minHealthy: 1),
            recovery: RecoverySpec(
                stableFor: WrittenDuration(.seconds(3)), giveUpAfter: WrittenDuration(.seconds(9))))
        let spec = RunSpec(experiment: experiment, plan: plan, seed: 1, requestedBy: "a test")
        var run = try await store.create(Run(metadata: ObjectMetadata(name: name), spec: spec))
        run.status = RunStatus(phase: days == nil ? .reverting : .done)
        run.status?.undo = undo
        run.status?.endedAt = days.map { Self.begin.advanced(by: Self.day * $0) }
        return try await store.updateStatus(run)
    }

    private func names(_ store: SQLiteStore) async throws -> [String] {
        try await store.list(Run.self, namespace: nil, labels: [:]).items.map(\.metadata.name)
    }

    private func removed(_ policy: RetentionPolicy, _ store: SQLiteStore) async throws -> [String] {
        try #require(try await store.upkeep(policy, holder: "a test")).runsRemoved
    }

    @Test("runs go by age, never one under way, and never one with a dirty undo that nobody acknowledged")
    func age() async throws {
        let folder = try StoreFolder()
        let store = try await open(folder)
        try await keep("old", ended: 0, in: store)
        try await keep("young", ended: 5, in: store)
        try await keep("going", ended: nil, in: store)
        var dirty = try await keep("dirty", ended: 0, undo: .dirty, in: store)
        clock.withLock { $0 = Self.begin.advanced(by: Self.day * 10) }
        #expect(try await removed(policy(10), store) == ["Run/default/old"])
        #expect(try await names(store) == ["dirty", "going", "young"])
        dirty.metadata.annotations = [RetentionPolicy.acknowledgement: "put back by hand"]
        dirty = try await store.update(dirty)
        #expect(try await removed(policy(10), store) == [dirty.key.description])
        #expect(try await removed(policy(nil), store) == [])
        await store.close()
    }

    @Test("the newest so many of each experiment stay, and those that must stay do not count")
    func count() async throws {
        let folder = try StoreFolder()
        let store = try await open(folder)
        for day in 1...4 { try await keep("e\(day)", ended: day, in: store) }
        for day in 1...2 { try await keep("f\(day)", of: "f", ended: day, in: store) }
        try await keep("dirty", ended: 9, undo: .dirty, in: store)
        #expect(try await removed(policy(nil, perExperiment: 2), store) == ["Run/default/e1", "Run/default/e2"])
        #expect(try await names(store) == ["dirty", "e3", "e4", "f1", "f2"])
        #expect(try await removed(policy(nil, perExperiment: 0), store).count == 4)
        await store.close()
    }

    @Test("a run takes along what it owns and measured, and waits for its reports")
    func along() async throws {
        let folder = try StoreFolder()
        let store = try await open(folder)
        let run = try await keep("r", ended: 0, in: store)
        let uid = try #require(run.metadata.uid)
        try await store.append(chunk: MeasurementChunk(run: uid, content: .observations, data: [1]))
        var owned = Schedule.sample("owned")
        owned.metadata.ownerReferences = [OwnerReference(kind: .run, name: "r", uid: uid)]
        _ = try await store.create(owned)
        var entry = OutboxEntry(
            id: "1", run: uid, sequence: 1, event: .verdict,
            report: ReportSpec(destination: .sns(SNSReportSpec(topicArn: "t"))), payload: "{}")
        try await store.enqueue(entry)
        #expect(try await removed(policy(0), store) == [])
        entry.deliveredAt = Self.begin
        try await store.updateOutbox(entry)
        #expect(try await removed(policy(0), store) == [run.key.description])
        #expect(try await store.chunks(run: uid) == [])
        #expect(try await store.deliveries(run: uid) == [])
        #expect(try await store.get(Schedule.self, namespace: "default", name: "owned") == nil)
        await store.close()
    }

    @Test("the file shrinks when much was removed")
    func shrinks() async throws {
        let folder = try StoreFolder()
        let store = try await open(folder)
        for number in 0..<20 {
            let run = try await keep("r\(number)", ended: 0, in: store)
            try await store.append(
                chunk: MeasurementChunk(
                    run: run.metadata.uid ?? "", content: .observations, data: [UInt8](repeating: 1, count: 200_000)))
        }
        let report = try #require(try await store.upkeep(policy(0), holder: "a test"))
        #expect(report.bytesBefore > 4_000_000)
        #expect(report.bytesAfter < 1_000_000)
        #expect(try await store.check().bytes == report.bytesAfter)
        #expect(try await store.check().damage == nil)
        await store.close()
    }

    @Test("of two who would do it at once one does, and the other is told")
    func oneAtATime() async throws {
        let folder = try StoreFolder()
        let (store, other) = (try await open(folder), try await open(folder))
        let now = Self.begin
        let lease = try await other.acquireLease("store/upkeep", holder: "other", for: .seconds(60), now: now)
        #expect(lease != .heldByOther(holder: "a test", until: now))
        #expect(try await store.upkeep(policy(0), holder: "a test") == nil)
        clock.withLock { $0 = now.advanced(by: .seconds(61)) }
        #expect(try await store.upkeep(policy(0), holder: "a test") != nil)
        #expect(try await other.upkeep(policy(0), holder: "other") != nil)
        await store.close()
        await other.close()
    }

    @Test("changes go by age from the front, and a watcher from before is expired", arguments: [0, 1])
    func changes(setBack days: Int) async throws {
        let folder = try StoreFolder()
        let store = try await open(folder)
        try await keep("a", ended: 0, in: store)
        clock.withLock { $0 = Self.begin.advanced(by: Self.day * 2) }
        try await keep("b", ended: 0, in: store)
        // A clock that was set back makes no hole in the log.
        clock.withLock { $0 = Self.begin.advanced(by: Self.day * (2 - 2 * days)) }
        try await keep("c", ended: 0, in: store)
        clock.withLock { $0 = Self.begin.advanced(by: Self.day * 3) }
        let kept = RetentionPolicy(runsFor: nil, runsPerExperiment: nil, changesFor: Self.day * 2)
        #expect(try #require(try await store.upkeep(kept, holder: "a test")).changesRemoved == 2)
        let error = await storeError {
            for try await _ in store.watchDocuments(.run, namespace: nil, after: "1", bookmarks: nil) {}
        }
        #expect(error?.code == .expired)
        let known = try await store.watch(.run, after: "2").prefix(4).reduce(into: []) { $0.append($1.key.name) }
        #expect(known == ["b", "b", "c", "c"])
        await store.close()
    }
}

extension Schedule {
    fileprivate static func sample(_ name: String) -> Schedule {
        Schedule(metadata: ObjectMetadata(name: name), spec: ScheduleSpec(experiment: "e", timeZone: "UTC"))
    }
}

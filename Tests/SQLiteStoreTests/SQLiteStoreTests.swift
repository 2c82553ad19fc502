// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import ResourceStore
import SQLiteStore
import Synchronization
import Testing

@Suite("The embedded store")
struct SQLiteStoreTests {
    @Test("a watcher that fell behind the kept changes is told to list again")
    func expired() async throws {
        let options = SQLiteStoreOptions(environment: .system, changesKept: 10)
        let store = try await SQLiteStore.open(path: ":memory:", options: options)
        for number in 0..<40 { _ = try await store.create(policy("\(number)")) }
        let error = await storeError { for try await _ in store.watch(.policy, after: "5") {} }
        #expect(error?.code == .expired)
        let known = try await store.watch(.policy, after: "35").prefix(5).reduce(into: []) { $0.append($1.key.name) }
        #expect(known == ["35", "36", "37", "38", "39"])
    }

    @Test("an owner that is not in the store is refused")
    func unknownOwner() async throws {
        let store = try await SQLiteStore.open(path: ":memory:", options: SQLiteStoreOptions(environment: .system))
        var orphan = policy("p")
        orphan.metadata.ownerReferences = [OwnerReference(kind: .policy, name: "q", uid: "none")]
        #expect(await storeError { _ = try await store.create(orphan) }?.code == .invalid)
        #expect(try await store.get(Policy.self, namespace: "", name: "p") == nil)
    }

    @Test("the observer hears of each write twice, and of nothing that changed nothing")
    func observer() async throws {
        let heard = Mutex<[String]>([])
        let options = SQLiteStoreOptions(environment: .system) { moment, write in
            heard.withLock { $0.append("\(write.number) \(write.operation.rawValue) \(moment.rawValue)") }
        }
        let store = try await SQLiteStore.open(path: ":memory:", options: options)
        let created = try await store.create(policy("p"))
        _ = try await store.update(created)
        _ = await storeError { _ = try await store.create(policy("p")) }
        try await store.release(reservation: "none")
        try await store.delete(created.key)
        let expected = ["1 create aboutToCommit", "1 create committed", "2 delete aboutToCommit", "2 delete committed"]
        #expect(heard.withLock { $0 } == expected)
    }

    @Test("a removed run takes its measurements and delivered reports along; its reservations go on counting")
    func removedRun() async throws {
        let store = try await SQLiteStore.open(path: ":memory:", options: SQLiteStoreOptions(environment: .system))
        let plan = ExperimentSpec(
            hypothesis: "h", steadyState: [], faults: [], limits: LimitsSpec(maxTargets: 1, minHealthy: 1),
            recovery: RecoverySpec(
                stableFor: WrittenDuration(.seconds(3)), giveUpAfter: WrittenDuration(.seconds(9))))
        let spec = RunSpec(experiment: "e", plan: plan, seed: 1, requestedBy: "a test")
        let run = try await store.create(Run(metadata: ObjectMetadata(name: "r"), spec: spec))
        let uid = try #require(run.metadata.uid)
        try await store.append(chunk: MeasurementChunk(run: uid, content: .sightings, data: [1]))
        let now = StoreEnvironment.system.now()
        let caps = ReservationCaps(perRun: 1, perDay: 1)
        _ = try await store.reserve(Reservation(id: "a", run: uid, target: "i", group: "", at: now), caps: caps)
        try await store.delete(run.key)
        #expect(try await store.chunks(run: uid) == [])
        let other = Reservation(id: "b", run: "other", target: "j", group: "", at: now)
        guard case .refused = try await store.reserve(other, caps: caps) else {
            Issue.record("the reservation of a removed run no longer counts for the day")
            return
        }
    }

    private func policy(_ name: String) -> Policy { Policy(metadata: ObjectMetadata(name: name), spec: PolicySpec()) }
}

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

    @Test(
        "across a restart of the machine the date says whether a day is over",
        arguments: [(86_399, false), (86_400, true)])
    func restarted(secondsLater: Int64, isHeld: Bool) async throws {
        let folder = try StoreFolder()
        let begin = Timestamp(nanosecondsSinceEpoch: 1_800_000_000_000_000_000)
        let caps = ReservationCaps(perRun: 1, perDay: 1)
        let before = try await folder.open(booted(as: "one", at: begin))
        _ = try await before.reserve(Reservation(id: "a", run: "x", target: "i", group: "", at: begin), caps: caps)
        try await before.finish(run: "x")
        await before.close()
        let later = begin.advanced(by: .seconds(secondsLater))
        let after = try await folder.open(booted(as: "two", at: later))
        let outcome = try await after.reserve(
            Reservation(id: "b", run: "y", target: "j", group: "", at: later), caps: caps)
        if case .held = outcome { #expect(isHeld) } else { #expect(!isHeld) }
        await after.close()
    }

    @Test("a run that was never finished counts for the day, however long ago it reserved")
    func abandoned() async throws {
        let clock = Mutex<Int64>(0)
        var environment = StoreEnvironment.system
        environment.uptime = { Uptime(bootID: "a boot", nanoseconds: clock.withLock { $0 }) }
        let store = try await SQLiteStore.open(path: ":memory:", options: SQLiteStoreOptions(environment: environment))
        let caps = ReservationCaps(perRun: 1, perDay: 1)
        let now = environment.now()
        let first = Reservation(id: "a", run: "x", target: "i", group: "", at: now)
        let held = try await store.reserve(first, caps: caps)
        clock.withLock { $0 = 10 * 86_400_000_000_000 }
        let later = now.advanced(by: .seconds(864_000))
        let second = Reservation(id: "b", run: "y", target: "j", group: "", at: later)
        guard case .refused = try await store.reserve(second, caps: caps) else {
            Issue.record("what may be acted on yet does not count")
            return
        }
        #expect(try await store.reserve(first, caps: caps) == held)
    }

    private func booted(as bootID: String, at date: Timestamp) -> SQLiteStoreOptions {
        var environment = StoreEnvironment.system
        environment.now = { date }
        environment.uptime = { Uptime(bootID: bootID, nanoseconds: 1) }
        return SQLiteStoreOptions(environment: environment)
    }

    private func policy(_ name: String) -> Policy { Policy(metadata: ObjectMetadata(name: name), spec: PolicySpec()) }
}

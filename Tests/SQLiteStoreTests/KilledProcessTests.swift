// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import Glibc
import ResourceStore
import SQLiteStore
import Scheduling
import Synchronization
import Testing

@Suite("Processes that are killed")
struct KilledProcessTests {
    @Test("after 200 kills of processes at work on one store, it is sound and no cap was passed", arguments: [7])
    func hammered(seed: UInt64) async throws {
        let folder = try StoreFolder()
        let kills = Count()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for lane in 0..<3 {
                group.addTask {
                    try await onThread { try Self.killAgainAndAgain(folder, lane: lane, seed: seed, kills) }
                }
            }
            try await group.waitForAll()
        }
        #expect(kills.value >= 200)
        try await Self.checkCaps(folder)
    }

    private static func killAgainAndAgain(
        _ folder: StoreFolder, lane: Int, seed: UInt64, _ kills: Count
    ) throws {
        var chance = SeededGenerator(seed: seed &* 1_000 &+ UInt64(lane))
        while kills.value < 200 {
            let child = try Child(["hammer", folder.store, folder.acts, "\(chance.next() >> 1)"])
            let wanted = Int.random(in: 1...40, using: &chance)
            let calls = child.read(bytes: wanted)
            child.kill()
            let end = child.wait()
            guard end.signal == SIGKILL, calls == wanted else { throw Child.SpawnError(code: end.code) }
            kills.increase()
        }
    }

    private static func checkCaps(_ folder: StoreFolder) async throws {
        let store = try await folder.open()
        var held: [String: HeldReservation] = [:]
        var ofGroup: [String: Int] = [:]
        for run in 0..<60 {
            let ofRun = try await store.reservations(run: "run-\(run)")
            #expect(ofRun.count <= 3)
            for one in ofRun {
                held[one.reservation.id] = one
                if !one.isFinished { ofGroup[one.reservation.group, default: 0] += 1 }
            }
            for chunk in try await store.chunks(run: "run-\(run)") {
                #expect(chunk.data == [UInt8](repeating: UInt8(run), count: 2_048))
            }
        }
        #expect(held.count <= 120)
        #expect(ofGroup.values.allSatisfy { $0 <= 25 })
        #expect(Set(held.values.map(\.fencingToken)).count == held.count)
        let acts = folder.actLines()
        #expect(acts.count > 20)
        for act in acts {
            let one = try #require(held[act[0]], "\(act) was done without a reservation")
            let known = [one.reservation.run, one.reservation.target, "\(one.fencingToken)"]
            #expect(known == Array(act.dropFirst()))
        }
        try await Self.checkAudit(store)
        await store.close()
    }

    @Test(
        "killed at any write, before or after it is durable, a run goes on to the same end",
        arguments: StoreWrite.Moment.allCases)
    func everyWrite(moment: StoreWrite.Moment) async throws {
        var number = 1
        while true {
            let folder = try StoreFolder()
            let wasKilled = try await killedOnce(folder, at: number, moment)
            let end = try await onThread { try Child(["run", folder.store, folder.acts]).wait() }
            #expect(end == (0, 0))
            try await checkEnd(folder, whenKilledAt: number)
            if !wasKilled { break }
            number += 1
        }
        #expect(number == 10, "a run writes nine times")
    }

    private func killedOnce(_ folder: StoreFolder, at number: Int, _ moment: StoreWrite.Moment) async throws -> Bool {
        let end = try await onThread {
            try Child(["run", folder.store, folder.acts, "\(number)", moment.rawValue]).wait()
        }
        #expect(end == (SIGKILL, 0) || end == (0, 0))
        return end.signal == SIGKILL
    }

    private func checkEnd(_ folder: StoreFolder, whenKilledAt number: Int) async throws {
        let store = try await folder.open()
        let held = try await store.reservations(run: "run")
        #expect(held.map(\.reservation.target) == ["i-1", "i-2"])
        #expect(held.map(\.isFinished) == [true, true])
        let acts = folder.actLines()
        #expect(Set(acts.map { $0[2] }) == ["i-1", "i-2"])
        // A repeat after a crash is the same act: the same id, the same token.
        let known = held.map { [$0.reservation.id, "run", $0.reservation.target, "\($0.fencingToken)"] }
        #expect(Set(acts) == Set(known))
        #expect(try await store.deliveries(run: "run").map(\.id) == ["verdict"])
        let run = try await store.get(Run.self, namespace: "default", name: "run")
        #expect(run?.status?.phase == .done)
        let chunks = try await store.chunks(run: "run")
        #expect(chunks.count >= 2, "killed at write \(number)")
        try await Self.checkAudit(store)
        await store.close()
    }

    /// However many processes wrote and died: one chain, with one record for each change there ever was.
    private static func checkAudit(_ store: SQLiteStore) async throws {
        let (checked, finding) = try await store.verifyAudit(AuditVerification(digest: store.auditDigest))
        #expect(finding == nil)
        let version = try await store.listDocuments(DocumentQuery(kind: .run)).resourceVersion
        #expect(String(checked.head.sequence) == version)
    }
}

/// Counts from several threads.
private final class Count: Sendable {
    private let count = Atomic<Int>(0)

    var value: Int { count.load(ordering: .relaxed) }

    func increase() { count.add(1, ordering: .relaxed) }
}

// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import Glibc
import ResourceStore
import SQLiteStore
import Synchronization
import Testing

@testable import ExperimentControl

@Suite("ten thousand histories")
struct HistoryTests {
    private static let inMemory = 10_000
    private static let onDisk = 40
    private static let steps = 14

    private static func seed(_ usual: UInt64) -> UInt64 {
        getenv("REBOUND_SEED").flatMap { UInt64(String(cString: $0)) } ?? usual
    }

    private static func idleStore() async throws -> SQLiteStore {
        try await SQLiteStore.open(path: ":memory:", options: SQLiteStoreOptions(environment: .system))
    }

    @Test("none breaks a cap, a freeze, a halt, a leash or an abort, nor takes a target twice")
    func memory() async throws {
        let clock = SimulatedClock()
        let histories = Histories(
            records: [MemoryRecords(clock: clock, mutation: nil)], clock: clock, seed: Self.seed(7_001),
            idle: try await Self.idleStore())
        try await live(Self.inMemory, histories, seed: Self.seed(7_001))
    }

    @Test("the same through two processes' connections to one real store")
    func disk() async throws {
        let folder = try TestFolder()
        let clock = SimulatedClock()
        let options = SQLiteStoreOptions(environment: clock.storeEnvironment, checksIntegrity: false)
        var stores: [SQLiteStore] = []
        for _ in 0..<2 {
            stores.append(try await SQLiteStore.open(path: folder.path + "/store.db", options: options))
        }
        let histories = Histories(
            records: stores.map { SQLiteHistoryRecords(store: $0) }, clock: clock, seed: Self.seed(9_001),
            idle: stores[0])
        try await live(Self.onDisk, histories, seed: Self.seed(9_001))
        for store in stores { await store.close() }
    }

    @Test("with one guard taken away, the histories find what goes wrong", arguments: MemoryRecords.Mutation.allCases)
    func mutated(mutation: MemoryRecords.Mutation) async throws {
        let clock = SimulatedClock()
        let histories = Histories(
            records: [MemoryRecords(clock: clock, mutation: mutation)], clock: clock, seed: Self.seed(5_001),
            idle: try await Self.idleStore())
        for _ in 0..<Self.inMemory {
            try await histories.live(steps: Self.steps)
            if histories.witness.facts.withLock({ !$0.violations.isEmpty }) { return }
        }
        Issue.record("nothing was found without \(mutation)")
    }

    private func live(_ count: Int, _ histories: Histories, seed: UInt64) async throws {
        for number in 0..<count {
            try await histories.live(steps: Self.steps)
            let violations = histories.witness.facts.withLock { $0.violations }
            try #require(violations.isEmpty, "SEED=\(seed), history \(number): \(violations)")
            // Others compute on the same few threads.
            if number % 50 == 0 { await Task.yield() }
        }
        let harmed = histories.witness.facts.withLock { $0.harmed }
        #expect(harmed > count / 4, "the histories did little: \(harmed) calls in \(count)")
    }
}

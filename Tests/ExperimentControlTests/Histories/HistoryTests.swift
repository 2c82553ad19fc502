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
    private static let onDisk = 500
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
        try await onStore(seed: 9_001, ignoringVersions: false) { histories in
            try await live(Self.onDisk, histories, seed: Self.seed(9_001))
        }
    }

    @Test("a writer on the real store that ignores versions is found")
    func mutatedOnDisk() async throws {
        try await onStore(seed: 9_002, ignoringVersions: true) { histories in
            try await find("versions on the store", histories, within: Self.onDisk * 4)
        }
    }

    /// Two connections to one file in memory, where a flush takes no time: the disk is not what is tested here.
    private func onStore(
        seed: UInt64, ignoringVersions: Bool, _ body: (Histories) async throws -> Void
    ) async throws {
        let folder = try TestFolder(inMemory: true)
        let clock = SimulatedClock()
        let options = SQLiteStoreOptions(environment: clock.storeEnvironment, checksIntegrity: false)
        var stores: [SQLiteStore] = []
        for _ in 0..<2 {
            stores.append(try await SQLiteStore.open(path: folder.path + "/store.db", options: options))
        }
        try await body(
            Histories(
                records: stores.map { SQLiteHistoryRecords(store: $0, ignoresVersions: ignoringVersions) },
                clock: clock, seed: Self.seed(seed), idle: stores[0]))
        for store in stores { await store.close() }
    }

    @Test("with one guard taken away, the histories find what goes wrong", arguments: MemoryRecords.Mutation.allCases)
    func mutated(mutation: MemoryRecords.Mutation) async throws {
        let clock = SimulatedClock()
        let histories = Histories(
            records: [MemoryRecords(clock: clock, mutation: mutation)], clock: clock, seed: Self.seed(5_001),
            idle: try await Self.idleStore())
        try await find("\(mutation)", histories, within: Self.inMemory)
    }

    private func find(_ what: String, _ histories: Histories, within most: Int) async throws {
        for number in 1...most {
            try await histories.live(steps: Self.steps)
            guard let violation = histories.witness.facts.withLock({ $0.violations.first }) else { continue }
            print("without \(what), history \(number): \(violation)")
            return
        }
        Issue.record("nothing was found without \(what) in \(most) histories")
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

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
    /// How many are lived through in memory; half of them in each of two batches, which run at the same time.
    private static let inMemory = getenv("REBOUND_HISTORIES").flatMap { Int(String(cString: $0)) } ?? 10_000
    private static let onDisk = 60

    @Test(
        "no history breaks a cap, a freeze, a halt, a leash or an abort, nor takes a target twice", arguments: 0..<2)
    func memory(batch: Int) async throws {
        try await live(Self.inMemory / 2, seed: UInt64(7_000 + batch)) { clock in
            let options = SQLiteStoreOptions(environment: clock.storeEnvironment, checksIntegrity: false)
            return [try await SQLiteStore.open(path: ":memory:", options: options)]
        }
    }

    @Test("the same with two processes' connections to one file")
    func disk() async throws {
        let folder = try TestFolder()
        try await live(Self.onDisk, seed: 9_000) { clock in
            let options = SQLiteStoreOptions(environment: clock.storeEnvironment, checksIntegrity: false)
            return [
                try await SQLiteStore.open(path: folder.path + "/store.db", options: options),
                try await SQLiteStore.open(path: folder.path + "/store.db", options: options),
            ]
        }
    }

    private func live(
        _ count: Int, seed given: UInt64, stores: (SimulatedClock) async throws -> [SQLiteStore]
    ) async throws {
        let seed = getenv("REBOUND_SEED").flatMap { UInt64(String(cString: $0)) } ?? given
        let clock = SimulatedClock()
        let opened = try await stores(clock)
        let histories = Histories(stores: opened, clock: clock, seed: seed)
        for number in 0..<count {
            try await histories.live(steps: 14)
            let violations = histories.witness.facts.withLock { $0.violations }
            try #require(violations.isEmpty, "SEED=\(seed), history \(number): \(violations)")
        }
        let facts = histories.witness.facts.withLock { $0 }
        #expect(facts.harmed > count / 4, "the histories did little: \(facts.harmed) calls in \(count)")
        for store in opened { await store.close() }
    }
}

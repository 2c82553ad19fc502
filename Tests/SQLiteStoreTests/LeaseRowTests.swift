// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import GRDB
import ResourceStore
import Synchronization
import Testing

@testable import SQLiteStore

@Suite("Leases that are over")
struct LeaseRowTests {
    private func names(_ store: SQLiteStore) async throws -> [String] {
        try await store.read { try String.fetchAll($0, sql: "SELECT name FROM leases ORDER BY name") }
    }

    @Test("one that is let go leaves nothing behind, and the next holder's token is larger")
    func released() async throws {
        let store = try await SQLiteStore.open(path: ":memory:", options: SQLiteStoreOptions(environment: .system))
        let now = StoreEnvironment.system.now()
        var tokens: [Int64] = []
        for holder in ["a", "a", "b"] {
            if case .held(let token) = try await store.acquireLease("run", holder: holder, for: .seconds(9), now: now) {
                tokens.append(token)
            }
            try await store.releaseLease("run", holder: holder)
        }
        #expect(tokens.count == 3 && tokens == tokens.sorted() && Set(tokens).count == 3)
        #expect(try await names(store) == [])
        await store.close()
    }

    @Test("one that was never given back goes with upkeep a day after its end, and not before")
    func abandoned() async throws {
        let time = Mutex(StoreEnvironment.system.now())
        var environment = StoreEnvironment.system
        environment.now = { time.withLock { $0 } }
        let store = try await SQLiteStore.open(path: ":memory:", options: SQLiteStoreOptions(environment: environment))
        let begun = time.withLock { $0 }
        _ = try await store.acquireLease("old", holder: "gone", for: .seconds(10), now: begun)
        _ = try await store.acquireLease("new", holder: "here", for: .seconds(3_600), now: begun)
        let policy = RetentionPolicy(runsFor: nil, runsPerExperiment: nil, changesFor: .seconds(86_400))
        time.withLock { $0 = begun.advanced(by: .seconds(86_400 + 5)) }
        _ = try await store.upkeep(policy, holder: "a test")
        #expect(try await names(store) == ["new", "old"])
        time.withLock { $0 = begun.advanced(by: .seconds(86_400 + 20)) }
        _ = try await store.upkeep(policy, holder: "a test")
        #expect(try await names(store) == ["new"])
        await store.close()
    }
}

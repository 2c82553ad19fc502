// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import ResourceStore
import SQLiteStore
import Testing

@Suite("A lease and a wall clock that was wrong")
struct LeaseClockTests {
    private let now = Timestamp("2026-11-24T09:00:00Z") ?? Timestamp(nanosecondsSinceEpoch: 0)

    @Test("a lease that was taken by a clock far ahead runs out, once the clock is right, as any other")
    func ahead() async throws {
        let folder = try StoreFolder()
        let store = try await folder.open()
        func ask(_ holder: String, _ date: Timestamp) async throws -> LeaseOutcome {
            try await store.acquireLease("run/default/r", holder: holder, for: .seconds(15), now: date)
        }
        let first = try await ask("a", now.advanced(by: .seconds(86_400 * 365)))
        let end = now.advanced(by: .seconds(15))
        #expect(try await ask("b", now) == .heldByOther(holder: "a", until: end))
        #expect(try await ask("b", now.advanced(by: .seconds(14))) == .heldByOther(holder: "a", until: end))
        guard case .held(let old) = first, case .held(let new) = try await ask("b", end) else {
            Issue.record("a dead holder's lease was not given on")
            return
        }
        #expect(new > old)
        await store.close()
    }

    @Test("a holder that lives keeps its lease when the clock is set back")
    func living() async throws {
        let folder = try StoreFolder()
        let store = try await folder.open()
        let ahead = now.advanced(by: .seconds(3_600))
        let first = try await store.acquireLease("l", holder: "a", for: .seconds(15), now: ahead)
        _ = try await store.acquireLease("l", holder: "b", for: .seconds(15), now: now)
        let renewed = now.advanced(by: .seconds(5))
        #expect(try await store.acquireLease("l", holder: "a", for: .seconds(15), now: renewed) == first)
        let later = now.advanced(by: .seconds(19))
        let other = try await store.acquireLease("l", holder: "b", for: .seconds(15), now: later)
        #expect(other == .heldByOther(holder: "a", until: renewed.advanced(by: .seconds(15))))
        await store.close()
    }
}

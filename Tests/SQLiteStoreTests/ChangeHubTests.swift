// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import ResourceStore
import Testing

@testable import SQLiteStore

@Suite("The hub of changes")
struct ChangeHubTests {
    @Test("its ticker ends with its reader, when the log cannot be read", .timeLimit(.minutes(1)))
    func ticker() async throws {
        let signal = ChangeSignal(pollInterval: .seconds(600)) { 0 }
        let (ticking, ticks) = AsyncStream.makeStream(of: String.self)
        let hub = ChangeHub(
            signal: signal, tick: .seconds(600), limits: ChangeLimits(count: 10, bytes: 1_000),
            sleep: { duration in
                ticks.yield("begins")
                defer { ticks.yield("ends") }
                try await Task.sleep(for: duration)
            },
            read: { _, _ throws(StoreError) in throw StoreError.closed })
        hub.join()
        let scope = WatchScope(kind: .run, namespace: nil)
        var seen = ticking.makeAsyncIterator()
        for version in Int64(0)..<2 {
            async let wake = hub.wait(scope, after: version, until: .now + .seconds(600))
            #expect(await seen.next() == "begins")
            signal.publish(version + 1)
            guard case .failed = await wake else { return #expect(Bool(false), "the failure was not told") }
            #expect(await seen.next() == "ends", "of the ring that is gone nobody is to be reminded")
        }
        hub.leave()
    }
}

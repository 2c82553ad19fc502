// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import ResourceStore
import Testing

@Suite("Every store: watching")
struct WatchContractTests {
    @Test("changes after the version come in order, of the one kind", arguments: stores)
    func past(under: any StoreUnderTest) async throws {
        let opened = try await under.make(TestClocks())
        let store = opened.store
        let start = try await store.list(Run.self, namespace: nil, labels: [:]).resourceVersion
        var run = try await store.create(Run.sample("a"))
        _ = try await store.create(Experiment.sample("not a run"))
        run.spec.reason = "changed"
        run = try await store.update(run)
        try await store.delete(run.key)
        var seen: [ResourceChange] = []
        for try await change in store.watch(.run, after: start) {
            seen.append(change)
            if seen.count == 3 { break }
        }
        #expect(seen.map(\.change) == [.added, .modified, .deleted])
        #expect(seen.map(\.key) == [run.key, run.key, run.key])
        #expect(seen[1].resourceVersion == run.metadata.resourceVersion)
        #expect(seen.map { Int($0.resourceVersion) ?? 0 } == seen.map { Int($0.resourceVersion) ?? 0 }.sorted())
    }

    @Test("a watcher that waits is woken by a change", arguments: stores)
    func future(under: any StoreUnderTest) async throws {
        let opened = try await under.make(TestClocks())
        let store = opened.store
        let start = try await store.list(Run.self, namespace: nil, labels: [:]).resourceVersion
        let watching = Task { try await store.watch(.run, after: start).first { _ in true } }
        let created = try await store.create(Run.sample("a"))
        #expect(try await watching.value?.resourceVersion == created.metadata.resourceVersion)
    }

    @Test("a watcher sees what another process changed", arguments: sharedStores)
    func otherProcess(under: any StoreUnderTest) async throws {
        let opened = try await under.make(TestClocks())
        let other = try await opened.another()
        let store = opened.store
        let start = try await store.list(Run.self, namespace: nil, labels: [:]).resourceVersion
        let watching = Task { try await store.watch(.run, after: start).first { _ in true } }
        let created = try await other.create(Run.sample("a"))
        #expect(try await watching.value?.resourceVersion == created.metadata.resourceVersion)
    }

    @Test("eight watchers see every change of four writers, all in one order", arguments: stores)
    func manyWatchers(under: any StoreUnderTest) async throws {
        let opened = try await under.make(TestClocks())
        let store = opened.store
        let watchers = (1...8).map { _ in
            Task {
                var seen: [ResourceChange] = []
                for try await change in store.watch(.run, after: "0") {
                    seen.append(change)
                    if seen.count == 40 { break }
                }
                return seen
            }
        }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for writer in 1...4 {
                group.addTask { for run in 1...10 { _ = try await store.create(Run.sample("w\(writer)-\(run)")) } }
            }
            try await group.waitForAll()
        }
        let first = try await watchers[0].value
        #expect(Set(first.map(\.key)).count == 40)
        for watcher in watchers { #expect(try await watcher.value == first) }
    }

    @Test("a cancelled watch ends", arguments: stores)
    func cancelled(under: any StoreUnderTest) async throws {
        let opened = try await under.make(TestClocks())
        let store = opened.store
        let watching = Task { try await store.watch(.run, after: "0").first { _ in true } }
        watching.cancel()
        #expect(try await watching.value == nil)
    }

    @Test("a version that the store never had has expired; what is no version is invalid", arguments: stores)
    func unknownVersion(under: any StoreUnderTest) async throws {
        let opened = try await under.make(TestClocks())
        let store = opened.store
        let tooNew = await storeErrorCode { _ = try await store.watch(.run, after: "7000").first { _ in true } }
        #expect(tooNew == .expired)
        let rubbish = await storeErrorCode { _ = try await store.watch(.run, after: "x").first { _ in true } }
        #expect(rubbish == .invalid)
    }
}

// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import ResourceStore
import Testing

@Suite("Every store: deleting")
struct DeletionContractTests {
    @Test("what has no finalizer is gone at once; what is not there is not found", arguments: stores)
    func plain(under: any StoreUnderTest) async throws {
        let opened = try await under.make(TestClocks())
        let run = try await opened.store.create(Run.sample("a"))
        try await opened.store.delete(run.key)
        #expect(try await opened.store.get(Run.self, namespace: "default", name: "a") == nil)
        #expect(await storeErrorCode { try await opened.store.delete(run.key) } == .notFound)
    }

    @Test("a finalizer holds what is deleted until it is taken away", arguments: stores)
    func finalizer(under: any StoreUnderTest) async throws {
        let clocks = TestClocks()
        let opened = try await under.make(clocks)
        let run = try await opened.store.create(Run.sample("a", finalizers: ["revert"]))
        clocks.pass(.seconds(1))
        try await opened.store.delete(run.key)
        var held = try #require(try await opened.store.get(Run.self, namespace: "default", name: "a"))
        #expect(held.metadata.deletionTimestamp == clocks.date)
        #expect(held.metadata.resourceVersion != run.metadata.resourceVersion)
        clocks.pass(.seconds(1))
        try await opened.store.delete(run.key)
        #expect(try await opened.store.get(Run.self, namespace: "default", name: "a") == held)
        held.metadata.finalizers = []
        _ = try await opened.store.update(held)
        #expect(try await opened.store.get(Run.self, namespace: "default", name: "a") == nil)
    }

    @Test("what is being deleted takes no new finalizer, and its deletion cannot be taken back", arguments: stores)
    func noWayBack(under: any StoreUnderTest) async throws {
        let opened = try await under.make(TestClocks())
        let run = try await opened.store.create(Run.sample("a", finalizers: ["revert"]))
        try await opened.store.delete(run.key)
        var held = try #require(try await opened.store.get(Run.self, namespace: "default", name: "a"))
        held.metadata.finalizers = ["revert", "late"]
        #expect(await storeErrorCode { _ = try await opened.store.update(held) } == .invalid)
        held.metadata.finalizers = ["revert"]
        held.metadata.deletionTimestamp = nil
        held.metadata.labels = ["a": "b"]
        #expect(try await opened.store.update(held).metadata.deletionTimestamp != nil)
    }

    @Test("what an owner alone owns goes with it, finalizers first; what another owns too stays", arguments: stores)
    func owners(under: any StoreUnderTest) async throws {
        let opened = try await under.make(TestClocks())
        let store = opened.store
        let owner = try await store.create(Experiment.sample("owner"))
        let other = try await store.create(Experiment.sample("other"))
        _ = try await store.create(Run.sample("plain", ownedBy: [owner]))
        _ = try await store.create(Run.sample("held", ownedBy: [owner], finalizers: ["revert"]))
        _ = try await store.create(Run.sample("shared", ownedBy: [owner, other]))
        try await store.delete(owner.key)
        #expect(try await store.get(Run.self, namespace: "default", name: "plain") == nil)
        let held = try #require(try await store.get(Run.self, namespace: "default", name: "held"))
        #expect(held.metadata.deletionTimestamp != nil)
        let shared = try #require(try await store.get(Run.self, namespace: "default", name: "shared"))
        #expect(shared.metadata.deletionTimestamp == nil)
        #expect(shared.metadata.ownerReferences?.map(\.uid) == [try #require(other.metadata.uid)])
        try await store.delete(other.key)
        #expect(try await store.get(Run.self, namespace: "default", name: "shared") == nil)
    }

    @Test("dependents that are to stay lose their owner with the deletion, and not without it", arguments: stores)
    func left(under: any StoreUnderTest) async throws {
        let opened = try await under.make(TestClocks())
        let store = opened.store
        let owner = try await store.create(Experiment.sample("owner"))
        let run = try await store.create(Run.sample("a", ownedBy: [owner]))
        let refused = await storeErrorCode { try await store.delete(owner.key, ifVersion: "999", dependents: .stay) }
        #expect(refused == .conflict)
        #expect(try await store.get(Run.self, namespace: "default", name: "a") == run, "nothing else was done")
        try await store.delete(owner.key, ifVersion: nil, dependents: .stay)
        let left = try #require(try await store.get(Run.self, namespace: "default", name: "a"))
        #expect(left.metadata.ownerReferences == nil)
        #expect(left.metadata.deletionTimestamp == nil)
        let again = try await store.create(Experiment.sample("owner"))
        try await store.delete(again.key)
        #expect(try await store.get(Run.self, namespace: "default", name: "a") == left)
    }

    @Test(
        "an injection goes with its run, whether dependents are to stay or another owner is named",
        arguments: stores, DependentRule.allCases)
    func injections(under: any StoreUnderTest, rule: DependentRule) async throws {
        let opened = try await under.make(TestClocks())
        let store = opened.store
        let other = try await store.create(Experiment.sample("other"))
        let run = try await store.create(Run.sample("a"))
        var injection = Injection.sample("a-1", of: run)
        injection.metadata.ownerReferences?.append(
            OwnerReference(kind: .experiment, name: "other", uid: try #require(other.metadata.uid)))
        _ = try await store.create(injection)
        try await store.delete(run.key, ifVersion: nil, dependents: rule)
        #expect(try await store.list(Injection.self, namespace: nil, labels: [:]).items.isEmpty)
    }

    @Test("a new resource of an old name is another one: a write meant for the old is refused", arguments: stores)
    func sameName(under: any StoreUnderTest) async throws {
        let opened = try await under.make(TestClocks())
        let old = try await opened.store.create(Run.sample("a"))
        try await opened.store.delete(old.key)
        let new = try await opened.store.create(Run.sample("a"))
        #expect(new.metadata.uid != old.metadata.uid)
        #expect(await storeErrorCode { _ = try await opened.store.update(old) } == .conflict)
    }
}

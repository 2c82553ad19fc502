// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import ResourceStore
import Testing

@Suite("Every store: resources")
struct ResourceContractTests {
    @Test("what was created is read back, with what the store sets", arguments: stores)
    func create(under: any StoreUnderTest) async throws {
        let clocks = TestClocks()
        let opened = try await under.make(clocks)
        var asked = Run.sample("a")
        asked.status = RunStatus(phase: .done)
        let created = try await opened.store.create(asked)
        #expect(created.metadata.uid?.isEmpty == false)
        #expect(created.metadata.generation == 1)
        #expect(created.metadata.creationTimestamp == clocks.date)
        #expect(created.metadata.namespace == "default")
        #expect(created.spec == asked.spec)
        #expect(created.status == nil)
        #expect(try await opened.store.get(Run.self, namespace: "default", name: "a") == created)
    }

    @Test("a name is taken once", arguments: stores)
    func createTwice(under: any StoreUnderTest) async throws {
        let opened = try await under.make(TestClocks())
        let first = try await opened.store.create(Experiment.sample("a"))
        #expect(await storeErrorCode { _ = try await opened.store.create(Experiment.sample("a")) } == .alreadyExists)
        #expect(try await opened.store.get(Experiment.self, namespace: "default", name: "a") == first)
    }

    @Test("what has a version already cannot be created", arguments: stores)
    func createWithVersion(under: any StoreUnderTest) async throws {
        let opened = try await under.make(TestClocks())
        let first = try await opened.store.create(Experiment.sample("a"))
        try await opened.store.delete(first.key)
        #expect(await storeErrorCode { _ = try await opened.store.create(first) } == .invalid)
    }

    @Test("a policy lives in no namespace", arguments: stores)
    func clusterWide(under: any StoreUnderTest) async throws {
        let opened = try await under.make(TestClocks())
        let metadata = ObjectMetadata(name: "p", namespace: "team")
        let created = try await opened.store.create(Policy(metadata: metadata, spec: PolicySpec()))
        #expect(created.metadata.namespace == nil)
        #expect(try await opened.store.get(Policy.self, namespace: "other", name: "p") == created)
        #expect(try await opened.store.list(Policy.self, namespace: "other", labels: [:]).items == [created])
    }

    @Test("a list has the wanted namespace and labels, in order, and the store's version", arguments: stores)
    func list(under: any StoreUnderTest) async throws {
        let opened = try await under.make(TestClocks())
        let red = ["team": "red", "tier": "web"]
        _ = try await opened.store.create(Experiment.sample("b", namespace: "two", labels: red))
        _ = try await opened.store.create(Experiment.sample("c", namespace: "one", labels: ["team": "red"]))
        let last = try await opened.store.create(Experiment.sample("a", namespace: "two", labels: ["team": "blue"]))
        let store = opened.store
        func names(_ namespace: String?, _ labels: [String: String]) async throws -> [String] {
            try await store.list(Experiment.self, namespace: namespace, labels: labels).items.map(\.metadata.name)
        }
        #expect(try await names(nil, [:]) == ["c", "a", "b"])
        #expect(try await names("two", [:]) == ["a", "b"])
        #expect(try await names(nil, ["team": "red"]) == ["c", "b"])
        #expect(try await names(nil, red) == ["b"])
        #expect(try await names(nil, ["team": "re"]) == [])
        let version = try await store.list(Run.self, namespace: nil, labels: [:]).resourceVersion
        #expect(version == last.metadata.resourceVersion)
    }

    @Test("the generation grows with the spec only; the status stays", arguments: stores)
    func generation(under: any StoreUnderTest) async throws {
        let opened = try await under.make(TestClocks())
        var run = try await opened.store.create(Run.sample("a"))
        run.status = RunStatus(phase: .planned)
        run = try await opened.store.updateStatus(run)
        #expect(run.metadata.generation == 1)
        run.metadata.labels = ["a": "b"]
        run.status = nil
        run = try await opened.store.update(run)
        #expect(run.metadata.generation == 1)
        #expect(run.status?.phase == .planned)
        run.spec.reason = "because"
        run = try await opened.store.update(run)
        #expect(run.metadata.generation == 2)
        #expect(run.status?.phase == .planned)
    }

    @Test("writing the status keeps the stored spec and metadata", arguments: stores)
    func statusOnly(under: any StoreUnderTest) async throws {
        let opened = try await under.make(TestClocks())
        let created = try await opened.store.create(Run.sample("a"))
        var changed = created
        changed.spec.reason = "not to be written"
        changed.metadata.labels = ["not": "written"]
        changed.status = RunStatus(phase: .baseline)
        let written = try await opened.store.updateStatus(changed)
        #expect(written.spec == created.spec)
        #expect(written.metadata.labels == nil)
        #expect(written.status?.phase == .baseline)
        #expect(try await opened.store.get(Run.self, namespace: "default", name: "a") == written)
    }

    @Test("an older version is refused and changes nothing", arguments: stores)
    func conflict(under: any StoreUnderTest) async throws {
        let opened = try await under.make(TestClocks())
        let old = try await opened.store.create(Run.sample("a"))
        var newer = old
        newer.spec.reason = "first"
        newer = try await opened.store.update(newer)
        var late = old
        late.spec.reason = "second"
        late.status = RunStatus(phase: .done)
        #expect(await storeErrorCode { _ = try await opened.store.update(late) } == .conflict)
        #expect(await storeErrorCode { _ = try await opened.store.updateStatus(late) } == .conflict)
        #expect(try await opened.store.get(Run.self, namespace: "default", name: "a") == newer)
    }

    @Test("a write without a version is refused, and one to nothing", arguments: stores)
    func unversioned(under: any StoreUnderTest) async throws {
        let opened = try await under.make(TestClocks())
        var run = try await opened.store.create(Run.sample("a"))
        run.metadata.resourceVersion = nil
        #expect(await storeErrorCode { _ = try await opened.store.update(run) } == .invalid)
        #expect(await storeErrorCode { _ = try await opened.store.update(Run.sample("b")) } == .notFound)
    }

    @Test("an update that changes nothing keeps the version", arguments: stores)
    func unchanged(under: any StoreUnderTest) async throws {
        let opened = try await under.make(TestClocks())
        let run = try await opened.store.create(Run.sample("a"))
        #expect(try await opened.store.update(run) == run)
        #expect(try await opened.store.updateStatus(run) == run)
    }

    @Test("of many writers of one version, one wins", arguments: stores)
    func manyWriters(under: any StoreUnderTest) async throws {
        let opened = try await under.make(TestClocks())
        let run = try await opened.store.create(Run.sample("a"))
        let store = opened.store
        let wins = await withTaskGroup(of: Bool.self) { group in
            for writer in 1...8 {
                group.addTask {
                    var mine = run
                    mine.spec.reason = "writer \(writer)"
                    return await storeErrorCode { _ = try await store.update(mine) } == nil
                }
            }
            return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        #expect(wins == 1)
    }

    @Test("a cancelled task can still write, as an undo must", arguments: stores)
    func cancelled(under: any StoreUnderTest) async throws {
        let opened = try await under.make(TestClocks())
        let store = opened.store
        let task = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            return try await store.create(Run.sample("a"))
        }
        let written = try await task.value
        #expect(try await store.get(Run.self, namespace: "default", name: "a") == written)
    }
}

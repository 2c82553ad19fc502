// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import FoundationEssentials
import ResourceStore
import Testing

@Suite("Every store: documents")
struct DocumentContractTests {
    @Test("a document is the resource itself, version and generation included", arguments: stores)
    func whole(under: any StoreUnderTest) async throws {
        let opened = try await under.make(TestClocks())
        let store = opened.store
        var run = try await store.create(Run.sample("a"))
        run.status = RunStatus(phase: .baseline)
        run = try await store.updateStatus(run)
        let document = try #require(try await store.getDocument(run.key))
        #expect(try document.decoded(Run.self) == run)
        #expect(document.key == run.key)
        #expect(document.uid == run.metadata.uid)
        #expect(document.resourceVersion == run.metadata.resourceVersion)
        #expect(try await store.getDocument(Run.sample("b").key) == nil)
    }

    @Test("a cluster-wide resource has a document too", arguments: stores)
    func clusterWide(under: any StoreUnderTest) async throws {
        let opened = try await under.make(TestClocks())
        let store = opened.store
        let policy = try await store.create(Policy(metadata: ObjectMetadata(name: "p"), spec: PolicySpec()))
        #expect(try await store.getDocument(policy.key)?.decoded(Policy.self) == policy)
        let page = try await store.listDocuments(DocumentQuery(kind: .policy, namespace: "ignored"))
        #expect(page.items.map(\.key) == [policy.key])
    }

    @Test("a list is ordered, of the one kind and namespace, at the version of the store", arguments: stores)
    func list(under: any StoreUnderTest) async throws {
        let opened = try await under.make(TestClocks())
        let store = opened.store
        for (name, space) in [("b", "x"), ("a", "x"), ("c", "w")] {
            _ = try await store.create(Experiment.sample(name, namespace: space))
        }
        _ = try await store.create(Run.sample("a"))
        let all = try await store.listDocuments(DocumentQuery(kind: .experiment))
        #expect(all.items.map(\.key.name) == ["c", "a", "b"])
        #expect(all.continuation == nil)
        #expect(all.resourceVersion == (try await store.list(Run.self, namespace: nil, labels: [:]).resourceVersion))
        let some = try await store.listDocuments(DocumentQuery(kind: .experiment, namespace: "x"))
        #expect(some.items.map(\.key.name) == ["a", "b"])
    }

    struct Selection: CustomTestStringConvertible {
        var requirement: LabelRequirement
        var names: [String]
        var testDescription: String { "\(requirement.label) \(requirement.condition)" }
    }

    static let selections = [
        Selection(requirement: .init("team", .isIn(["red"])), names: ["a", "b"]),
        Selection(requirement: .init("team", .isIn(["red", "blue"])), names: ["a", "b", "c"]),
        Selection(requirement: .init("team", .notIn(["red"])), names: ["c", "d"]),
        Selection(requirement: .init("team", .exists), names: ["a", "b", "c"]),
        Selection(requirement: .init("team", .isAbsent), names: ["d"]),
        Selection(requirement: .init("it's a\"quote", .exists), names: []),
        Selection(requirement: .init("team", .isIn([])), names: []),
    ]

    @Test("labels select as in Kubernetes", arguments: stores, selections)
    func labels(under: any StoreUnderTest, selection: Selection) async throws {
        let opened = try await under.make(TestClocks())
        let store = opened.store
        for (name, team) in [("a", "red"), ("b", "red"), ("c", "blue")] {
            _ = try await store.create(Experiment.sample(name, labels: ["team": team, "n": name]))
        }
        _ = try await store.create(Experiment.sample("d"))
        let page = try await store.listDocuments(DocumentQuery(kind: .experiment, labels: [selection.requirement]))
        #expect(page.items.map(\.key.name) == selection.names)
    }

    @Test("fields select by name, namespace and status; one that cannot be is refused with what can", arguments: stores)
    func fields(under: any StoreUnderTest) async throws {
        let opened = try await under.make(TestClocks())
        let store = opened.store
        for name in ["a", "b", "c"] { _ = try await store.create(Run.sample(name)) }
        var run = try #require(try await store.get(Run.self, namespace: "default", name: "b"))
        run.status = RunStatus(phase: .holding)
        _ = try await store.updateStatus(run)
        func names(_ fields: FieldRequirement...) async throws -> [String] {
            try await store.listDocuments(DocumentQuery(kind: .run, fields: fields)).items.map(\.key.name)
        }
        #expect(try await names(.init("status.phase", to: "Holding")) == ["b"])
        #expect(try await names(.init("status.phase", isEqual: false, to: "Holding")) == ["a", "c"])
        #expect(try await names(.init("metadata.name", to: "c")) == ["c"])
        #expect(
            try await names(.init("metadata.namespace", to: "default"), .init("status.phase", to: "")) == ["a", "c"])
        let refused = DocumentQuery(kind: .run, fields: [.init("status.phase') OR ('1", to: "1")])
        #expect(await storeErrorCode { _ = try await store.listDocuments(refused) } == .invalid)
    }

    @Test("pages go on with what was there at the first, whatever happens in between", arguments: stores, [1, 2, 3, 7])
    func pages(under: any StoreUnderTest, limit: Int) async throws {
        let opened = try await under.make(TestClocks())
        let store = opened.store
        for name in "abcdefgh" { _ = try await store.create(Experiment.sample("\(name)", labels: ["old": "yes"])) }
        let whole = try await store.listDocuments(DocumentQuery(kind: .experiment))
        var query = DocumentQuery(kind: .experiment, labels: [LabelRequirement("old", .exists)], limit: limit)
        var pages = [try await store.listDocuments(query)]
        try await disturb(store)
        while let continuation = pages.last?.continuation {
            query.continuation = continuation
            pages.append(try await store.listDocuments(query))
        }
        #expect(pages.flatMap(\.items) == whole.items)
        #expect(pages.allSatisfy { $0.resourceVersion == whole.resourceVersion && $0.items.count <= limit })
    }

    /// Changes, removes, makes anew and adds, once and twice.
    private func disturb(_ store: any ResourceStore) async throws {
        for name in "bdfh" {
            var old = try #require(try await store.get(Experiment.self, namespace: "default", name: "\(name)"))
            old.metadata.labels = ["new": "yes"]
            old = try await store.update(old)
            old.spec.hypothesis += "!"
            _ = try await store.update(old)
        }
        for name in "cdgh" { try await store.delete(Experiment.sample("\(name)").key) }
        for name in ["d", "g", "bb", "z"] {
            _ = try await store.create(Experiment.sample(name, labels: ["old": "yes"]))
        }
    }

    @Test("what continues no list is refused", arguments: stores, ["", "zz", "00", "312f61", "2d312f2f"])
    func rubbish(under: any StoreUnderTest, continuation: String) async throws {
        let opened = try await under.make(TestClocks())
        let store = opened.store
        let query = DocumentQuery(kind: .run, limit: 1, continuation: continuation)
        #expect(await storeErrorCode { _ = try await store.listDocuments(query) } == .invalid)
    }
}

extension StoredDocument {
    func decoded<R: Resource>(_ type: R.Type) throws -> R { try JSONDecoder().decode(type, from: Data(json)) }
}

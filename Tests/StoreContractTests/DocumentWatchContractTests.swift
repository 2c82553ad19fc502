// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import ResourceStore
import Testing

@Suite("Every store: watching documents")
struct DocumentWatchContractTests {
    @Test("each change comes with the object as of it, a deletion with the last state", arguments: stores)
    func contents(under: any StoreUnderTest) async throws {
        let opened = try await under.make(TestClocks())
        let store = opened.store
        let created = try await store.create(Run.sample("a"))
        var changed = created
        changed.spec.reason = "because"
        changed = try await store.update(changed)
        try await store.delete(created.key)
        let events = try await store.watchDocuments(.run, namespace: nil, after: "0", bookmarks: nil).first(3)
        let (kinds, documents) = (events.compactMap(\.kind), events.compactMap(\.document))
        #expect(kinds == [.added, .modified, .deleted])
        #expect(try documents[0].decoded(Run.self) == created)
        #expect(try documents[1].decoded(Run.self) == changed)
        let last = try documents[2].decoded(Run.self)
        #expect(last.spec == changed.spec)
        #expect(last.metadata.uid == created.metadata.uid)
        #expect(last.metadata.resourceVersion == documents[2].resourceVersion)
        #expect(try #require(Int(documents[2].resourceVersion)) > #require(Int(documents[1].resourceVersion)))
    }

    @Test("a watcher of one namespace hears of that one only, past and coming", arguments: stores)
    func namespace(under: any StoreUnderTest) async throws {
        let opened = try await under.make(TestClocks())
        let store = opened.store
        for (name, space) in [("a", "x"), ("b", "y"), ("c", "x")] {
            _ = try await store.create(Experiment.sample(name, namespace: space))
        }
        let watching = Task {
            try await store.watchDocuments(.experiment, namespace: "x", after: "0", bookmarks: nil).first(4)
        }
        for (name, space) in [("d", "y"), ("e", "x"), ("f", "y"), ("g", "x")] {
            _ = try await store.create(Experiment.sample(name, namespace: space))
        }
        #expect(try await watching.value.compactMap(\.document?.key.name) == ["a", "c", "e", "g"])
    }

    @Test("a watcher goes on after a list without a gap", arguments: stores)
    func afterList(under: any StoreUnderTest) async throws {
        let opened = try await under.make(TestClocks())
        let store = opened.store
        _ = try await store.create(Run.sample("a"))
        let version = try await store.listDocuments(DocumentQuery(kind: .run)).resourceVersion
        _ = try await store.create(Run.sample("b"))
        let events = try await store.watchDocuments(.run, namespace: nil, after: version, bookmarks: nil).first(1)
        #expect(events.first?.document?.key.name == "b")
    }

    @Test("bookmarks come while nothing happens, with the version of the store", arguments: stores)
    func bookmarks(under: any StoreUnderTest) async throws {
        let opened = try await under.make(TestClocks())
        let store = opened.store
        let events = store.watchDocuments(.run, namespace: nil, after: "0", bookmarks: .milliseconds(1))
        var reader = events.makeAsyncIterator()
        #expect(try await reader.next() == .bookmark(resourceVersion: "0"))
        _ = try await store.create(Experiment.sample("not watched"))
        let version = try await store.listDocuments(DocumentQuery(kind: .run)).resourceVersion
        while let event = try await reader.next(), event != .bookmark(resourceVersion: version) {
            #expect(event == .bookmark(resourceVersion: "0"))
        }
        let created = try await store.create(Run.sample("a"))
        while let event = try await reader.next() {
            guard let document = event.document else { continue }
            #expect(try document.decoded(Run.self) == created)
            break
        }
    }

    @Test("a hundred watchers see every change of four writers in one order", arguments: stores)
    func many(under: any StoreUnderTest) async throws {
        let opened = try await under.make(TestClocks())
        let store = opened.store
        let watchers = (0..<100).map { _ in
            Task { try await store.watchDocuments(.run, namespace: nil, after: "0", bookmarks: nil).first(40) }
        }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for writer in 1...4 {
                group.addTask { for run in 1...10 { _ = try await store.create(Run.sample("w\(writer)-\(run)")) } }
            }
            try await group.waitForAll()
        }
        let first = try await watchers[0].value
        #expect(Set(first.compactMap(\.document?.key)).count == 40)
        for watcher in watchers { #expect(try await watcher.value == first) }
    }

    @Test("a cancelled watch ends; a version that is none or was never there is told", arguments: stores)
    func ends(under: any StoreUnderTest) async throws {
        let opened = try await under.make(TestClocks())
        let store = opened.store
        func watch(after version: String) -> AsyncThrowingStream<DocumentEvent, any Error> {
            store.watchDocuments(.run, namespace: nil, after: version, bookmarks: nil)
        }
        let watching = Task { try await watch(after: "0").first(1) }
        watching.cancel()
        #expect(try await watching.value == [])
        #expect(await storeErrorCode { _ = try await watch(after: "7000").first(1) } == .expired)
        #expect(await storeErrorCode { _ = try await watch(after: "-1").first(1) } == .invalid)
    }
}

extension AsyncThrowingStream<DocumentEvent, any Error> {
    /// The first so many events; fewer when the stream ends.
    func first(_ count: Int) async throws -> [DocumentEvent] {
        var events: [DocumentEvent] = []
        for try await event in self {
            events.append(event)
            if events.count == count { break }
        }
        return events
    }
}

extension DocumentEvent {
    var document: StoredDocument? {
        if case .change(_, let document) = self { return document }
        return nil
    }

    var kind: ResourceChange.Kind? {
        if case .change(let kind, _) = self { return kind }
        return nil
    }
}

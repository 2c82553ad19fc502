// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import ResourceStore
import SQLiteStore
import Testing

@Suite("Bounds of watching")
struct WatchBoundTests {
    private func policy(_ name: String, size: Int = 0) -> Policy {
        var policy = Policy(metadata: ObjectMetadata(name: name), spec: PolicySpec())
        if size > 0 { policy.metadata.annotations = ["a": String(repeating: "x", count: size)] }
        return policy
    }

    @Test("a watcher that does not read is cut with expired when the log has gone on; one that reads is not")
    func slow() async throws {
        let options = SQLiteStoreOptions(environment: .system, changesKept: 100)
        let store = try await SQLiteStore.open(path: ":memory:", options: options)
        var slow = store.watchDocuments(.policy, namespace: nil, after: "0", bookmarks: nil).makeAsyncIterator()
        var quick = store.watchDocuments(.policy, namespace: nil, after: "0", bookmarks: nil).makeAsyncIterator()
        _ = try await store.create(policy("first"))
        #expect(try await slow.next() != nil)
        #expect(try await quick.next() != nil)
        // More than the hub's ring holds, and than the log keeps.
        for number in 0..<5_000 {
            _ = try await store.create(policy("p\(number)"))
            guard case .change(.added, let document)? = try await quick.next() else { break }
            #expect(document.key.name == "p\(number)")
        }
        let error = await storeError { while try await slow.next() != nil {} }
        #expect(error?.code == .expired)
        await store.close()
    }

    @Test("the log is bounded by bytes as well as by count")
    func bytes() async throws {
        let options = SQLiteStoreOptions(environment: .system, changesKept: 10, changeBytesKept: 200_000)
        let store = try await SQLiteStore.open(path: ":memory:", options: options)
        for number in 0..<30 { _ = try await store.create(policy("p\(number)", size: 50_000)) }
        #expect(try await store.check().changes <= 10)
        #expect(try await store.check().changes >= 3)
        await store.close()
    }

    @Test("closing the store ends every watch, also those that wait")
    func closed() async throws {
        let store = try await SQLiteStore.open(path: ":memory:", options: SQLiteStoreOptions(environment: .system))
        let watching = (0..<50).map { _ in
            Task {
                await storeError {
                    for try await _ in store.watchDocuments(.policy, namespace: nil, after: "0", bookmarks: nil) {}
                }
            }
        }
        _ = try await store.create(policy("p"))
        await store.close()
        for watcher in watching { #expect(await watcher.value?.code == .unavailable) }
    }

    @Test("an old state that only the change itself remembers is still listed, and one that nobody knows is expired")
    func forgottenState() async throws {
        let options = SQLiteStoreOptions(environment: .system, changesKept: 4)
        let store = try await SQLiteStore.open(path: ":memory:", options: options)
        var old = try await store.create(policy("z"))
        for number in 0..<12 { _ = try await store.create(policy("a\(number)")) }
        var query = DocumentQuery(kind: .policy, limit: 12)
        let first = try await store.listDocuments(query)
        query.continuation = first.continuation
        old.metadata.labels = ["new": "yes"]
        old = try await store.update(old)
        let second = try await store.listDocuments(query)
        #expect(second.items.map(\.resourceVersion) == ["1"])
        for number in 0..<12 { _ = try await store.create(policy("b\(number)")) }
        let asked = query
        #expect(await storeError { _ = try await store.listDocuments(asked) }?.code == .expired)
        await store.close()
    }
}

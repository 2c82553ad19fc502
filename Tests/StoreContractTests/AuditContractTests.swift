// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import ResourceStore
import Testing

@Suite("Every store: the audit")
struct AuditContractTests {
    @Test("every write of a resource has its record, with who, why and what", arguments: stores)
    func records(under: any StoreUnderTest) async throws {
        let clocks = TestClocks()
        let opened = try await under.make(clocks)
        let store = opened.store
        let alice = WriteOrigin(actor: "user:alice", reason: "a game day", request: "r-1")
        var run = try await WriteOrigin.$current.withValue(alice) { try await store.create(Run.sample("a")) }
        run.status = RunStatus(phase: .baseline)
        run = try await store.updateStatus(run)
        run.metadata.annotations = [WriteOrigin.reasonAnnotation: "it is annotated"]
        run = try await store.update(run)
        try await store.delete(run.key)
        let entries = try await store.entries()
        #expect(entries.map(\.action) == ["create", "updateStatus", "update", "delete"])
        #expect(entries.map(\.sequence) == [1, 2, 3, 4])
        #expect(entries.allSatisfy { $0.object == run.key.description && $0.at == clocks.date })
        #expect(entries[0].origin == alice)
        #expect(entries[1].origin == .controller)
        #expect(entries[2].origin.reason == "it is annotated")
        #expect(entries[2].result == "resourceVersion \(run.metadata.resourceVersion ?? "")")
    }

    @Test("what was refused, and what changed nothing, leaves no record", arguments: stores)
    func refused(under: any StoreUnderTest) async throws {
        let opened = try await under.make(TestClocks())
        let store = opened.store
        let run = try await store.create(Run.sample("a"))
        #expect(await storeErrorCode { _ = try await store.create(Run.sample("a")) } == .alreadyExists)
        _ = try await store.update(run)
        #expect(try await store.entries().count == 1)
    }

    @Test("what goes along with its owner is recorded too", arguments: stores)
    func cascade(under: any StoreUnderTest) async throws {
        let opened = try await under.make(TestClocks())
        let store = opened.store
        let owner = try await store.create(Experiment.sample("owner"))
        _ = try await store.create(Run.sample("owned", ownedBy: [owner]))
        try await store.delete(owner.key)
        let deleted = try await store.entries().filter { $0.action == "delete" }.map(\.object)
        #expect(deleted == [owner.key.description, Run.sample("owned").key.description])
    }

    @Test("other things are recorded by whoever does them, and pages go on where the last ended", arguments: stores)
    func others(under: any StoreUnderTest) async throws {
        let clocks = TestClocks()
        let opened = try await under.make(clocks)
        let store = opened.store
        for number in 1...5 {
            try await store.record(
                AuditEntry(at: clocks.date, action: "login", object: "user:\(number)", result: "accepted"))
        }
        let first = try await store.auditEntries(after: 0, limit: 3)
        let rest = try await store.auditEntries(after: first.last?.sequence ?? 0, limit: 3)
        let objects = try (first + rest).map { try AuditChain.entry(of: $0).object }
        #expect(objects == (1...5).map { "user:\($0)" })
        #expect(try await store.auditHead() == AuditHead(sequence: 5, hash: rest.last?.hash ?? []))
    }

    @Test("a checkpoint signs the head, once, and is itself in the chain", arguments: stores)
    func checkpoint(under: any StoreUnderTest) async throws {
        let clocks = TestClocks()
        let opened = try await under.make(clocks)
        let store = opened.store
        func sign() async throws -> AuditCheckpoint? {
            try await store.checkpoint(key: "k", at: clocks.date) { $0.reversed() }
        }
        #expect(try await sign() == nil)
        _ = try await store.create(Run.sample("a"))
        let head = try await store.auditHead()
        let made = try #require(try await sign())
        #expect(made.head == head)
        #expect(made.signature == AuditCheckpoint.message(for: head).reversed())
        #expect(try await sign() == nil)
        #expect(try await store.entries().compactMap(AuditCheckpoint.init) == [made])
    }

    @Test("two who write at once keep one chain", arguments: sharedStores)
    func together(under: any StoreUnderTest) async throws {
        let opened = try await under.make(TestClocks())
        let writers = [opened.store, try await opened.another()]
        try await withThrowingTaskGroup(of: Void.self) { group in
            for (number, store) in writers.enumerated() {
                group.addTask { for run in 0..<25 { _ = try await store.create(Run.sample("w\(number)-\(run)")) } }
            }
            try await group.waitForAll()
        }
        #expect(try await opened.store.entries().map(\.sequence) == Array(1...50))
    }
}

extension AuditTrail {
    func entries() async throws -> [AuditEntry] {
        try await auditEntries(after: 0, limit: 1_000).map { try AuditChain.entry(of: $0) }
    }
}

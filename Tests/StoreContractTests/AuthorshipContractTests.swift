// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import ResourceStore
import Testing

@Suite("Every store: who wrote what")
struct AuthorshipContractTests {
    private func write<R: Sendable>(as actor: String, _ body: @Sendable () async throws -> R) async throws -> R {
        try await WriteOrigin.$current.withValue(WriteOrigin(actor: actor)) { try await body() }
    }

    @Test(
        "the creator stays, and the author is who changed the spec last; other writes change neither", arguments: stores
    )
    func authors(under: any StoreUnderTest) async throws {
        let opened = try await under.make(TestClocks())
        let store = opened.store
        var made = try await write(as: "user:ada") { try await store.create(Experiment.sample("a")) }
        #expect(made.metadata.annotations == [Authorship.creator: "user:ada", Authorship.author: "user:ada"])
        made.metadata.labels = ["team": "web"]
        made = try await write(as: "user:bob") { [made] in try await store.update(made) }
        #expect(made.author == "user:ada")
        made.spec.hypothesis = "another"
        made = try await write(as: "user:bob") { [made] in try await store.update(made) }
        #expect(made.metadata.annotations == [Authorship.creator: "user:ada", Authorship.author: "user:bob"])
        #expect(try await store.get(Experiment.self, namespace: "default", name: "a") == made)
        let status = try await write(as: "user:eve") { [made] in try await store.updateStatus(made) }
        #expect(status.metadata.annotations == made.metadata.annotations)
    }

    @Test("no write names another author, takes the authors away, or brings them along", arguments: stores)
    func forged(under: any StoreUnderTest) async throws {
        let opened = try await under.make(TestClocks())
        let store = opened.store
        var forged = Experiment.sample("a")
        forged.metadata.annotations = [Authorship.creator: "user:bob", Authorship.author: "user:bob", "mine": "x"]
        var made = try await write(as: "user:ada") { [forged] in try await store.create(forged) }
        #expect(made.author == "user:ada" && made.metadata.annotations?["mine"] == "x")
        for annotations in [nil, [:], [Authorship.author: "user:bob"]] as [[String: String]?] {
            made.metadata.annotations = annotations
            made = try await write(as: "user:ada") { [made] in try await store.update(made) }
            #expect(made.metadata.annotations == [Authorship.creator: "user:ada", Authorship.author: "user:ada"])
        }
        try await write(as: "user:eve") { [made] in try await store.delete(made.key) }
        let again = try await write(as: "user:eve") { [forged] in try await store.create(forged) }
        #expect(again.author == "user:eve")
    }

    @Test("runs carry no authors' annotations; what they are made from does", arguments: stores)
    func kinds(under: any StoreUnderTest) async throws {
        let opened = try await under.make(TestClocks())
        let store = opened.store
        #expect(try await store.create(Run.sample("a")).metadata.annotations == nil)
        let schedule = Schedule(
            metadata: ObjectMetadata(name: "s"), spec: ScheduleSpec(experiment: "a", timeZone: "UTC"))
        #expect(
            try await write(as: "user:ada") { try await store.create(schedule) }.authors == ["user:ada", "user:ada"])
    }
}

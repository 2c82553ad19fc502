// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import ResourceStore
import Testing

@Suite("Every store: deleting what must be put back first")
struct UndoHoldContractTests {
    /// A run in a phase, with one injection in a state.
    private func world(
        _ opened: any OpenStore, phase: RunPhase, undo: UndoState = .none, state: InjectionState
    ) async throws -> (run: Run, injection: Injection) {
        var run = try await opened.store.create(Run.sample("r"))
        var injection = try await opened.store.create(Injection.sample("r-1", of: run))
        injection.status = InjectionStatus(state: state)
        injection = try await opened.store.updateStatus(injection)
        run.status = RunStatus(phase: phase)
        run.status?.undo = undo
        run = try await opened.store.updateStatus(run)
        return (run, injection)
    }

    private func run(_ opened: any OpenStore) async throws -> Run? {
        try await opened.store.get(Run.self, namespace: "default", name: "r")
    }

    private func injection(_ opened: any OpenStore) async throws -> Injection? {
        try await opened.store.get(Injection.self, namespace: "default", name: "r-1")
    }

    @Test("a run under way stays in each phase, and goes with its injections when it is done", arguments: stores)
    func run(under: any StoreUnderTest) async throws {
        for phase in RunPhase.allCases where phase != .done {
            let opened = try await under.make(TestClocks())
            let (run, injection) = try await world(opened, phase: phase, state: .effective)
            try await opened.store.delete(run.key)
            try await opened.store.delete(run.key)
            try await opened.store.delete(injection.key)
            var held = try #require(try await self.run(opened))
            #expect(held.metadata.finalizers == [UndoHold.finalizer])
            #expect(held.metadata.deletionTimestamp != nil)
            var last = try #require(try await self.injection(opened))
            last.status?.state = .reverted
            _ = try await opened.store.updateStatus(last)
            #expect(try await self.injection(opened) != nil, "the run still needs its record")
            held.status?.phase = .done
            #expect(try await opened.store.updateStatus(held).status?.phase == .done)
            #expect(try await self.run(opened) == nil)
            #expect(try await self.injection(opened) == nil)
        }
    }

    @Test("nobody takes the undo's finalizer away while something is owed", arguments: stores)
    func stripped(under: any StoreUnderTest) async throws {
        let opened = try await under.make(TestClocks())
        let (run, injection) = try await world(opened, phase: .holding, state: .effective)
        try await opened.store.delete(run.key)
        try await opened.store.delete(injection.key)
        var held = try #require(try await self.run(opened))
        held.metadata.finalizers = nil
        #expect(try await opened.store.update(held).metadata.finalizers == [UndoHold.finalizer])
        var bare = try #require(try await self.injection(opened))
        bare.metadata.finalizers = []
        bare.metadata.ownerReferences = nil
        _ = try await opened.store.update(bare)
        #expect(try await self.injection(opened)?.metadata.finalizers == [UndoHold.finalizer])
    }

    @Test("an owner that is deleted, and a finalizer of another, do not get around it", arguments: stores)
    func byWayOfOthers(under: any StoreUnderTest) async throws {
        let opened = try await under.make(TestClocks())
        let owner = try await opened.store.create(Experiment.sample("owner"))
        var run = try await opened.store.create(Run.sample("r", ownedBy: [owner], finalizers: ["other"]))
        run.status = RunStatus(phase: .injecting)
        _ = try await opened.store.updateStatus(run)
        try await opened.store.delete(owner.key)
        var held = try #require(try await self.run(opened))
        #expect(Set(held.metadata.finalizers ?? []) == ["other", UndoHold.finalizer])
        held.metadata.finalizers = [UndoHold.finalizer]
        held = try await opened.store.update(held)
        held.status?.phase = .done
        _ = try await opened.store.updateStatus(held)
        #expect(try await self.run(opened) == nil)
    }

    @Test("what could not be put back stays until somebody says how it was dealt with", arguments: stores)
    func dirty(under: any StoreUnderTest) async throws {
        let opened = try await under.make(TestClocks())
        let (run, injection) = try await world(opened, phase: .done, undo: .dirty, state: .revertFailed)
        try await opened.store.delete(injection.key)
        #expect(try await self.injection(opened) != nil)
        try await opened.store.delete(run.key)
        var held = try #require(try await self.run(opened))
        held.metadata.annotations = [RetentionPolicy.acknowledgement: "started by hand"]
        _ = try await opened.store.update(held)
        #expect(try await self.run(opened) == nil)
        #expect(try await self.injection(opened) == nil)
    }

    @Test("what nobody has taken up, and what is done, goes at once", arguments: stores)
    func free(under: any StoreUnderTest) async throws {
        let opened = try await under.make(TestClocks())
        let new = try await opened.store.create(Run.sample("new"))
        try await opened.store.delete(new.key)
        #expect(try await opened.store.get(Run.self, namespace: "default", name: "new") == nil)
        let (run, _) = try await world(opened, phase: .done, undo: .clean, state: .reverted)
        try await opened.store.delete(run.key)
        #expect(try await self.run(opened) == nil)
        #expect(try await self.injection(opened) == nil)
    }
}

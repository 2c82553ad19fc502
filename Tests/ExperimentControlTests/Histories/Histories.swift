// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import ResourceStore
import SQLiteStore
import Scheduling
import Synchronization

@testable import ExperimentControl

/// One random history after the other: several processes drive runs on one store by the product's own steps, while they
/// are stopped, die and start again, answers are lost, the date is set to and fro, and people halt, freeze, abort,
/// and tighten and loosen rules in the middle of every step.
final class Histories: Sendable {
    private struct State {
        var chance: SeededGenerator
        var number = 0
        var depth = 0
        var runs: [Run] = []
        /// What a process that was stopped for long still believes.
        var stale: [Injector.Context] = []
        var holders: [String: Int] = [:]
    }

    let witness = Witness()
    let clock: SimulatedClock
    private let stores: [SQLiteStore]
    private let outboxes: [Outbox]
    private let state: Mutex<State>

    init(stores: [SQLiteStore], clock: SimulatedClock, seed: UInt64) {
        self.stores = stores
        self.clock = clock
        state = Mutex(State(chance: SeededGenerator(seed: seed)))
        let options = ControllerOptions(ownInstances: [])
        outboxes = stores.map { store in
            Outbox(
                store: store, courier: ScriptedCourier(), clock: clock, options: options, random: { 0.5 },
                logger: .silent)
        }
    }

    // MARK: Chance

    private func chance(_ oneIn: Int) -> Bool { number(below: oneIn) == 0 }

    private func number(below most: Int) -> Int { state.withLock { Int.random(in: 0..<most, using: &$0.chance) } }

    // MARK: One history

    /// Lives through one history of so many steps, and leaves nothing behind for the next.
    func live(steps: Int) async throws {
        try await begin()
        for _ in 0..<steps {
            await turn()
            if chance(6) { await happening() }
        }
        try await end()
    }

    private func begin() async throws {
        let history = state.withLock { state in
            state.number += 1
            return state.number
        }
        var runs: [Run] = []
        for number in 0..<(1 + self.number(below: 3)) {
            var run = Sample.run(Self.plan(most: 1 + self.number(below: 2)), name: "run-\(history)-\(number)")
            run.metadata.uid = nil
            var status = RunStatus(phase: .injecting)
            status.anchor = clock.anchor()
            run = try await stores[0].create(run)
            run.status = status
            run = try await stores[0].updateStatus(run)
            for index in 0..<(1 + self.number(below: 2)) {
                // Few targets, so that runs meet.
                var injection = Sample.injection(
                    Self.kill, target: "i-\(history)-\(self.number(below: 3))", group: "g-\(self.number(below: 2))",
                    name: "\(run.metadata.name)-\(index)", run: run.metadata.name)
                injection.metadata.uid = nil
                _ = try await stores[0].create(injection)
            }
            runs.append(run)
        }
        state.withLock { $0.runs = runs }
        if chance(2) { await changePolicy() }
    }

    /// Everything of this history is two days old for the next.
    private func end() async throws {
        for run in state.withLock({ $0.runs }) {
            try await stores[0].finish(run: run.uid)
            witness.facts.withLock { _ = $0.finished.insert(run.uid) }
            for injection in try await injections(of: run) { try await stores[0].delete(injection.key) }
            try await stores[0].delete(run.key)
        }
        for policy in try await stores[0].list(Policy.self, namespace: nil, labels: [:]).items {
            try await stores[0].delete(policy.key)
        }
        witness.facts.withLock { facts in
            facts.policies = [:]
            facts.harms = [:]
        }
        state.withLock { state in
            state.stale = []
            state.holders = [:]
        }
        clock.pass(49 * 3_600_000_000_000)
    }

    private static let kill = Sample.fault(.ec2(.terminate))

    private static func plan(most: Int) -> ExperimentSpec {
        Sample.experiment([kill], limits: LimitsSpec(maxTargets: most, minHealthy: 0))
    }

    private func injections(of run: Run) async throws(StoreError) -> [Injection] {
        try await stores[0].list(Injection.self, namespace: "default", labels: ["rebound/run": run.metadata.name]).items
    }

    // MARK: Processes

    /// Some process makes one step of some injection, by what it has just read, or by what it read long ago.
    private func turn() async {
        let process = number(below: 3)
        let store = stores[process % stores.count]
        let runs = state.withLock { $0.runs }
        let chosen = runs[number(below: runs.count)]
        // Losing errors is the point: a process that a store refuses stops, and another goes on.
        guard let run = try? await store.get(Run.self, namespace: "default", name: chosen.metadata.name),
            let all = try? await injections(of: run), !all.isEmpty
        else { return }
        let injection = all[number(below: all.count)]
        if injection.state.isFinal { return await finishIfOver(run, all) }
        let context = await context(run, all, injection, store)
        _ = try? await injector(process, store).advance(injection, in: context)
    }

    private func context(
        _ run: Run, _ all: [Injection], _ injection: Injection, _ store: SQLiteStore
    ) async -> Injector.Context {
        let old = state.withLock { $0.stale.first { $0.run.uid == run.uid } }
        if let old, chance(2) { return old }
        let policies = (try? await store.list(Policy.self, namespace: nil, labels: [:]).items) ?? []
        let taken = all.filter { $0.isTaking || $0.metadata.name == injection.metadata.name }.map(\.spec.target)
        let context = Injector.Context(run: run, policies: policies, targets: taken, mayHarm: run.spec.abort == nil)
        if chance(3) { state.withLock { $0.stale.append(context) } }
        return context
    }

    private func injector(_ process: Int, _ store: SQLiteStore) -> Injector {
        let world = SimulatedWorld(
            witness: witness, clock: clock, meanwhile: { [self] in await meanwhile() },
            run: { [self] name in state.withLock { $0.runs.first { $0.metadata.name == name } } },
            luck: { [self] in luck() }, die: { [self] injection in await disturb(injection) })
        return Injector(
            store: store, world: world, clock: clock, options: ControllerOptions(ownInstances: []),
            outbox: outboxes[process % stores.count],
            confirmLease: { [self] key throws(StoreError) in
                await meanwhile()
                let isMine = state.withLock { state in
                    // A lease runs out when its holder stops, and then it is whoever's asks first.
                    if Int.random(in: 0..<4, using: &state.chance) == 0 { state.holders[key.name] = process }
                    if state.holders[key.name] == nil { state.holders[key.name] = process }
                    return state.holders[key.name] == process
                }
                if !isMine { throw StoreError(.conflict, "another process drives it", hint: "") }
            }, logger: .silent)
    }

    private func luck() -> SimulatedWorld.Luck {
        switch number(below: 10) {
        case 0: .losesAnswer
        case 1: .losesRequest
        case 2: .killsCaller
        default: .answers
        }
    }

    /// Somebody writes to the injection, so that whoever waits for an answer cannot write it down.
    private func disturb(_ injection: Injection) async {
        guard var stored = try? await stores[0].get(Injection.self, namespace: "default", name: injection.metadata.name)
        else { return }
        stored.status?.message = "touched at \(clock.now().nanoseconds)"
        _ = try? await stores[0].updateStatus(stored)
    }

    private func finishIfOver(_ run: Run, _ all: [Injection]) async {
        guard all.allSatisfy(\.state.isFinal), chance(2) else { return }
        try? await stores[0].finish(run: run.uid)
        witness.facts.withLock { _ = $0.finished.insert(run.uid) }
    }

    // MARK: The rest of the world

    /// While something is waited for: nothing, a happening, or a whole step of another process.
    private func meanwhile() async {
        let isNested = state.withLock { state in
            state.depth += 1
            return state.depth > 1
        }
        defer { state.withLock { $0.depth -= 1 } }
        if chance(5) { await happening() }
        if !isNested, chance(6) { await turn() }
    }

    private func happening() async {
        switch number(below: 8) {
        case 0: clock.setDate(by: Int64(number(below: 100) - 50) * 3_600_000_000_000)
        case 1, 2: clock.pass(Int64(number(below: 10)) * 3_600_000_000_000)
        case 3: await abort()
        default: await changePolicy()
        }
    }

    private func abort() async {
        let runs = state.withLock { $0.runs }
        guard chance(3), let name = runs.last?.metadata.name,
            var run = try? await stores[0].get(Run.self, namespace: "default", name: name), run.spec.abort == nil
        else { return }
        run.spec.abort = AbortRequest(requestedBy: "ada", reason: "enough", at: clock.wall())
        guard let written = try? await stores[0].update(run) else { return }
        witness.facts.withLock { _ = $0.aborted.insert(written.uid) }
    }

    private func changePolicy() async {
        let name = ["halt", "one", "two"][number(below: 3)]
        let spec = randomSpec(name)
        let stored = try? await stores[0].get(Policy.self, namespace: "", name: name)
        if var policy = stored {
            policy.spec = spec
            guard (try? await stores[0].update(policy)) != nil else { return }
        } else {
            guard (try? await stores[0].create(Policy(metadata: ObjectMetadata(name: name), spec: spec))) != nil
            else { return }
        }
        witness.facts.withLock { $0.policies[name] = spec }
    }

    private func randomSpec(_ name: String) -> PolicySpec {
        var spec = PolicySpec()
        if name == "halt" {
            spec.halt = HaltSpec(reason: "r")
            if chance(2) { spec.halt?.resumed = ResumeSpec(reason: "r", requestedBy: "b", at: clock.wall()) }
            return spec
        }
        switch number(below: 7) {
        case 0: spec.maxTargetsPerRun = 1 + number(below: 2)
        case 1: spec.maxTargetsPerDay = 1 + number(below: 3)
        case 2: spec.maxTargetsPerGroup = 1 + number(below: 2)
        case 3: spec.maxTargetsPerGroupPerDay = 1 + number(below: 2)
        case 4:
            let from = clock.wall().advanced(by: .seconds(number(below: 7_200) - 3_600))
            spec.freezes = [FreezeSpec(from: from, until: from.advanced(by: .seconds(3_600)), reason: "r")]
        case 5: spec.leash = chance(2)
        default: spec.allowedFaults = [chance(2) ? "ec2.stop" : "ec2.terminate"]
        }
        return spec
    }
}

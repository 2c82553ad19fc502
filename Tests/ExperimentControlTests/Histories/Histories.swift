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
    /// One for each process; all are of one store.
    private let records: [any HistoryRecords]
    private let outbox: Outbox
    private let state: Mutex<State>

    /// The outbox has nothing to do: no run here reports anywhere.
    init(records: [any HistoryRecords], clock: SimulatedClock, seed: UInt64, idle: any ResourceStore) {
        self.records = records
        self.clock = clock
        state = Mutex(State(chance: SeededGenerator(seed: seed)))
        outbox = Outbox(
            store: idle, courier: ScriptedCourier(), clock: clock, options: ControllerOptions(ownInstances: []),
            random: { 0.5 }, logger: .silent)
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
            run = try await records[0].make(run)
            for index in 0..<(1 + self.number(below: 2)) {
                // Few targets, so that runs meet.
                var injection = Sample.injection(
                    Self.kill, target: "i-\(history)-\(self.number(below: 3))", group: "g-\(self.number(below: 2))",
                    name: "\(run.metadata.name)-\(index)", run: run.metadata.name)
                injection.metadata.uid = nil
                try await records[0].make(injection)
            }
            runs.append(run)
        }
        state.withLock { $0.runs = runs }
        if chance(2) { await changePolicy() }
    }

    /// Everything of this history is two days old for the next.
    private func end() async throws {
        let runs = state.withLock { $0.runs }
        for run in runs { try await records[0].finish(run) }
        try await records[0].clear(runs)
        witness.facts.withLock { facts in
            facts.policies = [:]
            facts.harms = [:]
            facts.aborted = []
            facts.finished = []
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

    // MARK: Processes

    /// Some process makes one step of some injection, by what it has just read, or by what it read long ago.
    private func turn() async {
        let process = number(below: 3)
        let records = records[process % records.count]
        let runs = state.withLock { $0.runs }
        let chosen = runs[number(below: runs.count)]
        // Losing errors is the point: a process that a store refuses stops, and another goes on.
        guard let run = try? await records.run(chosen.key),
            let all = try? await records.injections(of: run), !all.isEmpty
        else { return }
        let injection = all[number(below: all.count)]
        if injection.state.isFinal { return await finishIfOver(run, all) }
        let context = await context(run, all, injection, records)
        _ = try? await injector(process, records).advance(injection, in: context)
    }

    private func context(
        _ run: Run, _ all: [Injection], _ injection: Injection, _ records: any HistoryRecords
    ) async -> Injector.Context {
        let old = state.withLock { $0.stale.first { $0.run.uid == run.uid } }
        if let old, chance(2) { return old }
        let policies = (try? await records.policies()) ?? []
        let taken = all.filter { $0.isTaking || $0.metadata.name == injection.metadata.name }.map(\.spec.target)
        let context = Injector.Context(run: run, policies: policies, targets: taken, mayHarm: run.spec.abort == nil)
        if chance(3) { state.withLock { $0.stale.append(context) } }
        return context
    }

    private func injector(_ process: Int, _ records: any HistoryRecords) -> Injector {
        let world = SimulatedWorld(
            witness: witness, clock: clock, meanwhile: { [self] in await meanwhile() },
            run: { [self] name in run(name) },
            luck: { [self] in luck() }, looksFail: { [self] in chance(12) },
            die: { [self] injection in await disturb(injection) })
        return Injector(
            records: records, world: world, clock: clock, options: ControllerOptions(ownInstances: []),
            outbox: outbox,
            confirmLease: { [self] key throws(StoreError) in
                await meanwhile()
                let isMine = state.withLock { state in
                    // A lease runs out when its holder stops, and then it is whoever's asks first.
                    if Int.random(in: 0..<4, using: &state.chance) == 0 { state.holders[key.name] = process }
                    if state.holders[key.name] == nil { state.holders[key.name] = process }
                    return state.holders[key.name] == process
                }
                if !isMine { throw StoreError(.conflict, "another process drives it", hint: "") }
            }, logger: .silent, tries: TriesUnderWay())
    }

    private func run(_ name: String) -> Run? { state.withLock { $0.runs.first { $0.metadata.name == name } } }

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
        guard let run = run(injection.spec.run) else { return }
        let all = try? await records[0].injections(of: run)
        guard var stored = all?.first(where: { $0.metadata.name == injection.metadata.name }) else { return }
        stored.status?.message = "touched at \(clock.now().nanoseconds)"
        _ = try? await records[0].write(stored)
    }

    private func finishIfOver(_ run: Run, _ all: [Injection]) async {
        guard all.allSatisfy(\.state.isFinal), chance(2) else { return }
        try? await records[0].finish(run)
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
        guard chance(3), let run = state.withLock({ $0.runs.last }) else { return }
        guard (try? await records[0].abort(run, at: clock.wall())) != nil else { return }
        witness.facts.withLock { _ = $0.aborted.insert(run.uid) }
    }

    private func changePolicy() async {
        let name = ["halt", "one", "two"][number(below: 3)]
        let spec = randomSpec(name)
        let policy = Policy(metadata: ObjectMetadata(name: name), spec: spec)
        guard (try? await records[0].set(policy)) != nil else { return }
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

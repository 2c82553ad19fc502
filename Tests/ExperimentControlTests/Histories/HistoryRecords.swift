// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import ResourceStore
import SQLiteStore
import Synchronization

@testable import ExperimentControl

/// Where histories take place: the records that injections use, and what else people and drivers do to them.
protocol HistoryRecords: InjectionRecords {
    func make(_ run: Run) async throws -> Run
    func make(_ injection: Injection) async throws
    func injections(of run: Run) async throws -> [Injection]
    func abort(_ run: Run, at: Timestamp) async throws
    func set(_ policy: Policy) async throws
    func finish(_ run: Run) async throws
    /// Takes away the runs, their injections and every policy.
    func clear(_ runs: [Run]) async throws
}

extension HistoryRecords {
    /// No run of a history minds what others harmed.
    func runs() async throws(StoreError) -> [Run] { [] }
}

/// One of several connections to one store.
struct SQLiteHistoryRecords: HistoryRecords {
    let store: SQLiteStore
    /// A writer that takes the newest version and writes over it, to see that the histories find what then goes wrong.
    let ignoresVersions: Bool
    private var stored: StoredRecords { StoredRecords(store: store) }

    init(store: SQLiteStore, ignoresVersions: Bool = false) {
        self.store = store
        self.ignoresVersions = ignoresVersions
    }

    func policies() async throws(StoreError) -> [Policy] { try await stored.policies() }
    func run(_ key: ResourceKey) async throws(StoreError) -> Run? { try await stored.run(key) }
    func write(_ injection: Injection) async throws(StoreError) -> Injection {
        guard ignoresVersions else { return try await stored.write(injection) }
        var written = injection
        let key = injection.key
        let newest = try await store.get(Injection.self, namespace: key.namespace, name: key.name)
        written.metadata.resourceVersion = newest?.metadata.resourceVersion
        return try await stored.write(written)
    }

    func reserve(_ asked: Reservation, caps: ReservationCaps) async throws(StoreError) -> ReservationOutcome {
        try await stored.reserve(asked, caps: caps)
    }
    func release(reservation id: String) async throws(StoreError) { try await stored.release(reservation: id) }
    func record(_ entry: AuditEntry) async throws(StoreError) { try await stored.record(entry) }

    func recordUndoIntent(_ entry: AuditEntry) async throws(StoreError) { try await stored.recordUndoIntent(entry) }

    func make(_ run: Run) async throws -> Run { try await store.create(run) }
    func make(_ injection: Injection) async throws { _ = try await store.create(injection) }

    func injections(of run: Run) async throws -> [Injection] {
        try await store.list(Injection.self, namespace: "default", labels: ["rebound/run": run.metadata.name]).items
    }

    func abort(_ run: Run, at: Timestamp) async throws {
        guard var stored = try await self.run(run.key) else { return }
        stored.spec.abort = AbortRequest(requestedBy: "ada", reason: "enough", at: at)
        _ = try await store.update(stored)
    }

    func set(_ policy: Policy) async throws {
        guard var stored = try await store.get(Policy.self, namespace: "", name: policy.metadata.name) else {
            _ = try await store.create(policy)
            return
        }
        stored.spec = policy.spec
        _ = try await store.update(stored)
    }

    func finish(_ run: Run) async throws { try await store.finish(run: run.uid) }

    func clear(_ runs: [Run]) async throws {
        for run in runs {
            for injection in try await injections(of: run) { try await store.delete(injection.key) }
            try await store.delete(run.key)
        }
        for policy in try await policies() { try await store.delete(policy.key) }
    }
}

/// The store's rules in memory: versions, and the caps as `ReservationCaps` decides on them. What the store itself
/// makes of them is held to the same rules by its own tests.
final class MemoryRecords: HistoryRecords {
    /// A guard that is taken away, to see that the histories find what then goes wrong.
    enum Mutation: String, CaseIterable, Sendable {
        case ignoresCaps, ignoresHolders, forgetsRepeats, hidesPolicies, showsOldPolicies, hidesAborts, ignoresVersions
    }

    private struct State {
        var runs: [String: Run] = [:]
        var injections: [String: Injection] = [:]
        var policies: [String: Policy] = [:]
        var firstPolicies: [Policy]?
        var held: [(reservation: Reservation, token: Int64, last: Int64)] = []
        var finished: Set<String> = []
        var version: Int64 = 0
    }

    private let state = Mutex(State())
    private let clock: SimulatedClock
    private let mutation: Mutation?

    init(clock: SimulatedClock, mutation: Mutation?) {
        self.clock = clock
        self.mutation = mutation
    }

    func policies() async throws(StoreError) -> [Policy] {
        state.withLock { state in
            let now = state.policies.values.sorted { $0.metadata.name < $1.metadata.name }
            switch mutation {
            case .hidesPolicies: return []
            case .showsOldPolicies:
                state.firstPolicies = state.firstPolicies ?? now
                return state.firstPolicies ?? now
            default: return now
            }
        }
    }

    func run(_ key: ResourceKey) async throws(StoreError) -> Run? {
        state.withLock { state in
            var run = state.runs[key.name]
            if mutation == .hidesAborts { run?.spec.abort = nil }
            return run
        }
    }

    func write(_ injection: Injection) async throws(StoreError) -> Injection {
        let written: Injection? = state.withLock { state in
            let stored = state.injections[injection.metadata.name]
            let isCurrent = stored?.metadata.resourceVersion == injection.metadata.resourceVersion
            guard isCurrent || mutation == .ignoresVersions else { return nil }
            state.version += 1
            var written = injection
            written.metadata.resourceVersion = String(state.version)
            state.injections[injection.metadata.name] = written
            return written
        }
        guard let written else { throw StoreError(.conflict, "another version", hint: "") }
        return written
    }

    func reserve(_ asked: Reservation, caps: ReservationCaps) async throws(StoreError) -> ReservationOutcome {
        let result: Result<ReservationOutcome, StoreError> = state.withLock { state in
            do throws(StoreError) { return .success(try decide(asked, caps, &state)) } catch { return .failure(error) }
        }
        return try result.get()
    }

    private func decide(
        _ asked: Reservation, _ caps: ReservationCaps, _ state: inout State
    ) throws(StoreError) -> ReservationOutcome {
        let facts = facts(asked, state)
        if let held = state.held.first(where: { $0.reservation.id == asked.id }) {
            if mutation == .forgetsRepeats { return .held(fencingToken: held.token) }
            let known = HeldReservation(
                reservation: held.reservation, fencingToken: held.token, isFinished: facts.isRunFinished)
            return try caps.repeated(known, asked, facts)
        }
        if let reason = caps.objection(to: asked, facts) { return .refused(reason: reason) }
        state.version += 1
        state.held.append((asked, state.version, clock.now().nanoseconds))
        return .held(fencingToken: state.version)
    }

    private func facts(_ asked: Reservation, _ state: State) -> ReservationFacts {
        let others = state.held.filter { $0.reservation.id != asked.id }
        let underWay = others.filter { !state.finished.contains($0.reservation.run) }
        let since = clock.now().nanoseconds - 24 * 3_600_000_000_000
        let ofDay = others.filter { !state.finished.contains($0.reservation.run) || $0.last > since }
        let holder = underWay.first { $0.reservation.target == asked.target && $0.reservation.run != asked.run }
        let counts = mutation != .ignoresCaps
        return ReservationFacts(
            isRunFinished: state.finished.contains(asked.run),
            holder: mutation == .ignoresHolders ? nil : holder?.reservation.run,
            ofRun: counts ? others.count { $0.reservation.run == asked.run } : 0, ofDay: counts ? ofDay.count : 0,
            ofGroup: counts ? underWay.count { $0.reservation.group == asked.group } : 0,
            ofGroupAndDay: counts ? ofDay.count { $0.reservation.group == asked.group } : 0)
    }

    /// The audit guards nothing, so that histories go without it.
    func record(_ entry: AuditEntry) async throws(StoreError) {}
    func recordUndoIntent(_ entry: AuditEntry) async throws(StoreError) {}

    func release(reservation id: String) async throws(StoreError) {
        state.withLock { $0.held.removeAll { $0.reservation.id == id } }
    }

    func make(_ run: Run) async throws -> Run {
        var made = run
        made.metadata.uid = "uid-" + run.metadata.name
        state.withLock { $0.runs[made.metadata.name] = made }
        return made
    }

    func make(_ injection: Injection) async throws {
        var made = injection
        made.metadata.uid = "uid-" + injection.metadata.name
        made.metadata.resourceVersion = "0"
        state.withLock { $0.injections[made.metadata.name] = made }
    }

    func injections(of run: Run) async throws -> [Injection] {
        state.withLock { $0.injections.values.filter { $0.spec.run == run.metadata.name } }
            .sorted { $0.metadata.name < $1.metadata.name }
    }

    func abort(_ run: Run, at: Timestamp) async throws {
        state.withLock { state in
            state.runs[run.metadata.name]?.spec.abort = AbortRequest(requestedBy: "ada", reason: "enough", at: at)
        }
    }

    func set(_ policy: Policy) async throws { state.withLock { $0.policies[policy.metadata.name] = policy } }

    func finish(_ run: Run) async throws {
        let now = clock.now().nanoseconds
        state.withLock { state in
            guard state.finished.insert(run.uid).inserted else { return }
            for index in state.held.indices where state.held[index].reservation.run == run.uid {
                state.held[index].last = now
            }
        }
    }

    func clear(_ runs: [Run]) async throws { state.withLock { $0 = State() } }
}

// SPDX-License-Identifier: Apache-2.0
import AWS
import ChaosModel
import Glibc
import HTTPTransport
import Logging
import ResourceStore
import SQLiteStore
import Synchronization

@testable import ExperimentControl

/// One HTTP client for all tests of this module.
let testTransport: HTTPClient = {
    do { return try HTTPClient() } catch { fatalError("no HTTP client: \(error)") }
}()

/// A store on disk, a scripted AWS and hand-run clocks, put together as the controller does.
final class Bench: Sendable {
    let clock: HandClock
    let aws: ScriptedAWS
    let store: any ResourceStore
    let connections: AWSConnections
    let folder: TestFolder
    let courier: ScriptedCourier
    let outbox: Outbox
    let options: ControllerOptions
    /// What the process of this bench remembers; tests put another in its place for a process that was started anew.
    let tries = Mutex(TriesUnderWay())
    private let lease = Mutex<StoreError?>(nil)

    /// The store lies in `store`, or in a folder of the bench's own.
    init(
        _ world: World, ownInstances: Set<String> = [], clock: HandClock = HandClock(skips: true),
        store place: String? = nil, reserveBytes: Int64 = 0
    ) async throws {
        folder = try TestFolder()
        self.clock = clock
        aws = ScriptedAWS(world)
        store = try await SQLiteStore.open(
            path: (place ?? folder.path) + "/store.db",
            options: SQLiteStoreOptions(environment: .system, reserveBytes: reserveBytes))
        connections = try Bench.connections(aws.url)
        options = ControllerOptions(ownInstances: ownInstances)
        courier = ScriptedCourier()
        outbox = Outbox(
            store: store, courier: courier, clock: clock, options: options, random: { 0.5 }, logger: .silent)
    }

    static func connections(_ url: String, variables: [String: String] = [:]) throws -> AWSConnections {
        let usual = [
            "AWS_ENDPOINT_URL": url, "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "very/secret+key",
            "AWS_REGION": "eu-west-1",
        ]
        return try AWSConnections(
            environment: AWSEnvironment(
                variables: usual.merging(variables, uniquingKeysWith: { $1 }).filter { !$0.value.isEmpty },
                homeDirectory: nil), transport: testTransport, random: { 0 }, logger: .silent)
    }

    /// What confirming the lease throws from now on.
    func loseLease(_ error: StoreError?) { lease.withLock { $0 = error } }

    var injector: Injector {
        Injector(
            records: StoredRecords(store: store), world: AWSWorld(connections: connections, options: options),
            clock: clock, options: options,
            outbox: outbox,
            confirmLease: { [self] _ throws(StoreError) in
                if let error = lease.withLock({ $0 }) { throw error }
            }, logger: .silent, tries: tries.withLock { $0 })
    }

    /// Keeps a run and one injection in the store.
    func prepare(
        _ fault: FaultSpec, plan: ExperimentSpec? = nil, group: String? = nil, targetGroups: [String] = [],
        target: String = World.id(1), run name: String = "run-1"
    ) async throws -> (run: Run, injection: Injection) {
        var run = Sample.run(plan ?? Sample.experiment([fault]), name: name)
        run.metadata.uid = nil
        let stored = try await store.create(run)
        let injection = Sample.injection(
            fault, target: target, group: group, targetGroups: targetGroups, name: "\(name)-1", run: name)
        return (stored, try await store.create(injection))
    }

    /// Advances the injection until it is in one of these states, moving the clock on by a pause after each step that
    /// changed nothing. Gives up after 200 steps.
    func advance(
        _ injection: Injection, of run: Run, until states: Set<InjectionState>, mayHarm: Bool = true,
        pause: Duration = .seconds(1), policies: [Policy] = [], alsoTaken: [PlannedTarget] = []
    ) async throws -> Injection {
        var injection = injection
        let context = Injector.Context(
            run: run, policies: policies, targets: [injection.spec.target] + alsoTaken, mayHarm: mayHarm)
        for _ in 0..<200 where !states.contains(injection.state) {
            let before = injection.state
            injection = try await injector.advance(injection, in: context)
            if injection.state == before { clock.advance(by: pause) }
        }
        return injection
    }
}

/// A folder of this test's own, removed with the files in it.
final class TestFolder: Sendable {
    let path: String

    /// In memory where this machine has such a file system.
    init(inMemory: Bool = false) throws {
        let place = inMemory && access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp"
        var template = Array("\(place)/rebound-control-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw StoreError(.unavailable, "mkdtemp failed", hint: "See errno.") }
        path = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    deinit {
        if let folder = opendir(path) {
            while let entry = readdir(folder) {
                let name = withUnsafePointer(to: &entry.pointee.d_name) {
                    $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
                }
                unlink("\(path)/\(name)")
            }
            closedir(folder)
        }
        rmdir(path)
    }
}

/// Destinations that fail on demand.
final class ScriptedCourier: ReportCourier {
    private let state = Mutex<(failures: [String: String], delivered: [OutboxEntry], tried: Int)>(([:], [], 0))

    /// Makes destinations whose label ends so fail, with this reason; nil mends them.
    func fail(_ suffix: String, with reason: String?) { state.withLock { $0.failures[suffix] = reason } }

    var delivered: [OutboxEntry] { state.withLock { $0.delivered } }
    var tried: Int { state.withLock { $0.tried } }

    func deliver(_ entry: OutboxEntry) async -> String? {
        state.withLock { state in
            state.tried += 1
            let label = entry.report.destination.label
            if let reason = state.failures.first(where: { label.hasSuffix($0.key) })?.value { return reason }
            state.delivered.append(entry)
            return nil
        }
    }
}

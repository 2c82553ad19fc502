// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import Glibc
import ResourceStore
import SQLiteStore

/// Works on a store from a process of its own, for tests that kill it.
///
///     store-hammer hammer STORE ACTS SEED               works at random until it is killed; one byte out per call
///     store-hammer run STORE ACTS                       does a small run, or goes on with it, to its end
///     store-hammer run STORE ACTS NUMBER MOMENT         the same, and kills itself at that write
///     store-hammer measure STORE COUNT                  prints the writes of each sort per second
@main
struct StoreHammer {
    static func main() async throws {
        let arguments = Array(CommandLine.arguments.dropFirst())
        switch (arguments.first, arguments.count) {
        case ("hammer", 4):
            let store = try await open(arguments[1], observer: nil)
            var hammer = Hammer(store: store, acts: arguments[2], seed: UInt64(arguments[3]) ?? 0)
            while true {
                try await hammer.strike()
                write(STDOUT_FILENO, ".", 1)
            }
        case ("run", 3), ("run", 5):
            let observer = arguments.count == 5 ? killer(at: Int(arguments[3]) ?? 0, arguments[4]) : nil
            try await SmallRun(store: open(arguments[1], observer: observer), acts: arguments[2]).finish()
        case ("measure", 3):
            try await measure(arguments[1], count: Int(arguments[2]) ?? 1_000)
        default:
            print("usage: see the head of StoreHammer.swift")
            exit(2)
        }
    }

    static func open(_ path: String, observer: StoreWriteObserver?) async throws -> SQLiteStore {
        try await SQLiteStore.open(
            path: path, options: SQLiteStoreOptions(environment: .system, writeObserver: observer))
    }

    private static func killer(at number: Int, _ moment: String) -> StoreWriteObserver {
        { reached, write in
            if write.number == number, reached.rawValue == moment { kill(getpid(), SIGKILL) }
        }
    }
}

/// Stands for the call that harms a target: one line in a file, which outlives the process.
struct ActLog {
    let path: String

    func act(_ reservation: Reservation, token: Int64) {
        let line = "\(reservation.id) \(reservation.run) \(reservation.target) \(token)\n"
        let file = open(path, O_WRONLY | O_CREAT | O_APPEND, 0o600)
        write(file, line, line.utf8.count)
        close(file)
    }
}

/// Runs that overlap in targets and groups, so that every cap is met.
struct Hammer {
    static let caps = ReservationCaps(perRun: 3, perDay: 120, perGroup: 25)
    let store: SQLiteStore
    let acts: ActLog
    var chance: Xorshift

    init(store: SQLiteStore, acts: String, seed: UInt64) {
        self.store = store
        self.acts = ActLog(path: acts)
        chance = Xorshift(state: seed | 1)
    }

    mutating func strike() async throws {
        let run = Int.random(in: 0..<60, using: &chance)
        switch Int.random(in: 0..<20, using: &chance) {
        case 0..<11: try await harm(run: run)
        case 11..<12: try await store.finish(run: "run-\(run)")
        case 12..<14: try await reserveForNothing(run: run)
        case 14..<17:
            let data = [UInt8](repeating: UInt8(run), count: 2_048)
            try await store.append(chunk: MeasurementChunk(run: "run-\(run)", content: .observations, data: data))
        case 17..<19: try await note(run: run)
        default:
            let report = ReportSpec(destination: .sns(SNSReportSpec(topicArn: "topic")))
            try await store.enqueue(
                OutboxEntry(
                    id: "report-\(run)", run: "run-\(run)", sequence: 1, event: .verdict, report: report, payload: "{}")
            )
        }
    }

    private mutating func harm(run: Int) async throws {
        let number = Int.random(in: 0..<6, using: &chance)
        let asked = reservation("injection-\(run)-\(number)", run: run, target: (run * 7 + number) % 90)
        guard case .held(let token) = try await store.reserve(asked, caps: Self.caps) else { return }
        if Bool.random(using: &chance) { acts.act(asked, token: token) }
    }

    /// Held and given back: nothing is ever done under this id.
    private func reserveForNothing(run: Int) async throws {
        let asked = reservation("nothing-\(run)", run: run, target: 100 + run)
        _ = try await store.reserve(asked, caps: Self.caps)
        try await store.release(reservation: asked.id)
    }

    private func note(run: Int) async throws {
        do {
            try await changeExperiment("experiment-\(run)")
        } catch {
            let isLate = error.code == .conflict || error.code == .alreadyExists
            guard isLate else { throw error }  // Late: another process was faster.
        }
    }

    private func changeExperiment(_ name: String) async throws(StoreError) {
        if var stored = try await store.get(Experiment.self, namespace: "default", name: name) {
            stored.spec.hypothesis += "."
            _ = try await store.update(stored)
        } else {
            let new = Experiment(metadata: ObjectMetadata(name: name), spec: SmallRun.plan("it holds"))
            _ = try await store.create(new)
        }
    }

    private func reservation(_ id: String, run: Int, target: Int) -> Reservation {
        Reservation(
            id: id, run: "run-\(run)", target: "target-\(target)", group: "group-\(run % 4)",
            at: StoreEnvironment.system.now())
    }
}

/// Chance from a seed; good enough to vary a test.
struct Xorshift: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return state
    }
}

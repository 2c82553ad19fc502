// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import ResourceStore
import SQLiteStore
import Synchronization
import Testing

@Suite("Histories of reservations")
struct ReservationHistoryTests {
    @Test("in 10,000 random histories with crashes and clock changes, the rules let nothing pass a cap")
    func rules() throws {
        var held = 0
        for seed in 0..<10_000 {
            var history = History(seed: UInt64(seed))
            var ledger = Ledger()
            for _ in 0..<30 {
                let step = history.next()
                let outcome = try ledger.apply(step, history)
                history.note(step, outcome)
                guard case .held = outcome else { continue }
                held += 1
                try #require(history.violation == nil, "seed \(seed): \(history.violation ?? "")")
            }
        }
        #expect(held > 20_000, "the histories did little: \(held) held")
    }

    @Test("in 40 random histories the store answers as the rules do, through two connections")
    func store() async throws {
        for seed in 0..<40 {
            let folder = try StoreFolder()
            let clocks = Clocks()
            let options = SQLiteStoreOptions(environment: clocks.environment, checksIntegrity: false)
            let stores = [try await folder.open(options), try await folder.open(options)]
            var history = History(seed: UInt64(seed))
            var ledger = Ledger()
            for number in 0..<40 {
                let step = history.next()
                clocks.set(date: history.date, uptime: history.uptime)
                let outcome = try await stores[number % 2].apply(step, history.caps)
                try #require(try ledger.apply(step, history) == outcome, "seed \(seed), step \(number)")
                history.note(step, outcome)
                try #require(history.violation == nil, "seed \(seed): \(history.violation ?? "")")
            }
            for store in stores { await store.close() }
        }
    }
}

extension Ledger {
    fileprivate mutating func apply(_ step: History.Step, _ history: History) throws -> ReservationOutcome? {
        switch step {
        case .reserve(let asked, _): return try reserve(asked, history.caps, uptime: history.uptime)
        case .release(let id): release(id)
        case .finish(let run): finish(run, uptime: history.uptime)
        }
        return nil
    }
}

extension SQLiteStore {
    fileprivate func apply(_ step: History.Step, _ caps: ReservationCaps) async throws -> ReservationOutcome? {
        switch step {
        case .reserve(let asked, _): return try await reserve(asked, caps: caps)
        case .release(let id): try await release(reservation: id)
        case .finish(let run): try await finish(run: run)
        }
        return nil
    }
}

/// The clocks that the store is told.
private final class Clocks: Sendable {
    private let times = Mutex((date: Int64(0), uptime: Int64(0)))

    func set(date: Int64, uptime: Int64) { times.withLock { $0 = (date, uptime) } }

    var environment: StoreEnvironment {
        var environment = StoreEnvironment.system
        environment.now = { Timestamp(nanosecondsSinceEpoch: self.times.withLock { $0.date }) }
        environment.uptime = { Uptime(bootID: "a boot", nanoseconds: self.times.withLock { $0.uptime }) }
        return environment
    }
}

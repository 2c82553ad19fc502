// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import ResourceStore
import Scheduling

let hour: Int64 = 3_600_000_000_000

/// What the store should know, kept in memory and decided on by the same rules.
struct Ledger {
    private struct Entry {
        var held: HeldReservation
        /// When it may last have been acted on.
        var lastUptime: Int64
    }

    private var entries: [Entry] = []
    private var finished: Set<String> = []
    private var token: Int64 = 0

    mutating func reserve(_ asked: Reservation, _ caps: ReservationCaps, uptime: Int64) throws -> ReservationOutcome {
        if let entry = entries.first(where: { $0.held.reservation.id == asked.id }) {
            return try caps.repeated(entry.held, asked, facts(asked, uptime))
        }
        if let reason = caps.objection(to: asked, facts(asked, uptime)) { return .refused(reason: reason) }
        token += 1
        let held = HeldReservation(reservation: asked, fencingToken: token, isFinished: false)
        entries.append(Entry(held: held, lastUptime: uptime))
        return .held(fencingToken: token)
    }

    mutating func release(_ id: String) { entries.removeAll { $0.held.reservation.id == id } }

    mutating func finish(_ run: String, uptime: Int64) {
        guard finished.insert(run).inserted else { return }
        for index in entries.indices where entries[index].held.reservation.run == run {
            entries[index].held.isFinished = true
            entries[index].lastUptime = uptime
        }
    }

    private func facts(_ asked: Reservation, _ uptime: Int64) -> ReservationFacts {
        let others = entries.filter { $0.held.reservation.id != asked.id }
        let underWay = others.filter { !$0.held.isFinished }.map(\.held.reservation)
        let ofDay = others.filter { !$0.held.isFinished || $0.lastUptime > uptime - 24 * hour }
        return ReservationFacts(
            isRunFinished: finished.contains(asked.run),
            holder: underWay.first { $0.target == asked.target && $0.run != asked.run }?.run,
            ofRun: others.count { $0.held.reservation.run == asked.run }, ofDay: ofDay.count,
            ofGroup: underWay.count { $0.group == asked.group },
            ofGroupAndDay: ofDay.count { $0.held.reservation.group == asked.group })
    }
}

/// A random history: several writers ask, act, crash in between and ask again, give back what they did not do and
/// finish runs, while time passes and the date is set to and fro.
struct History {
    enum Step {
        /// Asks; when it is held, acts at once, or dies first, or dies without having heard the answer.
        case reserve(Reservation, acts: Bool)
        case release(String)
        case finish(String)
    }

    let caps: ReservationCaps
    private(set) var date: Int64 = 2_000_000 * hour
    private(set) var uptime: Int64 = 0
    private var chance: SeededGenerator
    private var acts: [String: (reservation: Reservation, uptime: Int64)] = [:]
    private var finished: Set<String> = []

    init(seed: UInt64) {
        chance = SeededGenerator(seed: seed)
        caps = ReservationCaps(
            perRun: Int.random(in: 1...3, using: &chance), perDay: Int.random(in: 1...5, using: &chance),
            perGroup: Int.random(in: 1...4, using: &chance), perGroupPerDay: Int.random(in: 1...4, using: &chance))
    }

    mutating func next() -> Step {
        let passed = Int64.random(in: 0...8 * hour, using: &chance)
        date += passed
        uptime += passed
        if Int.random(in: 0..<8, using: &chance) == 0 {
            date += Int64.random(in: -60 * hour...60 * hour, using: &chance)
        }
        let run = Int.random(in: 0..<8, using: &chance)
        let number = Int.random(in: 0..<4, using: &chance)
        let id = "\(run)-\(number)"
        switch Int.random(in: 0..<10, using: &chance) {
        case 0: return .finish("run-\(run)")
        case 1 where acts[id] == nil: return .release(id)
        default:
            let asked = Reservation(
                id: id, run: "run-\(run)", target: "target-\((run * 3 + number) % 10)", group: "group-\(run % 2)",
                at: Timestamp(nanosecondsSinceEpoch: date))
            return .reserve(asked, acts: Bool.random(using: &chance))
        }
    }

    mutating func note(_ step: Step, _ outcome: ReservationOutcome?) {
        switch (step, outcome) {
        case (.reserve(let asked, acts: true), .held): acts[asked.id] = (asked, uptime)
        case (.finish(let run), _): finished.insert(run)
        default: break
        }
    }

    /// What was done beyond a cap, as the world knows it; nil when nothing was.
    var violation: String? {
        let done = acts.values.sorted { $0.uptime < $1.uptime }
        for (run, ofRun) in Dictionary(grouping: done, by: \.reservation.run) where ofRun.count > caps.perRun {
            return "\(run) did \(ofRun.count)"
        }
        for first in done {
            let day = done.count { (first.uptime..<first.uptime + 24 * hour).contains($0.uptime) }
            if day > caps.perDay ?? .max { return "\(day) in 24 hours" }
            let group = done.count {
                (first.uptime..<first.uptime + 24 * hour).contains($0.uptime)
                    && $0.reservation.group == first.reservation.group
            }
            if group > caps.perGroupPerDay ?? .max { return "\(group) of a group in 24 hours" }
        }
        let underWay = done.filter { !finished.contains($0.reservation.run) }
        for (group, ofGroup) in Dictionary(grouping: underWay, by: \.reservation.group)
        where ofGroup.count > caps.perGroup ?? .max {
            return "\(ofGroup.count) of \(group)"
        }
        for (target, holders) in Dictionary(grouping: underWay, by: \.reservation.target)
        where Set(holders.map(\.reservation.run)).count > 1 {
            return "\(target) by two runs"
        }
        return nil
    }
}

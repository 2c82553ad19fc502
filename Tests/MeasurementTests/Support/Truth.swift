// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import Glibc
import Measurement

/// SplitMix64 (Steele, Lea and Flood, 2014): small, seeded, and the same everywhere.
struct SeededGenerator: RandomNumberGenerator {
    var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    mutating func chance(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &self) < percent }
    mutating func pick(_ range: ClosedRange<Int64>) -> Int64 { Int64.random(in: range, using: &self) }
}

/// The seed of all generated truths: REBOUND_SEED, or one from the kernel.
let propertySeed: UInt64 = {
    if let text = getenv("REBOUND_SEED"), let seed = UInt64(String(cString: text)) { return seed }
    return UInt64.random(in: .min ... .max)
}()

/// When a service was really down, in microseconds: stretches in order that do not touch.
struct DownHistory {
    var stretches: [(start: Int64, end: Int64)]

    func stretch(at instant: Int64) -> (start: Int64, end: Int64)? {
        stretches.first { $0.start <= instant && instant <= $0.end }
    }

    func nextStart(after instant: Int64) -> Int64 { stretches.first { $0.start > instant }?.start ?? .max }

    static func random(length: Int64, up: ClosedRange<Int64>, down: ClosedRange<Int64>, _ random: inout SeededGenerator)
        -> Self
    {
        var stretches: [(start: Int64, end: Int64)] = []
        var now = random.chance(10) ? 0 : random.pick(up)
        while now < length {
            let end = now + random.pick(down)
            stretches.append((now, end))
            now = end + max(2, random.pick(up))
        }
        return Self(stretches: stretches)
    }
}

/// How attempts are made and how the service answers them, in microseconds.
struct World {
    var interval: Int64
    var timeout: Int64
    /// The usual longest latency; `slowPercent` of the attempts take up to `timeout`.
    var latency: Int64
    var slowPercent = 0
    /// Of attempts that meet a service that is down: refused at once; the rest hang.
    var refusedPercent = 100
    /// Of attempts cut off by a crash: reset at once; the rest hang.
    var resetPercent = 100
    /// Of attempts that hang: those that wait until the service is up again are answered then.
    var waitingPercent = 0
    var unknownPercent = 0
    var missedPercent = 0
    var absentPercent = 0
    var startJitter: Int64 = 0
}

/// One attempt with the instant that its outcome comes from: when it was up for a success, down for a failure.
struct WitnessedAttempt {
    var observation: Observation
    var witness: Int64
}

/// All attempts that `world` makes of a service that was down as `history` says.
func attempts(
    on history: DownHistory, in world: World, until length: Int64, of name: String = "web",
    _ random: inout SeededGenerator
) -> [WitnessedAttempt] {
    var result: [WitnessedAttempt] = []
    for slot in 0..<(length / world.interval) {
        let planned = slot * world.interval
        if random.chance(world.absentPercent) { continue }
        let begun = planned + (world.startJitter > 0 ? random.pick(0...world.startJitter) : 0)
        var made = attempt(begun: begun, on: history, in: world, &random)
        if random.chance(world.unknownPercent) { made.outcome = .unknown(reason: "throttled") }
        if random.chance(world.missedPercent) { made = (.missed(reason: "late"), planned, planned, 0) }
        result.append(
            WitnessedAttempt(
                observation: Observation(
                    probe: name, slot: slot, planned: .us(planned), begun: .us(made.begun), ended: .us(made.ended),
                    outcome: made.outcome),
                witness: made.witness))
    }
    return result
}

private typealias Made = (outcome: Observation.Outcome, begun: Int64, ended: Int64, witness: Int64)

private func attempt(begun: Int64, on history: DownHistory, in world: World, _ random: inout SeededGenerator) -> Made {
    guard let down = history.stretch(at: begun) else {
        return answer(begun: begun, from: begun, on: history, in: world, &random)
    }
    if random.chance(world.refusedPercent) {
        return (.failure(reason: "connectionRefused"), begun, begun + random.pick(0...world.latency), begun)
    }
    if random.chance(world.waitingPercent), down.end + 1 < begun + world.timeout {
        return answer(begun: begun, from: down.end + 1, on: history, in: world, &random)
    }
    return (.failure(reason: "timedOut"), begun, begun + world.timeout, begun)
}

/// An attempt that the service took on at `taken`, when it was up.
private func answer(
    begun: Int64, from taken: Int64, on history: DownHistory, in world: World, _ random: inout SeededGenerator
) -> Made {
    let latest = begun + world.timeout - 1
    let longest = random.chance(world.slowPercent) ? world.timeout : world.latency
    let ended = min(latest, taken + random.pick(1...max(1, longest)))
    let crash = history.nextStart(after: taken)
    if crash > ended { return (.success, begun, max(ended, taken), taken) }
    if random.chance(world.resetPercent) { return (.failure(reason: "connectionReset"), begun, crash, crash) }
    return (.failure(reason: "timedOut"), begun, begun + world.timeout, crash)
}

extension MonotonicInstant {
    static func us(_ microseconds: Int64) -> Self { Self(nanoseconds: microseconds * 1_000) }
    var microseconds: Int64 { nanoseconds / 1_000 }
}

/// The outages that a definition read word by word gives: which failures belong to each, and whether it was ended.
func outagesByDefinition(
    _ attempts: [WitnessedAttempt], failures: Int, successes: Int
) -> [(failed: [WitnessedAttempt], isEnded: Bool)] {
    var result: [(failed: [WitnessedAttempt], isEnded: Bool)] = []
    var row: [WitnessedAttempt] = []
    var good = 0
    for attempt in attempts {
        switch attempt.observation.outcome {
        case .failure:
            row.append(attempt)
            good = 0
        case .success:
            good += 1
            if row.count < failures {
                row = []
            } else if good >= successes {
                result.append((row, true))
                row = []
            }
        case .unknown, .missed: break
        }
    }
    if row.count >= failures { result.append((row, false)) }
    return result
}

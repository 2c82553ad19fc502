// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import Measurement
import Testing

/// A truth, what a probe saw of it, and the outages in that by definition.
private struct Trial {
    var history: DownHistory
    var world: World
    var spec: ProbeSpec
    var seen: [WitnessedAttempt]
    var byDefinition: [(failed: [WitnessedAttempt], isEnded: Bool)]
    var observations: [Observation] { seen.map(\.observation) }

    /// Every kind of trouble at once: flapping, slow answers that overlap, hangs, resets, silence.
    init(wild random: inout SeededGenerator) {
        let interval = random.pick(1...20) * 500
        world = World(
            interval: interval, timeout: interval * random.pick(1...40), latency: max(1, interval * random.pick(0...3)))
        world.slowPercent = Int(random.pick(0...30))
        world.refusedPercent = Int(random.pick(0...100))
        world.resetPercent = Int(random.pick(0...100))
        world.waitingPercent = Int(random.pick(0...100))
        world.unknownPercent = random.chance(50) ? 0 : Int(random.pick(0...30))
        world.missedPercent = random.chance(50) ? 0 : Int(random.pick(0...30))
        world.absentPercent = random.chance(50) ? 0 : Int(random.pick(0...30))
        world.startJitter = random.chance(50) ? 0 : interval
        world.latency = min(world.latency, world.timeout)
        let length = interval * 150
        history = .random(length: length, up: 2...(interval * 40), down: 1...(interval * 25), &random)
        spec = probe(failures: Int(random.pick(1...4)), successes: Int(random.pick(1...4)))
        spec.every = WrittenDuration(.microseconds(interval))
        seen = attempts(on: history, in: world, until: length, &random)
        byDefinition = outagesByDefinition(seen, failures: spec.failuresToFail, successes: spec.successesToRecover)
    }

    /// One outage, met by attempts that are answered or refused before the next begins.
    init(calm random: inout SeededGenerator) {
        let interval = random.pick(2...40) * 500
        world = World(interval: interval, timeout: interval, latency: interval / 4)
        let start = interval * 20 + random.pick(0...(interval * 5))
        let end = start + interval * 4 + random.pick(0...(interval * 60))
        history = DownHistory(stretches: [(start, end)])
        spec = probe(failures: 2, successes: 2)
        spec.every = WrittenDuration(.microseconds(interval))
        seen = attempts(on: history, in: world, until: interval * 110, &random)
        byDefinition = outagesByDefinition(seen, failures: 2, successes: 2)
    }

    /// The true start and end of one outage: of the down stretches that its failures met first and last.
    func truth(of failed: [WitnessedAttempt]) -> (start: Int64, end: Int64)? {
        let met = failed.map(\.witness)
        guard let first = met.min().flatMap(history.stretch(at:)), let last = met.max().flatMap(history.stretch(at:))
        else { return nil }
        return (first.start, last.end)
    }

    /// Whether a success began after every failure of the outage had ended.
    func hasProofOfEnd(_ failed: [WitnessedAttempt]) -> Bool {
        let ended = failed.map(\.observation.ended).max() ?? .us(0)
        return seen.contains { $0.observation.outcome == .success && $0.observation.begun >= ended }
    }
}

private func forEachTrial(_ count: UInt64, _ body: (UInt64, inout SeededGenerator) throws -> Void) rethrows {
    for index in 0..<count {
        let seed = propertySeed &+ index
        var random = SeededGenerator(seed: seed)
        try body(seed, &random)
    }
}

@Suite("Over generated truths")
struct OutagePropertyTests {
    init() { print("REBOUND_SEED=\(propertySeed)") }

    @Test("the outages are those of the definition, and the true start and end lie in their bounds")
    func boundsHoldTruth() throws {
        var judged = 0
        try forEachTrial(3_000) { seed, random in
            let trial = Trial(wild: &random)
            let found = outages(of: trial.spec, in: trial.observations)
            try #require(found.count == trial.byDefinition.count, "seed \(seed)")
            for (outage, defined) in zip(found, trial.byDefinition) {
                let truth = try #require(trial.truth(of: defined.failed), "seed \(seed)")
                judged += 1
                #expect(outage.failedSamples == defined.failed.count, "seed \(seed)")
                #expect(outage.start.high.microseconds >= truth.start, "seed \(seed)")
                #expect(outage.isOpenAtStart || outage.start.low.microseconds <= truth.start, "seed \(seed)")
                #expect(outage.start.low <= outage.start.at && outage.start.at <= outage.start.high, "seed \(seed)")
                try #require((outage.end != nil) == defined.isEnded, "seed \(seed)")
                guard let end = outage.end else { continue }
                #expect(end.low.microseconds <= truth.end, "seed \(seed)")
                #expect(end.low <= end.at && end.at <= end.high, "seed \(seed)")
                if trial.hasProofOfEnd(defined.failed) {
                    #expect(end.high.microseconds >= truth.end, "seed \(seed)")
                }
            }
        }
        #expect(judged > 3_000)
    }

    @Test("order and repeats change nothing, live or at once")
    func orderAndRepeats() {
        forEachTrial(2_000) { seed, random in
            let trial = Trial(wild: &random)
            let expected = outages(of: trial.spec, in: trial.observations)
            var mixed = trial.observations + trial.observations.filter { _ in random.chance(20) }
            mixed.shuffle(using: &random)
            #expect(outages(of: trial.spec, in: mixed) == expected, "seed \(seed)")
            guard seed % 4 == 0 else { return }
            var live = OutageDetector(of: trial.spec)
            for observation in trial.observations.sorted(by: { $0.ended < $1.ended }) { live.add(observation) }
            #expect(live.outages == expected, "seed \(seed)")
            #expect(live.openOutage == expected.last { $0.end == nil }, "seed \(seed)")
        }
    }

    @Test("attempts may come to the live detector in any order at all")
    func anyOrder() {
        forEachTrial(40) { seed, random in
            let trial = Trial(wild: &random)
            var live = OutageDetector(of: trial.spec)
            for observation in trial.observations.shuffled(using: &random) { live.add(observation) }
            #expect(live.outages == outages(of: trial.spec, in: trial.observations), "seed \(seed)")
        }
    }

    @Test("an outage met by quick attempts is dated within one interval")
    func withinOneInterval() throws {
        try forEachTrial(2_000) { seed, random in
            let trial = Trial(calm: &random)
            let found = outages(of: trial.spec, in: trial.observations)
            try #require(found.count == 1, "seed \(seed)")
            let truth = trial.history.stretches[0]
            let end = try #require(found[0].end, "seed \(seed)")
            #expect(abs(found[0].start.at.microseconds - truth.start) <= trial.world.interval, "seed \(seed)")
            #expect(abs(end.at.microseconds - truth.end) <= trial.world.interval, "seed \(seed)")
            #expect(found[0].start.low.microseconds <= truth.start, "seed \(seed)")
            #expect(found[0].start.high.microseconds >= truth.start, "seed \(seed)")
            #expect(end.low.microseconds <= truth.end && end.high.microseconds >= truth.end, "seed \(seed)")
            #expect(!found[0].touchesGap, "seed \(seed)")
        }
    }

    @Test("losing attempts only widens the bounds")
    func losingWidens() throws {
        var compared = 0
        try forEachTrial(2_000) { seed, random in
            let trial = Trial(calm: &random)
            let whole = try #require(outages(of: trial.spec, in: trial.observations).first, "seed \(seed)")
            let share = Int(random.pick(1...60))
            let kept = trial.observations.filter { _ in !random.chance(share) }
            guard let part = outages(of: trial.spec, in: kept).first, let partEnd = part.end, let end = whole.end else {
                return
            }
            compared += 1
            #expect(part.start.low <= whole.start.low || part.isOpenAtStart, "seed \(seed)")
            #expect(part.start.high >= whole.start.high, "seed \(seed)")
            #expect(partEnd.low <= end.low && partEnd.high >= end.high, "seed \(seed)")
        }
        #expect(compared > 1_000)
    }
}

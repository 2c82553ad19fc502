// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import Measurement
import Testing

/// A run of two probes against one service each, with an injection whose true moment is known.
private struct GeneratedRun {
    var input: MeasurementInput
    var effective: Int64
    var ended: Int64
    /// Every outage by definition, with its true bounds, cut off where watching ended.
    var outages: [(start: Int64, end: Int64, isEnded: Bool)] = []
    var histories: [DownHistory] = []

    init(_ random: inout SeededGenerator) {
        var world = World(interval: random.pick(2...40) * 500, timeout: 0, latency: 1)
        world.timeout = world.interval * random.pick(1...12)
        world.latency = max(1, world.interval / 3)
        world.slowPercent = Int(random.pick(0...10))
        world.refusedPercent = Int(random.pick(0...100))
        world.resetPercent = Int(random.pick(0...100))
        world.waitingPercent = Int(random.pick(0...100))
        world.unknownPercent = random.chance(60) ? 0 : Int(random.pick(0...15))
        world.absentPercent = random.chance(60) ? 0 : Int(random.pick(0...15))
        ended = world.interval * 160
        effective = world.interval * 20 + random.pick(0...world.interval)
        let low = effective - random.pick(0...(world.interval * 3))
        let high = effective + random.pick(0...(world.interval * 3))
        var observations: [Observation] = []
        var probes: [ProbeSpec] = []
        for index in 0..<2 {
            let start = effective + random.pick(0...(world.interval * 20))
            var down = DownHistory(stretches: [(start, start + random.pick(1...(world.interval * 40)))])
            if random.chance(30) { down.stretches.append(Self.later(than: down, world, &random)) }
            if random.chance(10) { down.stretches = [] }
            var spec = probe("p\(index)", failures: Int(random.pick(1...3)), successes: Int(random.pick(1...3)))
            spec.every = WrittenDuration(.microseconds(world.interval))
            probes.append(spec)
            histories.append(down)
            let seen = attempts(on: down, in: world, until: ended, of: spec.name, &random)
            observations += seen.map(\.observation)
            for found in outagesByDefinition(seen, failures: spec.failuresToFail, successes: spec.successesToRecover) {
                let met = found.failed.map(\.witness)
                guard let first = met.min().flatMap(down.stretch(at:)), let last = met.max().flatMap(down.stretch(at:))
                else { continue }
                outages.append((first.start, found.isEnded ? last.end : min(last.end, ended), found.isEnded))
            }
        }
        let effect = BoundedInstant(at: .us((low + high) / 2), low: .us(low), high: .us(high))
        input = watchedRun(observations, probes: probes, effect: effect, until: ended, world: world)
    }

    private static func later(than down: DownHistory, _ world: World, _ random: inout SeededGenerator) -> (Int64, Int64)
    {
        let start = down.stretches[0].end + random.pick(2...(world.interval * 30))
        return (start, start + random.pick(1...(world.interval * 20)))
    }
}

private func watchedRun(
    _ observations: [Observation], probes: [ProbeSpec], effect: BoundedInstant, until ended: Int64, world: World
) -> MeasurementInput {
    MeasurementInput(
        probes: probes, observations: observations, sightings: [],
        injections: [injection(accepted: nil, effective: effect)],
        recovery: RecoverySpec(
            stableFor: WrittenDuration(.microseconds(world.timeout + world.interval * 4)),
            giveUpAfter: WrittenDuration(.seconds(60))),
        watchBegan: .us(0), watchEnded: .us(ended), anchor: anchor)
}

/// Rounding of seconds to floating point.
private let rounding = 1e-9

@Suite("Over generated runs")
struct RecoveryPropertyTests {
    @Test("the true time to recover and the true downtime lie in their bounds")
    func boundsHoldTruth() {
        var recovered = 0
        for index in 0..<UInt64(1_000) {
            let seed = propertySeed &+ index
            var random = SeededGenerator(seed: seed)
            let run = GeneratedRun(&random)
            let report = RecoveryReport(measuring: run.input)
            check(report, run, seed: seed)
            if report.recovered == true { recovered += 1 }
        }
        #expect(recovered > 500)
    }

    private func check(_ report: RecoveryReport, _ run: GeneratedRun, seed: UInt64) {
        #expect(report.outages.count == run.outages.count, "seed \(seed)")
        if report.outages.contains(where: { $0.end == nil }) { #expect(report.recovered == false, "seed \(seed)") }
        let lastEnd = run.outages.filter(\.isEnded).map(\.end).max()
        if let figure = report.timeToRecover, let lastEnd {
            let truth = Double(max(0, lastEnd - run.effective)) / 1e6
            #expect(figure.low <= truth + rounding && truth <= figure.high + rounding, "seed \(seed)")
            #expect(figure.low <= figure.seconds && figure.seconds <= figure.high, "seed \(seed)")
        }
        if let figure = report.downtime {
            let truth = Self.union(run.outages.map { ($0.start, $0.end) })
            #expect(figure.low <= truth + rounding && truth <= figure.high + rounding, "seed \(seed)")
        }
        if let figure = report.timeToRecover, report.outages.isEmpty {
            let low = run.input.injections[0].effective?.low.microseconds ?? 0
            let breaks = run.histories.flatMap(\.stretches).map { min($0.end, run.ended) - max($0.start, low) }
            #expect(Double(breaks.max() ?? 0) / 1e6 <= figure.high + rounding, "seed \(seed)")
        }
        if let availability = report.availability {
            #expect(availability.low <= availability.percent && availability.percent <= availability.high)
        }
    }

    /// The seconds in which at least one of the stretches, in microseconds, is open: by sweeping over their ends.
    private static func union(_ stretches: [(start: Int64, end: Int64)]) -> Double {
        let begins = stretches.map { (instant: $0.start, change: 1) }
        let ends = stretches.map { (instant: $0.end, change: -1) }
        let edges = (begins + ends).sorted { ($0.instant, -$0.change) < ($1.instant, -$1.change) }
        var (open, since, total) = (0, Int64(0), Int64(0))
        for (instant, change) in edges {
            if open == 0, change > 0 { since = instant }
            open += change
            if open == 0 { total += instant - since }
        }
        return Double(total) / 1e6
    }
}

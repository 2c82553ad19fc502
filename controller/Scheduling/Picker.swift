// SPDX-License-Identifier: Apache-2.0
package import ChaosModel

/// Chooses targets among those that may be harmed.
///
/// Each candidate has a rank that depends on the seed and its own identity only. So the choice does not depend on the
/// order of the listing, and when one candidate goes, the ranks of the others, and with them the rest of the choice,
/// stay.
package enum Picker {
    /// The chosen, in the order in which they are to be harmed: at most `maxTargets`, each once, all of them
    /// candidates. Fewer than the pick asks for when there are fewer.
    package static func pick(
        _ candidates: [PlannedTarget], _ spec: PickSpec, seed: UInt64, maxTargets: Int
    ) -> [PlannedTarget] {
        let ranked = ranked(candidates, spec, seed: seed)
        let order = spec.spread == .zones ? spreadOverZones(ranked) : ranked
        return Array(order.prefix(wanted(spec, of: ranked.count, maxTargets: maxTargets)))
    }

    /// How many of `count` candidates are taken. A percentage is rounded down, but is at least one of a set that is not
    /// empty: 50 % of 3 is 1, 10 % of 5 is 1. Where several amounts are written the smallest counts; none is nobody.
    package static func wanted(_ spec: PickSpec, of count: Int, maxTargets: Int) -> Int {
        guard count > 0 else { return 0 }
        var amounts = [spec.count, spec.oldest, spec.newest].compactMap { $0 }
        if let percent = spec.percent { amounts.append(share(percent, of: count)) }
        if spec.all == true { amounts.append(count) }
        guard let least = amounts.min() else { return 0 }
        return max(0, min(least, count, maxTargets, spec.atMost ?? count))
    }

    private static func share(_ percent: Double, of count: Int) -> Int {
        guard percent > 0 else { return 0 }  // Also for what is no number.
        // 33.3 % of 1,000 is 332.99999999999994 in binary; what is that near to a whole number is that number.
        let exact = Double(count) * min(percent, 100) / 100
        return max(1, Int((exact + 1e-9).rounded(.down)))
    }

    private static func ranked(_ candidates: [PlannedTarget], _ spec: PickSpec, seed: UInt64) -> [PlannedTarget] {
        var seen: Set<String> = []
        let entries = candidates.map { (identity: identity($0), target: $0) }
            .filter { seen.insert($0.identity).inserted }
            .map {
                (age: age($0.target, spec), rank: rank($0.identity, seed), identity: $0.identity, target: $0.target)
            }
        return entries.sorted { ($0.age, $0.rank, $0.identity) < ($1.age, $1.rank, $1.identity) }.map(\.target)
    }

    /// Smaller is taken earlier. Whose age is not known comes last, whichever is asked for.
    private static func age(_ target: PlannedTarget, _ spec: PickSpec) -> Int64 {
        guard spec.oldest != nil || spec.newest != nil else { return 0 }
        guard let launched = target.launchedAt?.nanosecondsSinceEpoch else { return .max }
        return spec.oldest != nil ? launched : -max(launched, -.max)
    }

    /// From each zone in turn, beginning with the zone of the first; within a zone in the order given.
    private static func spreadOverZones(_ ranked: [PlannedTarget]) -> [PlannedTarget] {
        var turnsOfZone: [String?: Int] = [:]
        let turns = ranked.enumerated().map { place, target in
            defer { turnsOfZone[target.zone, default: 0] += 1 }
            return (turn: turnsOfZone[target.zone, default: 0], place: place, target: target)
        }
        return turns.sorted { ($0.turn, $0.place) < ($1.turn, $1.place) }.map(\.target)
    }

    private static func identity(_ target: PlannedTarget) -> String {
        "\(target.account)/\(target.region)/\(target.id)"
    }

    /// FNV-1a (draft-eastlake-fnv) of the identity, mixed with the seed.
    private static func rank(_ identity: String, _ seed: UInt64) -> UInt64 {
        let hash = identity.utf8.reduce(0xCBF2_9CE4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x0100_0000_01B3 }
        return SeededGenerator.mixed(SeededGenerator.mixed(seed &+ 0x9E37_79B9_7F4A_7C15) ^ hash)
    }
}

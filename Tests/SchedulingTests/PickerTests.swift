// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import Scheduling
import Testing

private func targets(_ count: Int, zones: Int = 3) -> [PlannedTarget] {
    (0..<count).map { number in
        PlannedTarget(
            id: "i-\(number)", account: "1", region: "r", zone: "z\(number % zones)",
            launchedAt: Timestamp(nanosecondsSinceEpoch: Int64(number) * 1_000))
    }
}

private func spec(_ change: (inout PickSpec) -> Void) -> PickSpec {
    var spec = PickSpec()
    change(&spec)
    return spec
}

@Suite("Picking targets")
struct PickerTests {
    @Test(
        "the amount is rounded down, is at least one, and never over a limit",
        arguments: [
            (spec { $0.percent = 50 }, 3, 9, 1), (spec { $0.percent = 10 }, 5, 9, 1),
            (spec { $0.percent = 100 }, 5, 9, 5),
            (spec { $0.percent = 33.3 }, 1_000, 1_000, 333), (spec { $0.percent = 99.9 }, 10, 99, 9),
            (spec { $0.percent = 0 }, 10, 9, 0), (spec { $0.percent = .nan }, 10, 9, 0),
            (spec { $0.percent = 700 }, 4, 9, 4),
            (spec { $0.count = 2 }, 5, 9, 2), (spec { $0.count = 7 }, 5, 9, 5), (spec { $0.count = 7 }, 5, 3, 3),
            (spec { $0.all = true }, 5, 3, 3), (spec { $0.all = true }, 5, 9, 5), (spec { $0.all = false }, 5, 9, 0),
            (
                spec {
                    $0.all = true; $0.atMost = 2
                }, 5, 9, 2
            ), (spec { $0.oldest = 2 }, 5, 9, 2),
            (spec { $0.count = -1 }, 5, 9, 0), (spec { $0.count = 1 }, 0, 9, 0), (spec { $0.percent = 50 }, 0, 9, 0),
            (spec { $0.count = 1 }, 5, 0, 0), (PickSpec(), 5, 9, 0),
            (
                spec {
                    $0.count = 3; $0.all = true
                }, 5, 9, 3
            ),
        ])
    func amount(spec: PickSpec, of count: Int, maxTargets: Int, expected: Int) {
        #expect(Picker.wanted(spec, of: count, maxTargets: maxTargets) == expected)
        #expect(Picker.pick(targets(count), spec, seed: 1, maxTargets: maxTargets).count == expected)
    }

    @Test("one seed gives one choice, whatever the order and repeats of the listing", arguments: 0..<50)
    func deterministic(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let all = targets(20)
        let spread = spec {
            $0.count = 7; $0.spread = .zones
        }
        for pick in [PickSpec(count: 7), spread, spec { $0.newest = 7 }] {
            let expected = Picker.pick(all, pick, seed: seed, maxTargets: 7)
            let shuffled = (all + all.prefix(5)).shuffled(using: &generator)
            #expect(Picker.pick(shuffled, pick, seed: seed, maxTargets: 7) == expected)
            #expect(Set(expected).count == 7)
        }
    }

    @Test("the choice of a seed stays the same in later versions")
    func golden() {
        let chosen = Picker.pick(targets(10), PickSpec(count: 3), seed: 42, maxTargets: 3).map(\.id)
        #expect(chosen == ["i-8", "i-5", "i-6"])
    }

    @Test("when one of the chosen goes, the others stay chosen", arguments: 0..<50)
    func stable(seed: UInt64) {
        let all = targets(20)
        let before = Picker.pick(all, PickSpec(count: 5), seed: seed, maxTargets: 5)
        let after = Picker.pick(all.filter { $0 != before[2] }, PickSpec(count: 5), seed: seed, maxTargets: 5)
        #expect(Array(after.prefix(4)) == before.filter { $0 != before[2] })
    }

    @Test("over many seeds, each candidate is chosen about equally often")
    func fair() {
        let all = targets(10)
        var times: [String: Int] = [:]
        for seed in 0..<5_000 {
            for target in Picker.pick(all, PickSpec(count: 2), seed: UInt64(seed), maxTargets: 2) {
                times[target.id, default: 0] += 1
            }
        }
        #expect(times.count == 10)
        // 1,000 expected, standard deviation 28; five of those on each side.
        #expect(times.values.allSatisfy { (860...1_140).contains($0) }, "\(times)")
    }

    @Test("oldest and newest go by launch time; who has none comes last")
    func age() {
        var all = targets(6)
        all[0].launchedAt = nil
        #expect(Picker.pick(all, spec { $0.oldest = 2 }, seed: 1, maxTargets: 9).map(\.id) == ["i-1", "i-2"])
        #expect(Picker.pick(all, spec { $0.newest = 2 }, seed: 1, maxTargets: 9).map(\.id) == ["i-5", "i-4"])
        #expect(Picker.pick(all, spec { $0.newest = 6 }, seed: 1, maxTargets: 9).last?.id == "i-0")
    }

    @Test("spreading takes from each zone in turn", arguments: 0..<20)
    func spread(seed: UInt64) {
        let all = targets(9, zones: 3) + targets(40, zones: 1).dropFirst(20)
        let chosen = Picker.pick(
            all,
            spec {
                $0.count = 6; $0.spread = .zones
            }, seed: seed, maxTargets: 6)
        let counts = Dictionary(grouping: chosen, by: \.zone).mapValues(\.count)
        #expect(counts == ["z0": 2, "z1": 2, "z2": 2])
        #expect(Set(chosen.prefix(3).map(\.zone)).count == 3)
    }
}

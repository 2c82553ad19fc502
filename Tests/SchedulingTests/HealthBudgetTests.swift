// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import Scheduling
import Testing

@Suite("Health budget and blast radius")
struct HealthBudgetTests {
    @Test(
        "a group keeps its minimum, and always one",
        arguments: [(5, 2, 3), (2, 2, 0), (1, 0, 0), (2, 0, 1), (0, 0, 0), (3, 9, 0), (3, -4, 2)])
    func most(healthy: Int, minHealthy: Int, expected: Int) {
        #expect(HealthBudget.most(healthy: healthy, minHealthy: minHealthy) == expected)
        let members = Set((0..<healthy).map { "i-\($0)" })
        var budget = HealthBudget(groups: [HealthGroup(name: "web", healthy: members)], minHealthy: minHealthy)
        #expect(budget.most(from: "web") == expected)
        #expect(budget.take(members.sorted()).taken.count == expected)
        #expect(budget.most(from: "web") == 0)
    }

    @Test("who is in several groups is taken only if all of them can spare it; the refusal says which cannot")
    func severalGroups() {
        var budget = HealthBudget(
            groups: [
                HealthGroup(name: "group web", healthy: ["a", "b", "c"]),
                HealthGroup(name: "targets of web", healthy: ["a"], unhealthy: ["b", "c"]),
            ], minHealthy: 1)
        let result = budget.take(["a", "b", "c"])
        #expect(result.taken == ["b", "c"])
        #expect(result.refused == [.init(id: "a", group: "targets of web", left: 0, needed: 1)])
        #expect(result.refused[0].message.contains("last healthy one of targets of web"))
    }

    @Test("who is gone already does not count as healthy")
    func gone() {
        let group = HealthGroup(name: "web", healthy: ["a", "b", "c"])
        var budget = HealthBudget(groups: [group], minHealthy: 2, gone: ["a"])
        #expect(budget.take("b")?.left == 1)
        #expect(budget.take("a") == nil)
    }

    @Test("in random fleets no group falls below its minimum, and no refusal was needless", arguments: 0..<300)
    func property(seed: UInt64) {
        var chance = SeededGenerator(seed: seed)
        let ids = (0..<Int.random(in: 1...12, using: &chance)).map { "i-\($0)" }
        let groups = (0..<Int.random(in: 1...4, using: &chance)).map { number in
            HealthGroup(name: "g\(number)", healthy: Set(ids.filter { _ in Bool.random(using: &chance) }))
        }
        let minHealthy = Int.random(in: 0...4, using: &chance)
        var budget = HealthBudget(groups: groups, minHealthy: minHealthy)
        let (taken, refused) = budget.take(ids.shuffled(using: &chance))
        #expect(taken.count + refused.count == ids.count)
        for group in groups {
            let left = group.healthy.subtracting(taken).count
            #expect(left >= min(group.healthy.count, max(1, minHealthy)))
        }
        for refusal in refused {
            let group = groups.first { $0.name == refusal.group }
            let left = group?.healthy.subtracting(taken).subtracting([refusal.id]).count ?? .max
            #expect(left < max(1, minHealthy))
        }
    }

    @Test("of limits and policies the most restrictive wins")
    func blastRadius() {
        var one = PolicySpec()
        one.maxTargetsPerRun = 3
        one.maxTargetsPerDay = 10
        var two = PolicySpec()
        two.minHealthy = 4
        two.maxTargetsPerDay = 7
        let radius = BlastRadius(limits: LimitsSpec(maxTargets: 5, minHealthy: 2), policies: [one, two])
        #expect(radius.maxTargets == 3)
        #expect(radius.maxTargetsPerDay == 7)
        #expect(radius.minHealthy == 4)
        let alone = BlastRadius(limits: LimitsSpec(maxTargets: 5, minHealthy: 0), policies: [])
        #expect(alone.maxTargets == 5)
        #expect(alone.maxTargetsPerDay == nil)
        #expect(alone.minHealthy == 1)
    }
}

// SPDX-License-Identifier: Apache-2.0
package import ChaosModel

/// Counts who would be left: for every Auto Scaling group, every target group, and the instances outside of any group.
package struct HealthGuard: Sendable {
    /// The larger of the manifest's and the policies' minimum; a group keeps one in any case.
    package var minHealthy: Int

    package init(minHealthy: Int) { self.minHealthy = minHealthy }

    /// One result for each group that loses a member. `taken` are the instances that the run takes in all; those of
    /// them that are not healthy any more are not counted twice.
    package func results(taking taken: Set<String>, from inventory: Inventory, matched: [String]) -> [GuardResult] {
        var results: [GuardResult] = []
        for group in inventory.groups {
            let healthy = Set(group.members.filter(\.isInService).map(\.id))
            let losing = taken.intersection(group.members.map(\.id))
            guard !losing.isEmpty else { continue }
            results.append(result("group \(group.name)", healthy: healthy, losing: losing, floor: max(1, minHealthy)))
        }
        for (arn, targets) in inventory.targetGroups.sorted(by: { $0.key < $1.key }) {
            let healthy = Set(targets.filter { $0.state == "healthy" }.map(\.id))
            let losing = taken.intersection(targets.map(\.id))
            guard !losing.isEmpty else { continue }
            let name = arn.split(separator: "/").dropFirst().first.map(String.init) ?? arn
            results.append(
                result("target group \(name)", healthy: healthy, losing: losing, floor: max(1, minHealthy)))
        }
        if let result = resultOutsideGroups(taking: taken, from: inventory, matched: matched) { results.append(result) }
        return results
    }

    /// Instances in no group guard each other: those that the same selector matched and that run.
    private func resultOutsideGroups(taking taken: Set<String>, from inventory: Inventory, matched: [String])
        -> GuardResult?
    {
        let alone = inventory.instances.filter { $0.autoScalingGroup == nil && $0.targetHealth.isEmpty }
        let losing = taken.intersection(alone.map(\.id))
        guard !losing.isEmpty else { return nil }
        let healthy = Set(alone.filter { $0.state == "running" && matched.contains($0.id) }.map(\.id))
        return result("instances outside groups", healthy: healthy, losing: losing, floor: minHealthy)
    }

    private func result(_ name: String, healthy: Set<String>, losing: Set<String>, floor: Int) -> GuardResult {
        let left = healthy.subtracting(losing).count
        return GuardResult(
            name: "minHealthy", passed: left >= floor,
            message: "\(name): \(healthy.count) healthy, \(losing.count) taken, \(left) left, at least \(floor) needed")
    }
}

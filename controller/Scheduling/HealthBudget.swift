// SPDX-License-Identifier: Apache-2.0

/// A set of instances that serve together, such as an Auto Scaling group or a target group, with who is healthy in it.
package struct HealthGroup: Sendable, Equatable {
    /// As the operator knows it: `Auto Scaling group web`.
    package var name: String
    package var healthy: Set<String>
    package var unhealthy: Set<String>

    package init(name: String, healthy: Set<String>, unhealthy: Set<String> = []) {
        self.name = name
        self.healthy = healthy
        self.unhealthy = unhealthy.subtracting(healthy)
    }
}

/// How many may be taken from each group, when an instance may be in several: never the last healthy one of any of its
/// groups, and never so many that fewer than `minHealthy` are left.
package struct HealthBudget: Sendable {
    /// Why one was not taken.
    package struct Refusal: Sendable, Equatable {
        package var id: String
        package var group: String
        /// Those that would have been left without it.
        package var left: Int
        package var needed: Int

        package init(id: String, group: String, left: Int, needed: Int) {
            self.id = id
            self.group = group
            self.left = left
            self.needed = needed
        }

        package var message: String {
            let what = left == 0 ? "it is the last healthy one of" : "\(left) healthy would be left in"
            return "\(id) is not taken: \(what) \(group), where at least \(needed) must be"
        }
    }

    private var groups: [HealthGroup]
    private let needed: Int

    /// `gone` are those that were taken already, by this run or another, though a listing may still call them healthy.
    package init(groups: [HealthGroup], minHealthy: Int, gone: Set<String> = []) {
        self.groups = groups.map {
            HealthGroup(
                name: $0.name, healthy: $0.healthy.subtracting(gone), unhealthy: $0.unhealthy.union($0.healthy))
        }
        needed = Self.needed(minHealthy)
    }

    /// The most that may be taken from one group with this many healthy.
    package static func most(healthy: Int, minHealthy: Int) -> Int { max(0, healthy - needed(minHealthy)) }

    /// The most that may still be taken from this group by itself; nil when there is no such group.
    package func most(from group: String) -> Int? {
        groups.first { $0.name == group }.map { max(0, $0.healthy.count - needed) }
    }

    /// Takes one, or says which group forbids it; then nothing is taken. One that is not healthy in a group costs that
    /// group nothing; one that is in no group costs nothing.
    package mutating func take(_ id: String) -> Refusal? {
        for group in groups where group.healthy.contains(id) && group.healthy.count - 1 < needed {
            return Refusal(id: id, group: group.name, left: group.healthy.count - 1, needed: needed)
        }
        for index in groups.indices where groups[index].healthy.remove(id) != nil {
            groups[index].unhealthy.insert(id)
        }
        return nil
    }

    /// Takes as many as may be, in the order given.
    package mutating func take(_ ids: [String]) -> (taken: [String], refused: [Refusal]) {
        var taken: [String] = []
        var refused: [Refusal] = []
        for id in ids {
            if let refusal = take(id) { refused.append(refusal) } else { taken.append(id) }
        }
        return (taken, refused)
    }

    private static func needed(_ minHealthy: Int) -> Int { max(1, minHealthy) }
}

// SPDX-License-Identifier: Apache-2.0
@testable import ChaosModel

/// One machine of a made-up fleet, with what selectors look at.
struct FleetInstance: Hashable {
    var id: String
    var region: String
    var zone: String
    var tags: [String: String]
    var group: String?
    var targetGroup: String?
    var state: String
}

/// What a manifest can reach: a pure model of selecting, picking and limiting, kept apart from the planner on purpose,
/// so that the two can be checked against each other.
enum Reach {
    /// Every instance for which all written criteria hold.
    static func matched(_ selector: InstanceSelector, in fleet: [FleetInstance]) -> Set<FleetInstance> {
        Set(
            fleet.filter { instance in
                let hasTags = (selector.tags ?? [:]).allSatisfy { instance.tags[$0.key] == $0.value }
                return hasTags && (selector.ids?.contains(instance.id) ?? true)
                    && (selector.region == nil || selector.region == instance.region)
                    && (selector.zones?.contains(instance.zone) ?? true)
                    && (selector.autoScalingGroup == nil || selector.autoScalingGroup == instance.group)
                    && (selector.targetGroup == nil || selector.targetGroup == instance.targetGroup)
                    && (selector.states ?? ["running"]).contains(instance.state)
            })
    }

    /// How many of `count` matched instances a pick takes.
    static func taken(_ pick: PickSpec, of count: Int) -> Int {
        var wanted = pick.count ?? pick.oldest ?? pick.newest ?? count
        if let percent = pick.percent { wanted = max(1, Int(Double(count) * percent / 100)) }
        return min(count, wanted, pick.atMost ?? Int.max)
    }

    /// What one fault reaches.
    struct FaultReach {
        var matched: Set<FleetInstance> = []
        var groups: Set<String> = []
        var taken = 0
    }

    /// What each fault of an experiment reaches in a fleet; all takes together stay within `maxTargets`.
    static func faults(_ spec: ExperimentSpec, in fleet: [FleetInstance]) -> [FaultReach] {
        var left = spec.limits.maxTargets
        return spec.faults.map { fault in
            var reach = FaultReach()
            if let selector = fault.targets.instances, let pick = fault.targets.pick {
                reach.matched = matched(selector, in: fleet)
                reach.taken = min(left, taken(pick, of: reach.matched.count))
            } else if let group = fault.targets.autoScalingGroup {
                reach.groups = [group.name]
                reach.taken = min(left, 1)
            }
            left -= reach.taken
            return reach
        }
    }

    /// A fleet in which every criterion of the experiment is met, missed and absent, in every combination: dropping any
    /// one of them must match more instances.
    static func fleet(for spec: ExperimentSpec) -> [FleetInstance] {
        var seeds: [FleetInstance] = []
        for selector in spec.faults.compactMap(\.targets.instances) {
            var seed = FleetInstance(
                id: "i-00000000", region: selector.region ?? "us-east-1", zone: selector.zones?.first ?? "us-east-1a",
                tags: selector.tags ?? [:], group: selector.autoScalingGroup, targetGroup: selector.targetGroup,
                state: selector.states?.first ?? "running")
            for id in selector.ids ?? ["i-00000001", "i-00000002", "i-00000003"] {
                seed.id = id
                seeds.append(seed)
            }
        }
        return Array(Set(seeds.flatMap(variants)))
    }

    private static func variants(of seed: FleetInstance) -> [FleetInstance] {
        var all = [seed]
        for key in seed.tags.keys {
            all += all.flatMap { instance in
                [nil, "other"].map { value in
                    var changed = instance
                    changed.tags[key] = value
                    return changed
                }
            }
        }
        all += all.map { with($0) { $0.group = nil } } + all.map { with($0) { $0.group = "other" } }
        all += all.map { with($0) { $0.targetGroup = nil } } + all.map { with($0) { $0.targetGroup = "other" } }
        all += all.map { with($0) { $0.zone = "us-east-1f" } }
        all += all.map { with($0) { $0.region = "us-west-2" } }
        all += all.map { with($0) { $0.state = "stopped" } }
        all += all.map { with($0) { $0.id = "i-0000ffff" } }
        return all
    }

    private static func with(_ instance: FleetInstance, _ change: (inout FleetInstance) -> Void) -> FleetInstance {
        var copy = instance
        change(&copy)
        return copy
    }
}

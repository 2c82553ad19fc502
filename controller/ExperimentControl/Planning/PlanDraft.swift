// SPDX-License-Identifier: Apache-2.0
import AWS
package import ChaosModel
import Scheduling

/// A plan in the making: pure, so that choice and guards are tested without AWS.
package struct PlanDraft: Sendable {
    package let spec: ExperimentSpec
    package let policy: EffectivePolicy
    package let seed: UInt64
    private var steps: [PlanStep] = []
    private var selections: [SelectionReport] = []
    private var guards: [GuardResult] = []
    /// Who is taken, by account and region, over all faults.
    private var taken: [String: Set<String>] = [:]
    private var inventories: [String: (inventory: Inventory, matched: Set<String>)] = [:]

    package init(spec: ExperimentSpec, policy: EffectivePolicy, seed: UInt64) {
        self.spec = spec
        self.policy = policy
        self.seed = seed
    }

    /// Chooses instances for one fault.
    package mutating func add(_ fault: FaultSpec, scope: AWSScope, inventory: Inventory, filter: EligibilityFilter) {
        let place = inventory.account + "/" + inventory.region
        var (eligible, filters) = filter.apply(to: inventory)
        if let reason = PlanDraft.membershipFilter(fault.action) {
            filters += Self.remove(reason, from: &eligible) { $0.autoScalingGroup == nil }
        }
        let earlier = taken[place] ?? []
        filters += Self.remove("chosenByEarlierFault", from: &eligible) { earlier.contains($0.id) }
        let chosen = choose(from: eligible, for: fault, in: inventory)
        selections.append(
            SelectionReport(
                fault: fault.name, found: inventory.instances.count, filters: filters, eligible: eligible.count,
                chosen: chosen))
        guards.append(Self.chosenGuard(fault: fault, chosen: chosen.count, eligible: eligible.count))
        taken[place, default: []].formUnion(chosen)
        remember(inventory, matched: eligible.map(\.id) + earlier, at: place)
        steps += inventory.instances.filter { chosen.contains($0.id) }.sorted { $0.id < $1.id }.map {
            var target = PlannedTarget($0, in: inventory)
            // Only the target group that was asked for is touched, whatever others the instance stands in.
            if case .elb = fault.action, let name = fault.targets.instances?.targetGroup {
                target.targetGroupArns.removeAll { !TargetGroupName.matches(name, arn: $0) }
            }
            return FaultText.step(fault, target: target, scope: scope)
        }
    }

    /// Takes a group itself as the target, unless it is `resting`, for that reason.
    package mutating func add(
        _ fault: FaultSpec, group name: String, inventory: Inventory, ownInstances: Set<String>, resting: String? = nil
    ) {
        let group = inventory.group(named: name)
        var refusal = TargetRules(policy).refusal(of: group, named: name, ownInstances: ownInstances) ?? resting
        if refusal == nil, let group, Self.changesNothing(fault.action, of: group) {
            refusal = "processes already suspended"
        }
        let chosen = refusal == nil ? [name] : []
        let found = group == nil ? 0 : 1
        let filters = refusal.map { [SelectionReport.Filter(name: $0, removed: 1, examples: [name])] } ?? []
        selections.append(
            SelectionReport(
                fault: fault.name, found: found, filters: found == 0 ? [] : filters, eligible: chosen.count,
                chosen: chosen))
        guards.append(Self.chosenGuard(fault: fault, chosen: chosen.count, eligible: chosen.count))
        guard refusal == nil else { return }
        let target = PlannedTarget(
            id: name, account: inventory.account, region: inventory.region, autoScalingGroup: name, name: name)
        steps.append(FaultText.step(fault, target: target, scope: AWSScope()))
    }

    /// Suspending what is suspended would count as a fault that took effect.
    private static func changesNothing(_ action: FaultAction, of group: Inventory.Group) -> Bool {
        guard case .autoScaling(.suspendProcesses(let processes)) = action else { return false }
        return Set(processes).isSubset(of: group.suspendedProcesses)
    }

    /// The finished plan, with every guard.
    package func report(now: Timestamp) -> PlanReport {
        var results = guards + limitGuards() + policyGuards(now: now) + haltTagGuards() + leashGuards()
        for (place, known) in inventories.sorted(by: { $0.key < $1.key }) {
            let health = HealthGuard(minHealthy: policy.minHealthy(within: spec.limits))
            results += health.results(
                taking: taken[place] ?? [], from: known.inventory, matched: known.matched.sorted())
        }
        var report = PlanReport(
            hash: PlanHash.hash(steps: steps, limits: spec.limits), seed: seed, steps: steps, guards: results,
            selections: selections, iamActions: IAMActions.needed(by: spec))
        report.optIns = policy.optIns
        return report
    }

    private func choose(
        from eligible: [Inventory.Instance], for fault: FaultSpec, in inventory: Inventory
    ) -> [String] {
        guard let pick = fault.targets.pick else { return [] }
        let candidates = eligible.map { PlannedTarget($0, in: inventory) }
        // More than the limits allow is refused by a guard, not quietly made less.
        return Picker.pick(candidates, pick, seed: seed &+ Self.stream(fault.name), maxTargets: .max).map(\.id)
    }

    /// A different choice for each fault of one seed: FNV-1a of its name
    /// (http://www.isthe.com/chongo/tech/comp/fnv/).
    private static func stream(_ name: String) -> UInt64 {
        name.utf8.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
    }

    private mutating func remember(_ inventory: Inventory, matched: [String], at place: String) {
        guard var known = inventories[place] else {
            inventories[place] = (inventory, Set(matched))
            return
        }
        known.inventory.merge(inventory)
        known.matched.formUnion(matched)
        inventories[place] = known
    }

    private static func remove(
        _ name: String, from eligible: inout [Inventory.Instance], where removed: (Inventory.Instance) -> Bool
    ) -> [SelectionReport.Filter] {
        let gone = eligible.filter(removed)
        eligible.removeAll(where: removed)
        return gone.isEmpty ? [] : [.init(name: name, removed: gone.count, examples: gone.prefix(5).map(\.id))]
    }

    private static func membershipFilter(_ action: FaultAction) -> String? {
        if case .autoScaling = action { "memberOfAutoScalingGroup" } else { nil }
    }

    /// A pick that cannot be filled is refused: an experiment on fewer targets is another experiment.
    private static func chosenGuard(fault: FaultSpec, chosen: Int, eligible: Int) -> GuardResult {
        let wanted = fault.targets.pick.map { $0.count ?? $0.oldest ?? $0.newest ?? 1 } ?? 1
        let most = min(wanted, fault.targets.pick?.atMost ?? wanted)
        return GuardResult(
            name: "targetsFound", passed: chosen >= max(1, most),
            message: "fault \(fault.name): \(eligible) eligible, \(chosen) chosen, \(most) wanted")
    }

    private func limitGuards() -> [GuardResult] {
        [
            GuardResult(
                name: "maxTargets", passed: steps.count <= spec.limits.maxTargets,
                message: "\(counted(steps.count, "target")), at most \(spec.limits.maxTargets) by limits.maxTargets")
        ]
    }

    /// Shown with the plan, and no refusal of it: a leashed run is planned to its end.
    private func leashGuards() -> [GuardResult] {
        policy.leashReason.map { [GuardResult(name: PlanReport.leash, passed: false, message: $0)] } ?? []
    }

    private func haltTagGuards() -> [GuardResult] {
        inventories.sorted { $0.key < $1.key }.flatMap { $0.value.inventory.haltTagged }.map { name in
            GuardResult(name: "policy", passed: false, message: HaltTag.words(on: name))
        }
    }

    private func policyGuards(now: Timestamp) -> [GuardResult] {
        PolicyGuards(policy: policy).results(spec: spec, steps: steps, now: now)
    }
}

/// `1 target`, `2 targets`.
func counted(_ count: Int, _ noun: String) -> String { "\(count) \(noun)" + (count == 1 ? "" : "s") }

extension PlannedTarget {
    init(_ instance: Inventory.Instance, in inventory: Inventory) {
        self.init(
            id: instance.id, account: inventory.account, region: inventory.region, zone: instance.zone,
            autoScalingGroup: instance.autoScalingGroup, targetGroupArns: instance.targetHealth.map(\.targetGroupArn),
            launchedAt: instance.launchedAt, name: instance.tags["Name"])
    }
}

extension Inventory {
    /// Adds what another look at the same account and region saw; what both saw is taken from the newer look.
    mutating func merge(_ newer: Inventory) {
        let ids = Set(newer.instances.map(\.id))
        instances = instances.filter { !ids.contains($0.id) } + newer.instances
        let names = Set(newer.groups.map(\.name))
        groups = groups.filter { !names.contains($0.name) } + newer.groups
        targetGroups.merge(newer.targetGroups) { _, new in new }
    }
}

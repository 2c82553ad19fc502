// SPDX-License-Identifier: Apache-2.0
import AWS
import ChaosModel

/// The guards once more, on a fresh look, right before one target is touched.
struct GuardsAgain: Sendable {
    let connections: AWSConnections
    let options: ControllerOptions
    let now: Timestamp

    /// Why this injection must not go ahead; nil when it may.
    func refusal(of spec: InjectionSpec, in context: Injector.Context) async throws(AWSError) -> String? {
        let policy = context.policy
        let fault = context.run.spec.plan.faults.first { $0.name == spec.fault }
        if let reason = PolicyGuards(policy: policy).refusal(
            of: fault, action: spec.action, target: spec.target, now: now)
        {
            return reason
        }
        let account = try await connections.account(for: spec.scope)
        if account != spec.target.account {
            return "\(spec.target.id) is in account \(spec.target.account), the credentials are of \(account)"
        }
        let reader = try connections.reader(for: spec.scope)
        let inventories = InventoryReader(aws: reader, account: account, region: spec.target.region)
        if spec.action.targetsGroup {
            let inventory = try await inventories.inventory(ofGroup: spec.target.id)
            if let name = inventory.haltTagged.first { return HaltTag.words(on: name) }
            let group = inventory.groups.first
            return TargetRules(policy).refusal(of: group, named: spec.target.id, ownInstances: options.ownInstances)
        }
        guard let selector = fault?.targets.instances else {
            return "the plan has no fault \(spec.fault)"
        }
        // A group names all its members; instances outside of groups guard each other, so all that match are looked at.
        let inventory =
            spec.target.autoScalingGroup == nil
            ? try await inventories.inventory(for: selector)
            : try await inventories.inventory(
                ofInstances: [spec.target.id], targetGroups: spec.target.targetGroupArns)
        return refusal(of: spec, in: context, selector: selector, inventory: inventory, policy: policy)
    }

    /// How many of the target's group may be held at once, by this and every other run under way: what is healthy, less
    /// the minimum. Those that this run has taken and that are gone already are not counted twice. Nil without a group.
    func room(for spec: InjectionSpec, in context: Injector.Context) async throws(AWSError) -> Int? {
        guard let name = spec.target.autoScalingGroup, !spec.action.targetsGroup else { return nil }
        let inventories = InventoryReader(
            aws: try connections.reader(for: spec.scope), account: spec.target.account, region: spec.target.region)
        guard let group = try await inventories.inventory(ofGroup: name).groups.first else { return 0 }
        let minimum = max(1, context.policy.minHealthy(within: context.run.spec.plan.limits))
        let healthy = Set(group.members.filter(\.isInService).map(\.id))
        let gone = context.taken(from: name).subtracting(healthy).subtracting([spec.target.id])
        return max(0, healthy.count - minimum + gone.count)
    }

    private func refusal(
        of spec: InjectionSpec, in context: Injector.Context, selector: InstanceSelector, inventory: Inventory,
        policy: EffectivePolicy
    ) -> String? {
        if let name = inventory.haltTagged.first { return HaltTag.words(on: name) }
        guard let instance = inventory.instances.first(where: { $0.id == spec.target.id }) else {
            return "\(spec.target.id) is gone"
        }
        let own = options.ownInstances.union(inventory.membersOfGroups(holding: options.ownInstances))
        let filter = EligibilityFilter(selector: selector, rules: TargetRules(policy), ownInstances: own, now: now)
        if let reason = filter.refusal(of: instance, in: inventory) {
            return "\(spec.target.id) is no longer eligible: \(reason)"
        }
        let minimum = policy.minHealthy(within: context.run.spec.plan.limits)
        let results = HealthGuard(minHealthy: minimum).results(
            taking: context.taken.union([spec.target.id]), from: inventory,
            matched: filter.apply(to: inventory).eligible.map(\.id))
        return results.first { !$0.passed }?.message
    }
}

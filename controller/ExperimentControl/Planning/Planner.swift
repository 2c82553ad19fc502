// SPDX-License-Identifier: Apache-2.0
package import AWS
package import ChaosModel
import Scheduling

/// Makes the plan of a run: whom, with what undo, past which guards. It holds no client that could change anything.
package struct Planner: Sendable {
    package var aws: any AWSReaders
    package var policy: EffectivePolicy
    package var ownInstances: Set<String>
    package var now: Timestamp
    /// What other runs did, for a run that minds it.
    package var recentHarm: RecentHarm?

    package init(aws: any AWSReaders, policy: EffectivePolicy, ownInstances: Set<String>, now: Timestamp) {
        self.aws = aws
        self.policy = policy
        self.ownInstances = ownInstances
        self.now = now
    }

    /// The whole plan. Throws when AWS could not be read completely or a named thing does not exist; a guard that
    /// refuses is part of the plan.
    package func plan(_ spec: ExperimentSpec, seed: UInt64) async throws(ExperimentError) -> PlanReport {
        var draft = PlanDraft(spec: spec, policy: policy, seed: seed)
        for fault in spec.faults {
            do throws(AWSError) {
                try await add(fault, to: &draft)
            } catch {
                throw ExperimentError(error, doing: "finding the targets of fault \(fault.name)")
            }
        }
        var report = draft.report(now: now)
        report.guards += await DestinationCheck(aws: aws).results(spec.reports ?? [])
        return report
    }

    private func add(_ fault: FaultSpec, to draft: inout PlanDraft) async throws(AWSError) {
        if let group = fault.targets.autoScalingGroup { return try await add(fault, on: group, to: &draft) }
        guard let selector = fault.targets.instances else { return }
        let reader = try aws.reader(for: selector.scope)
        let account = try await reader.identity.callerIdentity().account
        let inventories = InventoryReader(aws: reader, account: account, region: try aws.region(for: selector.scope))
        let inventory = try await inventories.inventory(for: selector)
        if let name = selector.autoScalingGroup, inventory.group(named: name) == nil {
            throw AWSError(
                code: .notFound, message: "there is no Auto Scaling group \(name) in \(inventory.region)",
                hint: "Check the group's name and the region.", service: "autoscaling",
                action: "DescribeAutoScalingGroups")
        }
        let own = ownInstances.union(inventory.membersOfGroups(holding: ownInstances))
        var filter = EligibilityFilter(
            selector: selector, rules: TargetRules(draft.policy), ownInstances: own, now: now)
        filter.resting =
            recentHarm?.resting(inventory.instances.map(\.id), in: inventory.region, now: now) ?? []
        draft.add(fault, scope: selector.scope, inventory: inventory, filter: filter)
    }

    private func add(_ fault: FaultSpec, on selector: GroupSelector, to draft: inout PlanDraft) async throws(AWSError) {
        let reader = try aws.reader(for: selector.scope)
        let account = try await reader.identity.callerIdentity().account
        let inventories = InventoryReader(aws: reader, account: account, region: try aws.region(for: selector.scope))
        let inventory = try await inventories.inventory(ofGroup: selector.name)
        draft.add(
            fault, group: selector.name, inventory: inventory, ownInstances: ownInstances,
            resting: recentHarm?.refusal(of: selector.name, in: inventory.region, now: now))
    }
}

extension Inventory {
    /// Every member of a group that one of these instances belongs to.
    func membersOfGroups(holding instances: Set<String>) -> Set<String> {
        Set(
            groups.filter { group in group.members.contains { instances.contains($0.id) } }.flatMap(\.members).map(\.id)
        )
    }
}

extension ExperimentError {
    /// An AWS error as the operator meets it, while `doing` something.
    package init(_ error: AWSError, doing: String) {
        let code: Code =
            switch error.code {
            case .noCredentials, .expiredCredentials: .noCredentials
            case .noRegion: .noRegion
            case .accessDenied: .notPermitted
            case .notFound: .targetsNotFound
            case .invalidConfiguration, .invalidRequest: .invalid
            default: .awsUnavailable
            }
        self.init(code, "\(doing): \(error.message)", hint: error.hint, cause: error)
    }
}

// SPDX-License-Identifier: Apache-2.0
package import ChaosModel

/// Decides which of the found instances may be harmed at all, and counts what took the others away.
package struct EligibilityFilter: Sendable {
    package var selector: InstanceSelector
    package var rules: TargetRules
    /// Instances that run this controller; never a target.
    package var ownInstances: Set<String>
    package var now: Timestamp
    /// Instances that another run has harmed too short a time ago.
    package var resting: Set<String> = []

    package init(selector: InstanceSelector, rules: TargetRules, ownInstances: Set<String>, now: Timestamp) {
        self.selector = selector
        self.rules = rules
        self.ownInstances = ownInstances
        self.now = now
    }

    /// The eligible instances, and for each filter, in order, whom it removed.
    package func apply(to inventory: Inventory) -> (eligible: [Inventory.Instance], filters: [SelectionReport.Filter]) {
        var left = inventory.instances
        var reports: [SelectionReport.Filter] = []
        for (name, keeps) in steps(inventory) {
            let removed = left.filter { !keeps($0) }
            left.removeAll { !keeps($0) }
            if !removed.isEmpty {
                reports.append(.init(name: name, removed: removed.count, examples: removed.prefix(5).map(\.id)))
            }
        }
        return (left, reports)
    }

    /// Why one instance is not eligible; nil when it is.
    package func refusal(of instance: Inventory.Instance, in inventory: Inventory) -> String? {
        steps(inventory).first { !$0.keeps(instance) }?.name
    }

    private typealias Step = (name: String, keeps: (Inventory.Instance) -> Bool)

    private func steps(_ inventory: Inventory) -> [Step] {
        criteria(inventory) + tagRules + [
            ("ownInstance", { !ownInstances.contains($0.id) }),
            (RecentHarm.filter, { !resting.contains($0.id) }),
            ("state", { wantedStates.contains($0.state) }),
            ("inService", { isInService($0, inventory) }),
            ("targetHealthy", { instance in instance.targetHealth.allSatisfy { $0.state == "healthy" } }),
            ("warmUp", { isWarm($0, inventory) }),
        ]
    }

    /// What the manifest asks for is asked of AWS too; it is checked here so that a wider answer never widens the
    /// choice.
    private func criteria(_ inventory: Inventory) -> [Step] {
        var steps: [Step] = []
        if let ids = selector.ids { steps.append(("ids", { ids.contains($0.id) })) }
        if let tags = selector.tags {
            steps.append(("tags", { instance in tags.allSatisfy { instance.tags[$0.key] == $0.value } }))
        }
        if let group = selector.autoScalingGroup {
            steps.append(("autoScalingGroup", { $0.autoScalingGroup == group }))
        }
        if let targetGroup = selector.targetGroup {
            steps.append(
                (
                    "targetGroup",
                    { $0.targetHealth.contains { TargetGroupName.matches(targetGroup, arn: $0.targetGroupArn) } }
                ))
        }
        if let zones = selector.zones { steps.append(("zones", { zones.contains($0.zone ?? "") })) }
        return steps
    }

    private var tagRules: [Step] {
        [("haltTag \(HaltTag.key)", { $0.tags[HaltTag.key] == nil })]
            + rules.denyTags.map { tag in ("denyTag \(tag)", { $0.tags[tag] == nil }) }
            + rules.optIns.map { optIn in
                ("optIn \(optIn.tag)=\(optIn.value)", { $0.tags[optIn.tag] == optIn.value })
            }
    }

    private var wantedStates: [String] { selector.states ?? ["running"] }

    private func isInService(_ instance: Inventory.Instance, _ inventory: Inventory) -> Bool {
        guard let name = instance.autoScalingGroup else { return true }
        // A group that the instance names and that cannot be read does not vouch for it.
        guard let group = inventory.group(named: name) else { return false }
        return group.members.contains { $0.id == instance.id && $0.isInService }
    }

    private func isWarm(_ instance: Inventory.Instance, _ inventory: Inventory) -> Bool {
        let group = inventory.group(named: instance.autoScalingGroup)
        guard let warmUp = selector.warmUp?.duration ?? group?.defaultWarmUp, warmUp > .zero else { return true }
        guard let launched = instance.launchedAt else { return false }
        return now.since(launched) >= warmUp
    }
}

/// Target groups are named by ARN or by their own name.
enum TargetGroupName {
    /// `arn:aws:elasticloadbalancing:region:account:targetgroup/NAME/ID` is matched whole or by NAME.
    static func matches(_ wanted: String, arn: String) -> Bool {
        if wanted.hasPrefix("arn:") { return wanted == arn }
        let parts = arn.split(separator: "/")
        return parts.count == 3 && parts[1] == wanted
    }
}

/// The tag rules in force, from all policies: every opt-in tag is required, and any deny tag wins.
package struct TargetRules: Sendable, Equatable {
    package var optIns: [OptInSpec]
    package var denyTags: [String]

    package init(optIns: [OptInSpec], denyTags: [String]) {
        self.optIns = optIns
        self.denyTags = denyTags
    }

    package init(_ policy: EffectivePolicy) { self.init(optIns: policy.optIns, denyTags: policy.denyTags) }

    /// Why this group as a whole is no target; nil when it may be one.
    func refusal(of group: Inventory.Group?, named name: String, ownInstances: Set<String>) -> String? {
        guard let group else { return "there is no group \(name)" }
        if group.members.contains(where: { ownInstances.contains($0.id) }) { return "ownInstance" }
        return refusal(of: group.tags)
    }

    /// The first rule that these tags break, in words; nil when none is.
    package func refusal(of tags: [String: String]) -> String? {
        if tags[HaltTag.key] != nil { return "halt tag \(HaltTag.key)" }
        if let denied = denyTags.first(where: { tags[$0] != nil }) { return "deny tag \(denied)" }
        return optIns.first { tags[$0.tag] != $0.value }.map { "opt-in tag \($0.tag)=\($0.value) missing" }
    }
}

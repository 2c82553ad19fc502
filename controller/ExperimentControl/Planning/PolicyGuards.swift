// SPDX-License-Identifier: Apache-2.0
package import ChaosModel

/// What the policies say of a plan: one result for each rule that exists. Each names its rule and its resource.
package struct PolicyGuards: Sendable {
    package var policy: EffectivePolicy
    package var zones: FreezeZones

    package init(policy: EffectivePolicy, zones: FreezeZones = .system) {
        self.policy = policy
        self.zones = zones
    }

    /// The leash is not among them: a leashed run is planned to its end. See `leash`.
    package func results(spec: ExperimentSpec, steps: [PlanStep], now: Timestamp) -> [GuardResult] {
        let targets = steps.map(\.target)
        let longest = spec.faults.compactMap(\.duration?.duration).max() ?? .zero
        return policy.weakened.map { result(false, $0) }
            + stops(now: now, holding: spec.baselineHold + longest)
            + allowed(
                accounts: Set(targets.map(\.account)), regions: Set(targets.map(\.region)),
                actions: Set(steps.map(\.action)))
            + caps(targets) + durations(spec.faults)
    }

    /// What forbids to act, now that everything is planned; nil when nothing does. Asked before each act.
    package func refusal(of fault: FaultSpec?, action: FaultAction, target: PlannedTarget, now: Timestamp) -> String? {
        if let leash = policy.leashReason { return leash }
        let results =
            stops(now: now, holding: fault?.duration?.duration ?? .zero)
            + allowed(accounts: [target.account], regions: [target.region], actions: [action.name])
            + durations(fault.map { [$0] } ?? [])
        return results.first { !$0.passed }?.message
    }

    /// Halts and freezes: what forbids any start now, and what forbids that a fault which starts now is still held.
    package func stops(now: Timestamp, holding hold: Duration) -> [GuardResult] {
        let halts = policy.halts.map { rule in
            result(false, "\(EffectivePolicy.haltWords)\(rule.named("halt")): \(rule.value.reason)")
        }
        let freezes = policy.freezes.map { rule in
            let closed = zones.isFrozen(rule.value, from: now, until: now.advanced(by: hold))
            return result(!closed, "\(rule.named("freezes")): \(rule.value.words): \(rule.value.reason)")
        }
        return halts + freezes
    }

    /// Where and with what harm is allowed: asked of the whole plan, and again of each injection before it acts.
    package func allowed(accounts: Set<String>, regions: Set<String>, actions: Set<String>) -> [GuardResult] {
        allowed("allowedAccounts", policy.allowedAccounts, accounts)
            + allowed("allowedRegions", policy.allowedRegions, regions)
            + allowed("allowedFaults", policy.allowedFaults, actions)
    }

    private func allowed(
        _ field: String, _ rules: [EffectivePolicy.Rule<[String]>], _ asked: Set<String>
    ) -> [GuardResult] {
        rules.map { rule in
            let others = asked.subtracting(rule.value).sorted()
            return result(others.isEmpty, "\(rule.named(field)): \(Self.verdict(others))")
        }
    }

    /// Those caps that a plan alone can break; how many others hold is counted when each target is reserved.
    private func caps(_ targets: [PlannedTarget]) -> [GuardResult] {
        var results: [GuardResult] = []
        func cap(_ field: String, _ rule: EffectivePolicy.Rule<Int>?, _ count: Int, _ of: String = "") {
            guard let rule else { return }
            results.append(
                result(
                    count <= rule.value, "\(rule.named(field)): \(counted(count, "target"))\(of), at most \(rule.value)"
                ))
        }
        cap("maxTargetsPerRun", policy.maxTargetsPerRun, targets.count)
        cap("maxTargetsPerDay", policy.maxTargetsPerDay, targets.count)
        let groups = Dictionary(grouping: targets.filter { $0.autoScalingGroup != nil }) { target in
            "\(target.account)/\(target.region)/\(target.autoScalingGroup ?? "")"
        }
        for (group, members) in groups.sorted(by: { $0.key < $1.key }) {
            cap("maxTargetsPerGroup", policy.maxTargetsPerGroup, members.count, " of \(group)")
            cap("maxTargetsPerGroupPerDay", policy.maxTargetsPerGroupPerDay, members.count, " of \(group)")
        }
        return results
    }

    private func durations(_ faults: [FaultSpec]) -> [GuardResult] {
        guard let rule = policy.maxDuration else { return [] }
        let over = faults.filter { ($0.duration?.duration ?? .zero) > rule.value }.map(\.name)
        return [
            result(
                over.isEmpty,
                "\(rule.named("maxDuration")): at most \(WrittenDuration(rule.value)), \(Self.verdict(over))")
        ]
    }

    private static func verdict(_ others: [String]) -> String {
        others.isEmpty ? "kept" : "does not allow " + others.joined(separator: ", ")
    }

    private func result(_ passed: Bool, _ message: String) -> GuardResult {
        GuardResult(name: "policy", passed: passed, message: message)
    }
}

// SPDX-License-Identifier: Apache-2.0
package import ChaosModel

/// What the policies say of a plan: one result for each rule that exists.
package struct PolicyGuards: Sendable {
    package var policy: EffectivePolicy

    package init(policy: EffectivePolicy) { self.policy = policy }

    package func results(spec: ExperimentSpec, steps: [PlanStep], now: Timestamp) -> [GuardResult] {
        let targets = steps.map(\.target)
        return stops(now: now)
            + allowed(
                accounts: Set(targets.map(\.account)), regions: Set(targets.map(\.region)),
                actions: Set(steps.map(\.action))) + durations(spec)
    }

    /// Halts and freezes: what forbids any start now.
    package func stops(now: Timestamp) -> [GuardResult] {
        let halts = policy.halts.map { rule in
            result(false, "halted by \(rule.policy): \(rule.value)")
        }
        let freezes = policy.freezes.map { rule in
            let closed = rule.value.from <= now && now < rule.value.until
            return result(
                !closed,
                "freeze of \(rule.policy) from \(rule.value.from) until \(rule.value.until): \(rule.value.reason)")
        }
        return halts + freezes
    }

    /// Where and with what harm is allowed: asked of the whole plan, and again of each injection before it acts.
    package func allowed(accounts: Set<String>, regions: Set<String>, actions: Set<String>) -> [GuardResult] {
        policy.allowedAccounts.map { rule in
            let others = accounts.subtracting(rule.value).sorted()
            return result(others.isEmpty, "allowedAccounts of \(rule.policy): \(Self.verdict(others))")
        }
            + policy.allowedRegions.map { rule in
                let others = regions.subtracting(rule.value).sorted()
                return result(others.isEmpty, "allowedRegions of \(rule.policy): \(Self.verdict(others))")
            }
            + policy.allowedFaults.map { rule in
                let others = actions.subtracting(rule.value).sorted()
                return result(others.isEmpty, "allowedFaults of \(rule.policy): \(Self.verdict(others))")
            }
    }

    private func durations(_ spec: ExperimentSpec) -> [GuardResult] {
        guard let rule = policy.maxDuration else { return [] }
        let over = spec.faults.filter { ($0.duration?.duration ?? .zero) > rule.value }.map(\.name)
        return [
            result(
                over.isEmpty,
                "maxDuration \(WrittenDuration(rule.value)) of \(rule.policy): \(Self.verdict(over))")
        ]
    }

    private static func verdict(_ others: [String]) -> String {
        others.isEmpty ? "kept" : "does not allow " + others.joined(separator: ", ")
    }

    private func result(_ passed: Bool, _ message: String) -> GuardResult {
        GuardResult(name: "policy", passed: passed, message: message)
    }
}

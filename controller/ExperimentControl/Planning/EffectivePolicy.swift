// SPDX-License-Identifier: Apache-2.0
package import ChaosModel

/// All policies as one: of each rule the most restrictive, with the policy that set it, so that a refusal can name it.
package struct EffectivePolicy: Sendable, Equatable {
    package struct Rule<Value: Sendable & Equatable>: Sendable, Equatable {
        package var value: Value
        package var policy: String
    }

    package var halts: [Rule<String>] = []
    package var freezes: [Rule<FreezeSpec>] = []
    package var allowedAccounts: [Rule<[String]>] = []
    package var allowedRegions: [Rule<[String]>] = []
    package var allowedFaults: [Rule<[String]>] = []
    package var maxTargetsPerRun: Rule<Int>?
    package var maxTargetsPerDay: Rule<Int>?
    package var maxDuration: Rule<Duration>?
    package var minHealthy: Rule<Int>?
    /// Every opt-in and deny tag that any policy names; all of them hold.
    package var optIns: [OptInSpec]
    package var denyTags: [String]

    package init(_ policies: [Policy]) {
        for policy in policies.sorted(by: { $0.metadata.name < $1.metadata.name }) {
            let name = policy.metadata.name
            let spec = policy.spec
            func rule<Value>(_ value: Value) -> Rule<Value> { Rule(value: value, policy: name) }
            if let halt = spec.halt { halts.append(rule(halt.reason)) }
            freezes += (spec.freezes ?? []).map(rule)
            if let accounts = spec.allowedAccounts { allowedAccounts.append(rule(accounts)) }
            if let regions = spec.allowedRegions { allowedRegions.append(rule(regions)) }
            if let faults = spec.allowedFaults { allowedFaults.append(rule(faults)) }
            maxTargetsPerRun = Self.smaller(maxTargetsPerRun, spec.maxTargetsPerRun.map(rule))
            maxTargetsPerDay = Self.smaller(maxTargetsPerDay, spec.maxTargetsPerDay.map(rule))
            maxDuration = Self.smaller(maxDuration, spec.maxDuration.map { rule($0.duration) })
            minHealthy = Self.larger(minHealthy, spec.minHealthy.map(rule))
        }
        let written = policies.compactMap(\.spec.optIn)
        let required = written.filter { $0.required != false }
        optIns =
            written.isEmpty ? [OptInSpec(tag: "rebound:opt-in", value: "true")] : required
        // A policy that names no deny tag means the usual one; so another policy's own tag does not take it away.
        let denied = policies.map { $0.spec.denyTag ?? Self.usualDenyTag }
        denyTags = denied.isEmpty ? [Self.usualDenyTag] : Set(denied).sorted()
    }

    /// What every reason begins with that a halt gives.
    static let haltWords = "halted by policy "

    /// The first order to stop everything, in words; nil when there is none.
    package var haltReason: String? { halts.first.map { "\(Self.haltWords)\($0.policy): \($0.value)" } }

    private static let usualDenyTag = "rebound:deny"

    /// How many healthy members every group keeps: the larger of the manifest's and the policies' minimum.
    package func minHealthy(within limits: LimitsSpec) -> Int { max(limits.minHealthy, minHealthy?.value ?? 0) }

    private static func smaller<V: Comparable>(_ a: Rule<V>?, _ b: Rule<V>?) -> Rule<V>? {
        guard let a, let b else { return a ?? b }
        return b.value < a.value ? b : a
    }

    private static func larger<V: Comparable>(_ a: Rule<V>?, _ b: Rule<V>?) -> Rule<V>? {
        guard let a, let b else { return a ?? b }
        return b.value > a.value ? b : a
    }
}

// SPDX-License-Identifier: Apache-2.0
package import ChaosModel

/// All policies as one: of each rule the most restrictive, with the policy that set it, so that a refusal can name it.
///
/// The store's policies bind every run. A run's own, which came in its file, bind it further and never less: what they
/// would loosen is not loosened, and is told in `weakened`.
package struct EffectivePolicy: Sendable, Equatable {
    package struct Rule<Value: Sendable & Equatable>: Sendable, Equatable {
        package var value: Value
        /// The policy's name; a run's own is marked.
        package var policy: String

        package init(value: Value, policy: String) {
            self.value = value
            self.policy = policy
        }

        /// The resource and the field, as refusals name them: `Policy/house-rules spec.maxTargetsPerRun`.
        func named(_ field: String) -> String { "Policy/\(policy) spec.\(field)" }
    }

    package var halts: [Rule<HaltSpec>] = []
    package var leashes: [Rule<Bool>] = []
    package var freezes: [Rule<FreezeSpec>] = []
    package var allowedAccounts: [Rule<[String]>] = []
    package var allowedRegions: [Rule<[String]>] = []
    package var allowedFaults: [Rule<[String]>] = []
    package var maxTargetsPerRun: Rule<Int>?
    package var maxTargetsPerDay: Rule<Int>?
    package var maxTargetsPerGroup: Rule<Int>?
    package var maxTargetsPerGroupPerDay: Rule<Int>?
    package var maxDuration: Rule<Duration>?
    package var minHealthy: Rule<Int>?
    package var approvals: [Rule<ApprovalRule>] = []
    /// Every opt-in and deny tag that any policy names; all of them hold.
    package var optIns: [OptInSpec] = []
    package var denyTags: [String] = []
    /// What a run's own policies would loosen, in words.
    package var weakened: [String] = []

    package init(_ stored: [Policy], joining own: [RunPolicy] = []) {
        for policy in stored.sorted(by: { $0.metadata.name < $1.metadata.name }) {
            add(policy.spec, of: policy.metadata.name)
        }
        for policy in own.sorted(by: { $0.name < $1.name }) { add(policy.spec, of: policy.name + Self.ownMark) }
        setTags(stored, joining: own)
    }

    private mutating func add(_ spec: PolicySpec, of name: String) {
        func rule<Value>(_ value: Value) -> Rule<Value> { Rule(value: value, policy: name) }
        if let halt = spec.halt, halt.resumed == nil { halts.append(rule(halt)) }
        if spec.leash == true { leashes.append(rule(true)) }
        freezes += (spec.freezes ?? []).map(rule)
        if let accounts = spec.allowedAccounts { allowedAccounts.append(rule(accounts)) }
        if let regions = spec.allowedRegions { allowedRegions.append(rule(regions)) }
        if let faults = spec.allowedFaults { allowedFaults.append(rule(faults)) }
        if let approval = spec.approvals { approvals.append(rule(approval)) }
        maxTargetsPerRun = Self.smaller(maxTargetsPerRun, spec.maxTargetsPerRun.map(rule))
        maxTargetsPerDay = Self.smaller(maxTargetsPerDay, spec.maxTargetsPerDay.map(rule))
        maxTargetsPerGroup = Self.smaller(maxTargetsPerGroup, spec.maxTargetsPerGroup.map(rule))
        maxTargetsPerGroupPerDay = Self.smaller(maxTargetsPerGroupPerDay, spec.maxTargetsPerGroupPerDay.map(rule))
        maxDuration = Self.smaller(maxDuration, spec.maxDuration.map { rule($0.duration) })
        minHealthy = Self.larger(minHealthy, spec.minHealthy.map(rule))
    }

    /// The store decides whether the usual tags hold, unless it says nothing of anything: the halt's own record is no
    /// rule about targets.
    private mutating func setTags(_ stored: [Policy], joining own: [RunPolicy]) {
        let rules = stored.map(\.spec).filter { $0 != $0.onlyHalt }
        let base = rules.isEmpty ? own.map(\.spec) : rules
        optIns = Self.optIns(base)
        denyTags = Self.denyTags(base)
        guard !rules.isEmpty else { return }
        for policy in own {
            if let optIn = policy.spec.optIn {
                if optIn.required != false {
                    if !optIns.contains(optIn) { optIns.append(optIn) }
                } else if !optIns.isEmpty {
                    weakened.append(
                        "Policy/\(policy.name)\(Self.ownMark) spec.optIn.required would lift an opt-in tag that the "
                            + "stored policies ask for")
                }
            }
            if let tag = policy.spec.denyTag, !denyTags.contains(tag) { denyTags.append(tag) }
        }
    }

    private static func optIns(_ specs: [PolicySpec]) -> [OptInSpec] {
        let written = specs.compactMap(\.optIn)
        return written.isEmpty
            ? [OptInSpec(tag: "rebound:opt-in", value: "true")] : written.filter { $0.required != false }
    }

    /// A policy that names no deny tag means the usual one; so another policy's own tag does not take it away.
    private static func denyTags(_ specs: [PolicySpec]) -> [String] {
        let denied = specs.map { $0.denyTag ?? usualDenyTag }
        return denied.isEmpty ? [usualDenyTag] : Set(denied).sorted()
    }

    /// What every reason begins with that a halt gives.
    static let haltWords = "halted by "
    private static let ownMark = " (of this run)"
    private static let usualDenyTag = "rebound:deny"

    /// The first order to stop everything, in words; nil when there is none.
    package var haltReason: String? {
        halts.first.map { "\(Self.haltWords)\($0.named("halt")): \($0.value.reason)" }
    }

    /// Why everything is only planned, in words; nil when it is not.
    package var leashReason: String? {
        leashes.first.map { "\($0.named("leash")): everything is only planned" }
    }

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

extension PolicySpec {
    /// The same without every rule but the halt.
    fileprivate var onlyHalt: PolicySpec {
        var spec = PolicySpec()
        spec.halt = halt
        return spec
    }
}

extension RunSpec {
    /// What binds this run: the store's policies, and its own.
    package func policy(joining stored: [Policy]) -> EffectivePolicy {
        EffectivePolicy(stored, joining: policies ?? [])
    }
}

// SPDX-License-Identifier: Apache-2.0
@testable import ChaosModel

/// Says how an accepted mutation of a manifest reaches further than the original; nothing when it does not.
struct Widening {
    let original: ManifestDocument
    private let fleet: [FleetInstance]
    private let reach: [Reach.FaultReach]

    init(original: ManifestDocument) {
        self.original = original
        if case .experiment(let experiment) = original {
            fleet = Reach.fleet(for: experiment.spec)
            reach = Reach.faults(experiment.spec, in: fleet)
        } else {
            fleet = []
            reach = []
        }
    }

    /// `digit` is true when the mutation put one digit in another's place, the one change that limits cannot be told
    /// from.
    func ways(of mutated: ManifestDocument, digit: Bool) -> [String] {
        switch (original, mutated) {
        case (.experiment(let old), .experiment(let new)): experimentWays(old.spec, new.spec, digit: digit)
        case (.policy(let old), .policy(let new)): policyWays(old.spec, new.spec, digit: digit)
        case (.schedule(let old), .schedule(let new)): scheduleWays(old.spec, new.spec)
        default: ["another kind"]
        }
    }

    // MARK: Experiments

    private func experimentWays(_ old: ExperimentSpec, _ new: ExperimentSpec, digit: Bool) -> [String] {
        var ways: [String] = []
        if new.faults.count > old.faults.count { ways.append("more faults") }
        if new.limits.minHealthy < old.limits.minHealthy, !digit { ways.append("a lower minHealthy") }
        if new.gates?.count ?? 0 < old.gates?.count ?? 0 { ways.append("a gate is gone") }
        if new.stopWhen?.count ?? 0 < old.stopWhen?.count ?? 0 { ways.append("a stop condition is gone") }
        if new.steadyState.count < old.steadyState.count { ways.append("a probe is gone") }
        for (before, after) in zip(old.faults, new.faults) { ways += faultWays(before, after) }
        let now = Reach.faults(new, in: fleet)
        if now.map(\.taken).reduce(0, +) > reach.map(\.taken).reduce(0, +) { ways.append("more targets are taken") }
        if now.map(\.taken).reduce(0, +) > old.limits.maxTargets { ways.append("more than the old maxTargets") }
        for (before, after) in zip(reach, now) {
            if !after.matched.isSubset(of: before.matched) { ways.append("other instances match") }
            if after.taken > before.taken { ways.append("a fault takes more") }
            if after.groups.count > before.groups.count { ways.append("more groups") }
        }
        return ways
    }

    private func faultWays(_ old: FaultSpec, _ new: FaultSpec) -> [String] {
        var ways: [String] = []
        if old.action.name != new.action.name { ways.append("another harm") }
        if case (.autoScaling(.suspendProcesses(let before)), .autoScaling(.suspendProcesses(let after))) =
            (old.action, new.action), after.count > before.count
        {
            ways.append("more processes")
        }
        if old.after != nil, new.after == nil { ways.append("the order is gone") }
        guard let before = old.targets.instances else {
            return ways + (new.targets.instances == nil ? [] : ["another selector"])
        }
        guard let after = new.targets.instances else { return ways + ["another selector"] }
        return ways + selectorWays(before, after)
    }

    /// Criterion by criterion, so that nothing depends on what the made-up fleet holds.
    private func selectorWays(_ old: InstanceSelector, _ new: InstanceSelector) -> [String] {
        var ways: [String] = []
        func gone(_ name: String, _ before: Bool, _ after: Bool) {
            if before, !after { ways.append("\(name) is gone") }
        }
        func grown(_ name: String, _ before: [String]?, _ after: [String]?) {
            if let before, let after, after.count > before.count { ways.append("\(name) has grown") }
            gone(name, before != nil, after != nil)
        }
        if (new.tags ?? [:]).count < (old.tags ?? [:]).count { ways.append("a tag is gone") }
        gone("region", old.region != nil, new.region != nil)
        gone("autoScalingGroup", old.autoScalingGroup != nil, new.autoScalingGroup != nil)
        gone("targetGroup", old.targetGroup != nil, new.targetGroup != nil)
        gone("warmUp", old.warmUp != nil, new.warmUp != nil)
        grown("ids", old.ids, new.ids)
        grown("zones", old.zones, new.zones)
        if (new.states ?? ["running"]).count > (old.states ?? ["running"]).count { ways.append("more states") }
        return ways
    }

    // MARK: Policies and schedules

    private func policyWays(_ old: PolicySpec, _ new: PolicySpec, digit: Bool) -> [String] {
        var ways: [String] = []
        func list(_ name: String, _ before: [String]?, _ after: [String]?) {
            if let before, after == nil || (after ?? []).count > before.count { ways.append("\(name) allows more") }
        }
        func most(_ name: String, _ before: Int?, _ after: Int?, digit: Bool) {
            if let before, after == nil || (after ?? 0) > before && !digit { ways.append("\(name) allows more") }
        }
        list("allowedAccounts", old.allowedAccounts, new.allowedAccounts)
        list("allowedRegions", old.allowedRegions, new.allowedRegions)
        list("allowedFaults", old.allowedFaults, new.allowedFaults)
        most("maxTargetsPerRun", old.maxTargetsPerRun, new.maxTargetsPerRun, digit: digit)
        most("maxTargetsPerDay", old.maxTargetsPerDay, new.maxTargetsPerDay, digit: digit)
        most("maxTargetsPerGroup", old.maxTargetsPerGroup, new.maxTargetsPerGroup, digit: digit)
        most("maxTargetsPerGroupPerDay", old.maxTargetsPerGroupPerDay, new.maxTargetsPerGroupPerDay, digit: digit)
        most("approvals", old.approvals.map { -$0.count }, new.approvals.map { -$0.count }, digit: digit)
        most(
            "approvals.whenTargetsAtLeast", old.approvals?.whenTargetsAtLeast, new.approvals?.whenTargetsAtLeast,
            digit: digit)
        if old.leash == true, new.leash != true { ways.append("the leash is gone") }
        most("minHealthy", old.minHealthy.map { -$0 }, new.minHealthy.map { -$0 }, digit: digit)
        if old.maxDuration != nil, new.maxDuration == nil { ways.append("maxDuration is gone") }
        if (new.freezes ?? []).count < (old.freezes ?? []).count { ways.append("a freeze is gone") }
        if old.denyTag != nil, new.denyTag == nil { ways.append("denyTag is gone") }
        if old.halt != nil, new.halt == nil { ways.append("halt is gone") }
        if old.optIn != nil, new.optIn == nil || new.optIn?.required == false { ways.append("optIn is gone") }
        return ways
    }

    private func scheduleWays(_ old: ScheduleSpec, _ new: ScheduleSpec) -> [String] {
        var ways: [String] = []
        if (new.windows ?? []).count < (old.windows ?? []).count { ways.append("a window is gone") }
        if old.windows != nil, new.windows == nil { ways.append("all windows are gone") }
        if (new.holidays ?? []).count < (old.holidays ?? []).count { ways.append("a holiday is gone") }
        if old.businessDays != nil, new.businessDays == nil { ways.append("the business days are gone") }
        if (new.holidayCalendars ?? []).count < (old.holidayCalendars ?? []).count { ways.append("a calendar is gone") }
        if old.minTimeBetween != nil, new.minTimeBetween == nil { ways.append("minTimeBetween is gone") }
        if (new.groups ?? []).count > (old.groups ?? []).count { ways.append("more groups") }
        if old.groups != nil, new.groups == nil { ways.append("all groups are gone") }
        if old.concurrency == .forbid, let now = new.concurrency, now != .forbid { ways.append("runs may overlap") }
        return ways
    }
}

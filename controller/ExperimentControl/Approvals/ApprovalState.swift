// SPDX-License-Identifier: Apache-2.0
package import ChaosModel

/// Whether the people who must agree to a run have done so.
package enum ApprovalState: Sendable, Equatable {
    /// No rule asks for anybody.
    case notNeeded
    case given
    /// Who or what is still missing, in words.
    case wanting(String)
    /// It was waited for long enough, in words.
    case expired(String)

    /// How long an approval counts, and a run waits, where the policy says nothing.
    package static let usualValidity = Duration.seconds(8 * 3_600)

    /// By every rule that fits the run. An approval counts for the plan it names, while it is valid, once for each
    /// person, and neither for the person who asked for the run nor for those who wrote what it was made from.
    package static func of(
        _ run: Run, plan: PlanReport, rules: [EffectivePolicy.Rule<ApprovalRule>], since: Timestamp, now: Timestamp
    ) -> ApprovalState {
        let fitting = rules.filter { $0.value.fits(run, targets: plan.steps.count) }
        if fitting.isEmpty { return .notNeeded }
        var missing: [String] = []
        for rule in fitting {
            let valid = rule.value.validFor?.duration ?? usualValidity
            let people = people(approving: run, plan: plan, within: valid, now: now)
            guard people.count < rule.value.count else { continue }
            let text = "\(rule.named("approvals")): \(people.count) of \(rule.value.count) people have approved"
            if now.since(since) >= valid { return .expired("\(text) within \(WrittenDuration(valid))") }
            missing.append(text)
        }
        return missing.isEmpty ? .given : .wanting(missing.joined(separator: "; "))
    }

    private static func people(
        approving run: Run, plan: PlanReport, within valid: Duration, now: Timestamp
    ) -> Set<Person> {
        let counting = (run.spec.approvals ?? []).filter { approval in
            approval.planHash == plan.hash && now.since(approval.at) < valid
        }
        return Set(counting.map { Person($0.by) }).subtracting(run.ownPeople)
    }
}

extension ApprovalRule {
    /// Without a condition every run; with some, those that any of them fits.
    func fits(_ run: Run, targets: Int) -> Bool {
        if whenLabels == nil, whenTargetsAtLeast == nil { return true }
        let labels = run.metadata.labels ?? [:]
        return whenLabels?.contains { labels[$0.key] == $0.value } ?? false
            || whenTargetsAtLeast.map { targets >= $0 } ?? false
    }
}

extension Run {
    /// Those who cannot approve it: who asked for it, and who wrote the schedule and the experiment.
    var ownPeople: Set<Person> { Set(([spec.requestedBy] + (spec.authors ?? [])).map { Person($0) }) }
}

/// Who somebody is, as far as names tell: `root@ops-1 (sudo by ana)` is `ana@ops-1`, and `user:ana` is `ana`.
struct Person: Sendable, Hashable {
    let name: String

    init(_ written: String) {
        var name = Substring(written)
        if let sudo = name.range(of: " (sudo by "), name.hasSuffix(")") {
            let host = name[..<sudo.lowerBound].drop { $0 != "@" }
            name = name[sudo.upperBound...].dropLast() + host
        }
        if name.hasPrefix("user:") { name = name.dropFirst(5) }
        self.name = name.lowercased()
    }
}

extension Substring {
    /// Where a text first stands in this one.
    fileprivate func range(of text: String) -> Range<Substring.Index>? {
        var start = startIndex
        while start < endIndex {
            if self[start...].hasPrefix(text) { return start..<index(start, offsetBy: text.count) }
            start = index(after: start)
        }
        return nil
    }
}

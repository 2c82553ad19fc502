// SPDX-License-Identifier: Apache-2.0
package import ChaosModel
package import Measurement

/// Turns looks into sightings: what a look shows that the one before did not. The first look only says how things were.
package struct EvidenceDiffer: Sendable {
    /// Members that appeared while watching; they are asked about from then on.
    package private(set) var members: Set<String> = []
    private var last: EvidenceView?
    /// When a look first showed that a group does not count an instance as serving, by group and instance.
    private var drops: [String: [String: MonotonicInstant]] = [:]
    private var lastBegan: MonotonicInstant?
    private var lastEnded: MonotonicInstant?

    package init() {}

    /// When a look first showed that the group does not count the instance; nil while it does, or was not looked at.
    func dropped(_ id: String, by group: String) -> MonotonicInstant? {
        guard let members = last?.groups[group], members[id] != true else { return nil }
        return drops[group]?[id] ?? lastEnded
    }

    /// The new facts of a look made between two instants. Each was not there when the look before began, and was there
    /// when this one ended.
    package mutating func sightings(of view: EvidenceView, began: MonotonicInstant, ended: MonotonicInstant)
        -> [Sighting]
    {
        defer {
            last = keepingOldActivities(view)
            lastBegan = began
            lastEnded = ended
        }
        guard let last, let low = lastBegan else { return [] }
        var found: [Sighting] = []
        func note(_ fact: Sighting.Fact, _ source: String) {
            found.append(Sighting(fact: fact, low: low, high: ended, source: source))
        }
        for (id, state) in view.instances.sorted(by: { $0.key < $1.key }) where last.instances[id] != state {
            note(.instanceState(id: id, state: state), "DescribeInstances")
        }
        for (group, now) in view.groups.sorted(by: { $0.key < $1.key }) {
            // A group that the look before did not show is seen for the first time: nothing of it is news.
            guard let before = last.groups[group] else { continue }
            members(of: group, before: before, now: now, ended: ended, note: note)
        }
        for activity in view.activities { compare(activity, to: last, note: note) }
        for (arn, now) in view.targets.sorted(by: { $0.key < $1.key }) {
            let before = last.targets[arn] ?? [:]
            for (id, state) in now.sorted(by: { $0.key < $1.key }) where before[id] != state {
                note(.targetState(targetGroup: arn, id: id, state: state), "DescribeTargetHealth")
            }
            for id in before.keys.sorted() where now[id] == nil {
                note(.targetState(targetGroup: arn, id: id, state: "unused"), "DescribeTargetHealth")
            }
        }
        return found
    }

    private mutating func members(
        of group: String, before: [String: Bool], now: [String: Bool], ended: MonotonicInstant,
        note: (Sighting.Fact, String) -> Void
    ) {
        let source = "DescribeAutoScalingGroups"
        for (id, serving) in before.sorted(by: { $0.key < $1.key }) where serving && now[id] != true {
            drops[group, default: [:]][id] = ended
            note(.memberLost(group: group, id: id), source)
        }
        for (id, serving) in now.sorted(by: { $0.key < $1.key }) {
            if before[id] == nil {
                members.insert(id)
                note(.memberAppeared(group: group, id: id), source)
            }
            if serving && before[id] != true { note(.memberInService(group: group, id: id), source) }
        }
    }

    private func compare(
        _ activity: EvidenceView.Activity, to last: EvidenceView, note: (Sighting.Fact, String) -> Void
    ) {
        let before = last.activities.first { $0.id == activity.id }
        let source = "scaling activity \(activity.id)"
        if before == nil {
            note(
                .activityBegan(
                    group: activity.group, activity: activity.id, launching: activity.launching,
                    instance: activity.instance), source)
        }
        if activity.isOver && before?.isOver != true {
            note(
                .activityEnded(
                    group: activity.group, activity: activity.id, launching: activity.launching,
                    instance: activity.instance, succeeded: activity.succeeded), source)
        }
    }

    /// Activities leave the newest page in time; one that comes back to it is not new.
    private func keepingOldActivities(_ view: EvidenceView) -> EvidenceView {
        var kept = view
        let seen = Set(view.activities.map(\.id))
        kept.activities += (last?.activities ?? []).filter { !seen.contains($0.id) }.prefix(500)
        return kept
    }
}

// SPDX-License-Identifier: Apache-2.0
import ChaosModel

/// Something the infrastructure reached on the way back, and what showed it.
struct Milestone: Equatable {
    /// In the order in which they come when nothing overlaps.
    enum Kind: String, CaseIterable {
        case instanceGone, noticed, replacementLaunched, inService, targetHealthy, probeGood, stable
    }

    var kind: Kind
    var at: BoundedInstant
    var evidence: String
}

/// Splits the recovery by what the infrastructure was doing.
///
/// Each milestone rests on its own evidence; one without evidence is left out, never guessed. They are put in order of
/// time, whatever their kinds: a load balancer that takes the dead target out makes the probe good before the
/// replacement is in service, and the timeline says so. A phase runs from the milestone before it to its own, and is
/// named for its own; the first runs from the acceptance of the first injection. The phases therefore never overlap,
/// are never negative, and add up to the time from that acceptance to the last milestone. Among milestones of one
/// instant the order is that of `Milestone.Kind`, and `stable` comes after whatever its bounds allow to be before it.
/// With several injections each milestone is reached when the last of them reached it.
struct Timeline {
    let input: MeasurementInput
    /// When the first injection was accepted; when that is not known, when it took effect.
    let start: BoundedInstant
    let outages: [Outage]
    let heldSince: BoundedInstant?

    func phases() -> [PhaseReport] {
        var from = start
        var result: [PhaseReport] = []
        for milestone in milestones() {
            var to = milestone.at
            to.at = max(to.at, from.at)
            to.high = max(to.high, to.at)
            result.append(
                PhaseReport(
                    name: milestone.kind.rawValue, figure: Figure(from: from, to: to),
                    start: from.dated(by: input.anchor),
                    end: to.dated(by: input.anchor), evidence: milestone.evidence))
            from = to
        }
        return result
    }

    func milestones() -> [Milestone] {
        let found = Milestone.Kind.allCases.compactMap { milestone($0) }
        // What may have come before the steady state did is taken to have: its midpoint is only where a slower look
        // happened to fall, and a group that is whole before its replacement serves would be read as a riddle.
        let stable = found.first { $0.kind == .stable }?.at.at
        return found.map { milestone in
            guard let stable, milestone.at.low <= stable else { return milestone }
            var earlier = milestone
            earlier.at.at = min(milestone.at.at, stable)
            return earlier
        }
        .enumerated().sorted { ($0.element.at.at, $0.offset) < ($1.element.at.at, $1.offset) }
        .map(\.element)
    }

    private func milestone(_ kind: Milestone.Kind) -> Milestone? {
        switch kind {
        case .instanceGone: last(of: kind, targets.map { earliest(goneSightings(of: $0), 1) })
        case .noticed: last(of: kind, targets.map { earliest(noticeSightings(of: $0), 1) })
        case .replacementLaunched: last(of: kind, targetsByGroup.map { earliest(launches(in: $0.key), $0.value) })
        case .inService: last(of: kind, targetsByGroup.map { earliest(entries(in: $0.key), $0.value) })
        case .targetHealthy: targetHealthy()
        case .probeGood: probeGood()
        case .stable: heldSince.map { Milestone(kind: kind, at: $0, evidence: "all probes of the steady state") }
        }
    }
}

// MARK: The targets

extension Timeline {
    /// The instances that were harmed, as far as was seen. A fault on a group itself harms none of its own.
    private var targets: [PlannedTarget] {
        var seen: Set<String> = []
        return input.injections.filter { !$0.action.targetsGroup && $0.effective != nil }.map(\.target)
            .filter { seen.insert($0.id).inserted }
    }

    private var targetIDs: Set<String> { Set(targets.map(\.id)) }

    /// How many replacements each group owes.
    private var targetsByGroup: [(key: String, value: Int)] {
        Dictionary(grouping: targets.compactMap(\.autoScalingGroup), by: { $0 }).mapValues(\.count)
            .sorted { $0.key < $1.key }
    }
}

// MARK: Evidence

extension Timeline {
    private func sightings(where isSuch: (Sighting.Fact) -> Bool) -> [Sighting] {
        input.sightings.filter { $0.high >= start.low && isSuch($0.fact) }.sorted { $0.high < $1.high }
    }

    /// Terminated or stopped; on its way there only counts when no such end was seen.
    private func goneSightings(of target: PlannedTarget) -> [Sighting] {
        func seen(_ states: Set<String>) -> [Sighting] {
            sightings {
                if case .instanceState(target.id, let state) = $0 { states.contains(state) } else { false }
            }
        }
        let ended = seen(["terminated", "stopped"])
        return ended.isEmpty ? seen(["shutting-down", "stopping"]) : ended
    }

    /// The group dropped the member, or began an activity about it.
    private func noticeSightings(of target: PlannedTarget) -> [Sighting] {
        guard let group = target.autoScalingGroup else { return [] }
        return sightings {
            switch $0 {
            case .memberLost(group, target.id), .activityBegan(group, _, false, target.id): true
            default: false
            }
        }
    }

    /// Launch activities; where the group shows none, members that were not there before.
    private func launches(in group: String) -> [Sighting] {
        let began = sightings { if case .activityBegan(group, _, true, _) = $0 { true } else { false } }
        guard began.isEmpty else { return began }
        return sightings { if case .memberAppeared(group, _) = $0 { true } else { false } }
    }

    /// Members that came into service and were not harmed themselves.
    private func entries(in group: String) -> [Sighting] {
        let harmed = targetIDs
        return sightings {
            if case .memberInService(group, let id) = $0 { !harmed.contains(id) } else { false }
        }
    }

    /// A replacement became healthy behind the load balancer, or a harmed instance did again after it had been lost.
    private func targetHealthy() -> Milestone? {
        let harmed = targetIDs
        let arrived = Set(
            input.sightings.compactMap { sighting -> String? in
                switch sighting.fact {
                case .memberAppeared(_, let id), .memberInService(_, let id): id
                default: nil
                }
            }
        ).subtracting(harmed)
        let healthy = sightings {
            guard case .targetState(_, let id, "healthy") = $0 else { return false }
            return arrived.contains(id) || harmed.contains(id)
        }
        let returned = healthy.filter { one in
            guard case .targetState(let group, let id, _) = one.fact, harmed.contains(id) else { return true }
            return input.sightings.contains {
                if case .targetState(group, id, let state) = $0.fact {
                    state != "healthy" && $0.high >= start.low && $0.high <= one.high
                } else {
                    false
                }
            }
        }
        let groups = Set(returned.compactMap { if case .targetState(let group, _, _) = $0.fact { group } else { nil } })
        func owed(_ group: String) -> Int {
            let registered = targets.count { $0.targetGroupArns.contains(group) }
            return registered > 0 ? registered : max(1, targets.count)
        }
        return last(
            of: .targetHealthy,
            groups.sorted().map { group in
                earliest(
                    returned.filter { if case .targetState(group, _, _) = $0.fact { true } else { false } }, owed(group)
                )
            })
    }

    /// The end of the last outage of the probes that ask the service itself; of all probes where there are none such.
    private func probeGood() -> Milestone? {
        let asking = Set(input.probes.filter { !$0.kind.asksAWS }.map(\.name))
        let ended = outages.filter { (asking.isEmpty || asking.contains($0.probe)) && $0.end != nil }
        guard let last = ended.max(by: { ($0.end?.at ?? $0.start.at) < ($1.end?.at ?? $1.start.at) }) else {
            return nil
        }
        guard !outages.contains(where: { $0.end == nil && (asking.isEmpty || asking.contains($0.probe)) }),
            let at = BoundedInstant.last(of: ended.compactMap(\.end))
        else { return nil }
        return Milestone(kind: .probeGood, at: at, evidence: "probe \(last.probe)")
    }
}

// MARK: From sightings to milestones

extension Timeline {
    /// The first `count` things that were seen, each once however often it was seen; none when there are fewer, since
    /// what was owed has then not come. `sorted` is in order of `high`.
    private func earliest(_ sorted: [Sighting], _ count: Int) -> [Sighting] {
        var seen: Set<Sighting.Fact> = []
        let first = Array(sorted.filter { seen.insert($0.fact).inserted }.prefix(count))
        return first.count == count ? first : []
    }

    /// The last of what was seen for the several targets or groups; nil when one of them was not seen at all. What
    /// follows from an injection cannot be before it, so an earlier `low`, or none, is taken as the start.
    private func last(of kind: Milestone.Kind, _ seen: [[Sighting]]) -> Milestone? {
        let all = seen.contains { $0.isEmpty } ? [] : seen.flatMap { $0 }
        guard let latest = all.max(by: { $0.high < $1.high }) else { return nil }
        let instants = all.map { sighting in
            let low = min(max(sighting.low ?? start.low, start.low), sighting.high)
            return BoundedInstant(at: midpoint(low, sighting.high), low: low, high: sighting.high)
        }
        return BoundedInstant.last(of: instants).map { Milestone(kind: kind, at: $0, evidence: latest.source) }
    }
}

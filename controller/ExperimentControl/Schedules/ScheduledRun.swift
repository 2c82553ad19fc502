// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import Scheduling

/// How the run of a slot is made, and told from others. Its name depends on the schedule's uid, the target and the slot
/// alone, so that two processes, or one before and after a crash, make the same run, and the store refuses the second.
enum ScheduledRun {
    static let scheduleLabel = "rebound/schedule"
    static let slotAnnotation = "rebound.chaos/slot"
    static let targetAnnotation = "rebound.chaos/scheduled-target"
    static let startAnnotation = "rebound.chaos/scheduled-start"

    static func make(
        _ schedule: Schedule, _ experiment: Experiment, plan: ExperimentSpec, target: String, slot: Timestamp,
        now: Timestamp
    ) -> Run {
        let uid = schedule.metadata.uid ?? ""
        let hash = StableHash.of("\(uid)/\(target)/\(slot.nanosecondsSinceEpoch)")
        var metadata = ObjectMetadata(
            name: name(schedule.metadata.name, slot: slot, hash: hash),
            namespace: schedule.metadata.namespace ?? "default",
            labels: (experiment.metadata.labels ?? [:]).merging(
                ["rebound/experiment": experiment.metadata.name, scheduleLabel: schedule.metadata.name],
                uniquingKeysWith: { $1 }))
        metadata.annotations = (experiment.annotationsOfRuns ?? [:]).merging(
            [slotAnnotation: slot.description, targetAnnotation: target, startAnnotation: now.description],
            uniquingKeysWith: { $1 })
        metadata.ownerReferences = [OwnerReference(kind: .schedule, name: schedule.metadata.name, uid: uid)]
        // As many bits as a drawn seed has.
        var spec = RunSpec(
            experiment: experiment.metadata.name, plan: plan, seed: StableHash.of("seed/\(hash)") >> 11,
            requestedBy: "schedule/\(schedule.metadata.name)", reason: "slot \(slot)")
        spec.minTimeBetween = schedule.spec.minTimeBetween
        spec.authors = RunAuthors.of(experiment, schedule)
        return Run(metadata: metadata, spec: spec)
    }

    /// `web-weekly-20261124-093000-1a2b3c`: sorts by time.
    private static func name(_ schedule: String, slot: Timestamp, hash: UInt64) -> String {
        let digits = slot.description.prefix(19).filter(\.isNumber)
        let tail = String(hash >> 40 | 0x100_0000, radix: 16).suffix(6)
        return RunName.make(schedule, "\(digits.prefix(8))-\(digits.dropFirst(8))-\(tail)")
    }
}

extension Run {
    var slot: Timestamp? { metadata.annotations?[ScheduledRun.slotAnnotation].flatMap { Timestamp($0) } }
    var scheduledTarget: String? { metadata.annotations?[ScheduledRun.targetAnnotation] }
    var scheduledStart: Timestamp? { metadata.annotations?[ScheduledRun.startAnnotation].flatMap { Timestamp($0) } }
    var isDone: Bool { status?.phase == .done }

    func isOwned(by schedule: Schedule) -> Bool {
        metadata.ownerReferences?.contains { $0.kind == .schedule && $0.uid == schedule.metadata.uid } == true
    }

    /// When each group of this run's plan was last harmed, as far as the run knows.
    var groupHarm: [String: Timestamp] {
        var harm: [String: Timestamp] = [:]
        for injection in status?.injections ?? [] {
            guard let at = injection.acceptedAt else { continue }
            let steps = status?.plan?.steps.filter { $0.target.id == injection.target } ?? []
            for group in steps.compactMap(\.target.autoScalingGroup) + [injection.target] {
                harm[group] = max(harm[group] ?? at, at)
            }
        }
        return harm
    }
}

extension ExperimentSpec {
    /// The same experiment on one group only; nil when it names another. Only ever takes targets away.
    func narrowed(to group: String) -> ExperimentSpec? {
        var narrowed = self
        for index in faults.indices {
            let targets = faults[index].targets
            if let named = targets.autoScalingGroup?.name ?? targets.instances?.autoScalingGroup, named != group {
                return nil
            }
            if targets.instances != nil { narrowed.faults[index].targets.instances?.autoScalingGroup = group }
        }
        return narrowed
    }

    /// The groups that are targets themselves.
    var targetGroups: [String] { faults.compactMap(\.targets.autoScalingGroup?.name) }

    /// How long harm is held at the longest: the durations of faults that follow one another, added up.
    var longestHold: Duration {
        var ends: [String: Duration] = [:]
        // Each pass settles at least the next fault of every chain; validation refuses circles.
        for _ in faults {
            for fault in faults {
                ends[fault.name] = (fault.after.flatMap { ends[$0] } ?? .zero) + (fault.duration?.duration ?? .zero)
            }
        }
        return ends.values.max() ?? .zero
    }
}

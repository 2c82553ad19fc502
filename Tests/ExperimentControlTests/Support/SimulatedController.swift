// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import Scheduling
import Testing

@testable import ExperimentControl

/// A controller that follows one schedule with what the product decides by, in memory, so that years pass in moments.
/// Runs are over as soon as they are made unless `runsLast` says otherwise.
struct SimulatedController {
    private(set) var schedule: Schedule
    private(set) var runs: [Run] = []
    /// Every run that was ever made, with when.
    private(set) var made: [(target: String, slot: Timestamp, at: Timestamp)] = []
    private(set) var skipped: Set<String> = []
    private var names: Set<String> = []
    private let experiment: Experiment
    private let reader = ScheduleTimesReader()
    var runsLast = Duration.zero

    init(
        from start: Timestamp, zone: String, faults: [FaultSpec] = [Sample.fault(.ec2(.terminate))],
        uid: String = "uid-1", _ change: (inout ScheduleSpec) -> Void
    ) {
        var spec = ScheduleSpec(experiment: "web", timeZone: zone)
        change(&spec)
        var metadata = ObjectMetadata(name: "weekly", namespace: "default")
        metadata.uid = uid
        metadata.generation = 1
        metadata.creationTimestamp = start
        metadata.finalizers = [ScheduleDecider.finalizer]
        schedule = Schedule(metadata: metadata, spec: spec)
        experiment = Experiment(metadata: ObjectMetadata(name: "web"), spec: Sample.experiment(faults))
    }

    /// One turn; with `crashes` the runs are made and nothing after that is done. Returns when to look again.
    mutating func look(at now: Timestamp, crashes: Bool = false) async -> Timestamp? {
        endRuns(now)
        let facts = ScheduleFacts(
            schedule: schedule, now: now, experiment: experiment, runs: runs,
            times: await reader.times(of: schedule, now: now))
        let decision = ScheduleDecider.decide(facts)
        for creation in decision.creations {
            let isNew = names.insert(creation.run.metadata.name).inserted
            #expect(isNew, "\(creation.slot) twice for \(creation.target)")
            made.append((creation.target, creation.slot, now))
            runs.append(creation.run)
        }
        for abort in decision.aborts {
            for index in runs.indices where runs[index].metadata.name == abort.run {
                runs[index].status = RunStatus(phase: .done)
            }
        }
        if crashes { return decision.wake }
        schedule.status = decision.status
        for entry in decision.status.skipped ?? [] { skipped.insert("\(entry.reason.rawValue) \(entry.slot)") }
        runs.removeAll { decision.removals.contains($0.metadata.name) }
        return decision.wake
    }

    /// Looks whenever it asked to, up to a time.
    mutating func follow(from start: Timestamp, until end: Timestamp) async {
        var now = start
        while now < end {
            guard let wake = await look(at: now) else { return }
            now = max(wake, now.advanced(by: .seconds(1)))
        }
    }

    private mutating func endRuns(_ now: Timestamp) {
        for index in runs.indices where !runs[index].isDone {
            guard let start = runs[index].scheduledStart, now.since(start) >= runsLast else { continue }
            var status = RunStatus(phase: .done)
            status.verdict = .pass
            runs[index].status = status
        }
    }
}

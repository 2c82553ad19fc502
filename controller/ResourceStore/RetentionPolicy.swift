// SPDX-License-Identifier: Apache-2.0
package import ChaosModel

/// How long what is done is kept. What people declared (experiments, schedules, policies) is never removed by it.
package struct RetentionPolicy: Sendable, Equatable {
    /// Done runs are kept this long after their end; nil for ever.
    package var runsFor: Duration?
    /// Of each experiment so many done runs are kept, the newest; nil for all.
    package var runsPerExperiment: Int?
    /// Changes are kept this long for watchers that fall behind; the count and bytes of the store's options hold as
    /// well.
    package var changesFor: Duration

    package init(runsFor: Duration?, runsPerExperiment: Int?, changesFor: Duration) {
        precondition(runsPerExperiment ?? 0 >= 0, "a number of runs")
        self.runsFor = runsFor
        self.runsPerExperiment = runsPerExperiment
        self.changesFor = changesFor
    }

    /// The annotation of a run by which a person says that a failed undo was dealt with. Its value says how.
    package static let acknowledgement = "rebound.chaos/undo-acknowledged"
}

/// What retention needs to know of a run.
package struct KeptRun: Sendable, Equatable {
    package var key: ResourceKey
    package var uid: String
    package var experiment: String
    package var isDone: Bool
    package var endedAt: Timestamp?
    /// Something that it changed was not put back, or that could not be read back.
    package var isDirty: Bool
    package var isAcknowledged: Bool
    /// Reports are on their way yet.
    package var hasPendingReports: Bool

    package init(
        key: ResourceKey, uid: String, experiment: String, isDone: Bool, endedAt: Timestamp?, isDirty: Bool,
        isAcknowledged: Bool, hasPendingReports: Bool
    ) {
        self.key = key
        self.uid = uid
        self.experiment = experiment
        self.isDone = isDone
        self.endedAt = endedAt
        self.isDirty = isDirty
        self.isAcknowledged = isAcknowledged
        self.hasPendingReports = hasPendingReports
    }

    /// Never one that is under way, that owes an undo which nobody acknowledged, or that still has something to report.
    package var mayGo: Bool { isDone && endedAt != nil && (!isDirty || isAcknowledged) && !hasPendingReports }
}

extension RetentionPolicy {
    /// The runs that are to go now, the oldest first. Those that may not go do not count for their experiment.
    package func due(_ runs: [KeptRun], now: Timestamp) -> [KeptRun] {
        let old = runs.filter(\.mayGo).sorted { ($0.endedAt ?? now, $0.uid) > ($1.endedAt ?? now, $1.uid) }
        var kept: [String: Int] = [:]
        var due: [KeptRun] = []
        for run in old {
            let experiment = "\(run.key.namespace)/\(run.experiment)"
            let isOld = runsFor.map { (run.endedAt ?? now).advanced(by: $0) <= now } ?? false
            let isTooMany = runsPerExperiment.map { kept[experiment, default: 0] >= $0 } ?? false
            if isOld || isTooMany { due.append(run) } else { kept[experiment, default: 0] += 1 }
        }
        return due.reversed()
    }
}

// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import Scheduling

/// What is known when a schedule is decided on.
struct ScheduleFacts: Sendable {
    var schedule: Schedule
    var now: Timestamp
    /// The experiment that it names; nil when there is none.
    var experiment: Experiment?
    /// The runs that it owns.
    var runs: [Run]
    /// When each group was last harmed by any run; read only where it matters.
    var groupHarm: [String: Timestamp] = [:]
    var times: Result<ScheduleTimes, SchedulingError>
}

/// What to do about a schedule, in this order: finalizer, aborts, creations, status, removals.
struct ScheduleDecision: Sendable, Equatable {
    enum FinalizerChange: Sendable, Equatable { case add, remove }

    struct Creation: Sendable, Equatable {
        var run: Run
        var slot: Timestamp
        var target: String
        /// Later than this it is not made any more.
        var deadline: Timestamp
    }

    struct Abort: Sendable, Equatable {
        var run: String
        var reason: String
    }

    var finalizer: FinalizerChange?
    var aborts: [Abort] = []
    var creations: [Creation] = []
    var status = ScheduleStatus()
    /// Finished runs beyond the history limits.
    var removals: [String] = []
    /// When to look again if nothing changes.
    var wake: Timestamp?
}

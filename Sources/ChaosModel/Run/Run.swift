// SPDX-License-Identifier: Apache-2.0

/// One execution of an experiment.
package struct Run: Resource {
    package static let kind = ResourceKind.run
    package var apiVersion = reboundAPIVersion
    package var kind = ResourceKind.run
    package var metadata: ObjectMetadata
    package var spec: RunSpec
    package var status: RunStatus?

    package init(metadata: ObjectMetadata, spec: RunSpec) {
        self.metadata = metadata
        self.spec = spec
    }
}

/// What is executed: a pinned copy, so that later edits of the experiment change nothing under way.
package struct RunSpec: Sendable, Codable, Equatable {
    package var experiment: String
    package var plan: ExperimentSpec
    /// Makes the choice of targets repeatable.
    package var seed: UInt64
    /// When set, the run goes ahead only if planning again gives this hash.
    package var expectedPlanHash: String?
    /// Who asked for it, as far as is known.
    package var requestedBy: String
    /// Who wrote the schedule and the experiment that it was made from. None of them approves it.
    package var authors: [String]?
    /// Why, in the operator's words.
    package var reason: String?
    /// Set to ask for the run to end early and revert.
    package var abort: AbortRequest?
    /// Policies of this run alone, which came in its file. They join those of the store and weaken none.
    package var policies: [RunPolicy]?
    /// Who approved which plan.
    package var approvals: [Approval]?
    /// Takes no target that any other run has harmed within this time. Set by the schedule that made the run.
    package var minTimeBetween: WrittenDuration?

    package init(
        experiment: String, plan: ExperimentSpec, seed: UInt64, expectedPlanHash: String? = nil, requestedBy: String,
        reason: String? = nil
    ) {
        self.experiment = experiment
        self.plan = plan
        self.seed = seed
        self.expectedPlanHash = expectedPlanHash
        self.requestedBy = requestedBy
        self.reason = reason
    }
}

/// A request to end a run early.
package struct AbortRequest: Sendable, Codable, Equatable {
    package var requestedBy: String
    package var reason: String
    package var at: Timestamp

    package init(requestedBy: String, reason: String, at: Timestamp) {
        self.requestedBy = requestedBy
        self.reason = reason
        self.at = at
    }
}

/// A policy that binds one run.
package struct RunPolicy: Sendable, Codable, Equatable {
    package var name: String
    package var spec: PolicySpec

    package init(name: String, spec: PolicySpec) {
        self.name = name
        self.spec = spec
    }
}

/// One person's word that one plan may be carried out.
package struct Approval: Sendable, Codable, Equatable {
    package var by: String
    package var at: Timestamp
    /// The plan that was approved; another plan needs another approval.
    package var planHash: String
    package var reason: String?

    package init(by: String, at: Timestamp, planHash: String, reason: String?) {
        self.by = by
        self.at = at
        self.planHash = planHash
        self.reason = reason
    }
}

/// The phases of a run, in order. `done` is the only final one.
package enum RunPhase: String, Sendable, Codable, CaseIterable {
    case pending = "Pending"
    case planned = "Planned"
    case awaitingApproval = "AwaitingApproval"
    case baseline = "Baseline"
    case injecting = "Injecting"
    case holding = "Holding"
    case reverting = "Reverting"
    case recovering = "Recovering"
    case reporting = "Reporting"
    case done = "Done"
}

/// The outcome of a run. Pass needs positive evidence; missing data is inconclusive.
package enum Verdict: String, Sendable, Codable, CaseIterable { case pass, fail, inconclusive, error }

/// Whether everything that was changed and can be put back has been, as read back from the world.
package enum UndoState: String, Sendable, Codable, CaseIterable {
    /// Everything that had to be put back was, and was read back.
    case clean
    /// Something could not be put back, or could not be read back.
    case dirty
    /// Nothing was changed that could be put back.
    case none
}

/// What is known of a run; written by its reconciler only.
package struct RunStatus: Sendable, Codable, Equatable {
    package var phase: RunPhase
    /// When each phase began.
    package var phaseSince: [String: Timestamp]
    package var verdict: Verdict?
    /// Why the verdict is what it is, the most important first.
    package var verdictReasons: [String]
    package var undo: UndoState
    package var startedAt: Timestamp?
    package var endedAt: Timestamp?
    package var anchor: ClockAnchor?
    package var plan: PlanReport?
    package var injections: [InjectionReport]
    package var recovery: RecoveryReport?
    package var timeline: [TimelineEvent]
    package var reports: [ReportDelivery]
    package var aborted: AbortRequest?
    package var conditions: [Condition]

    package init(phase: RunPhase) {
        self.phase = phase
        phaseSince = [:]
        verdictReasons = []
        undo = .none
        injections = []
        timeline = []
        reports = []
        conditions = []
    }
}

/// What is known of one injection, as part of its run.
package struct InjectionReport: Sendable, Codable, Equatable {
    package var name: String
    package var fault: String
    package var action: String
    /// The instance id or group name.
    package var target: String
    package var region: String
    package var state: InjectionState
    /// When the API accepted the call; absent until then.
    package var acceptedAt: Timestamp?
    /// When the effect was there; absent until it was seen.
    package var effectiveAt: Timestamp?
    package var effective: BoundedTimestamp?
    package var revertedAt: Timestamp?
    package var message: String?

    package init(
        name: String, fault: String, action: String, target: String, region: String, state: InjectionState,
        acceptedAt: Timestamp? = nil, effective: BoundedTimestamp? = nil, revertedAt: Timestamp? = nil,
        message: String? = nil
    ) {
        self.name = name
        self.fault = fault
        self.action = action
        self.target = target
        self.region = region
        self.state = state
        self.acceptedAt = acceptedAt
        effectiveAt = effective?.at
        self.effective = effective
        self.revertedAt = revertedAt
        self.message = message
    }
}

/// One thing that happened, for the timeline.
package struct TimelineEvent: Sendable, Codable, Equatable {
    package var at: Timestamp
    /// The bounds, where the moment is not exact.
    package var low: Timestamp?
    package var high: Timestamp?
    /// A stable word: phase, aboutToInject, injected, outageBegan, outageEnded, instanceGone, scalingActivity, …
    package var type: String
    /// What it is about: a probe, an instance, a group; absent for the run itself.
    package var subject: String?
    package var message: String

    package init(
        at: Timestamp, low: Timestamp? = nil, high: Timestamp? = nil, type: String, subject: String? = nil,
        message: String
    ) {
        self.at = at
        self.low = low
        self.high = high
        self.type = type
        self.subject = subject
        self.message = message
    }
}

/// What became of one event at one destination.
package struct ReportDelivery: Sendable, Codable, Equatable {
    package enum State: String, Sendable, Codable { case pending, delivered, gaveUp }
    package var id: String
    package var event: ReportEventKind
    package var destination: String
    package var state: State
    package var attempts: Int
    package var deliveredAt: Timestamp?
    package var lastError: String?

    package init(id: String, event: ReportEventKind, destination: String, state: State, attempts: Int) {
        self.id = id
        self.event = event
        self.destination = destination
        self.state = state
        self.attempts = attempts
    }
}

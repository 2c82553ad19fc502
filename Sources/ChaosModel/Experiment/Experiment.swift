// SPDX-License-Identifier: Apache-2.0

/// The plan of a chaos experiment, as people write it.
package struct Experiment: Resource {
    package static let kind = ResourceKind.experiment
    package var apiVersion = reboundAPIVersion
    package var kind = ResourceKind.experiment
    package var metadata: ObjectMetadata
    package var spec: ExperimentSpec
    package var status: ExperimentStatus?

    package init(metadata: ObjectMetadata, spec: ExperimentSpec) {
        self.metadata = metadata
        self.spec = spec
    }
}

/// What is expected, measured, harmed and limited. See `docs/reference/experiment.md`.
package struct ExperimentSpec: Sendable, Codable, Equatable {
    package var hypothesis: String
    /// All of these must hold before anything is injected, and again for the system to count as recovered.
    package var steadyState: [ProbeSpec]
    /// How long the steady state must hold before the first fault. Absent: `3s`.
    package var baseline: BaselineSpec?
    /// Each must pass right before injecting; one that cannot be read counts as failed.
    package var gates: [GateSpec]?
    package var faults: [FaultSpec]
    package var limits: LimitsSpec
    package var stopWhen: [StopConditionSpec]?
    package var recovery: RecoverySpec
    package var reports: [ReportSpec]?

    package init(
        hypothesis: String, steadyState: [ProbeSpec], baseline: BaselineSpec? = nil, gates: [GateSpec]? = nil,
        faults: [FaultSpec], limits: LimitsSpec, stopWhen: [StopConditionSpec]? = nil, recovery: RecoverySpec,
        reports: [ReportSpec]? = nil
    ) {
        self.hypothesis = hypothesis
        self.steadyState = steadyState
        self.baseline = baseline
        self.gates = gates
        self.faults = faults
        self.limits = limits
        self.stopWhen = stopWhen
        self.recovery = recovery
        self.reports = reports
    }
}

/// What is known of an experiment from its runs.
package struct ExperimentStatus: Sendable, Codable, Equatable {
    package var lastRun: String?
    package var lastVerdict: Verdict?

    package init(lastRun: String? = nil, lastVerdict: Verdict? = nil) {
        self.lastRun = lastRun
        self.lastVerdict = lastVerdict
    }
}

/// How the steady state is established before anything is harmed.
package struct BaselineSpec: Sendable, Codable, Equatable {
    /// The steady state must hold without a failed probe for this long.
    package var holdFor: WrittenDuration
    /// When it has not held by then, the run ends inconclusive and nothing was injected. Absent: `holdFor` and one
    /// minute.
    package var giveUpAfter: WrittenDuration?

    package init(holdFor: WrittenDuration, giveUpAfter: WrittenDuration? = nil) {
        self.holdFor = holdFor
        self.giveUpAfter = giveUpAfter
    }
}

/// The most that may be harmed. Both are always written out.
package struct LimitsSpec: Sendable, Codable, Equatable {
    /// At most this many targets over the whole run, retries and restarts included.
    package var maxTargets: Int
    /// No group is taken below this many healthy members; the last healthy member is never taken.
    package var minHealthy: Int

    package init(maxTargets: Int, minHealthy: Int) {
        self.maxTargets = maxTargets
        self.minHealthy = minHealthy
    }
}

/// Ends the run early, and reverts, when a probe of the steady state has been failing for this long.
package struct StopConditionSpec: Sendable, Codable, Equatable {
    package var probe: String
    package var failingFor: WrittenDuration

    package init(probe: String, failingFor: WrittenDuration) {
        self.probe = probe
        self.failingFor = failingFor
    }
}

/// When the system counts as recovered, and what is asked of the recovery.
package struct RecoverySpec: Sendable, Codable, Equatable {
    package var objective: ObjectiveSpec?
    /// The steady state must hold this long for a recovery to count.
    package var stableFor: WrittenDuration
    /// Watching ends this long after the last injection took effect, recovered or not.
    package var giveUpAfter: WrittenDuration

    package init(objective: ObjectiveSpec? = nil, stableFor: WrittenDuration, giveUpAfter: WrittenDuration) {
        self.objective = objective
        self.stableFor = stableFor
        self.giveUpAfter = giveUpAfter
    }
}

/// What the recovery is held to; each that is written must be met for a pass.
package struct ObjectiveSpec: Sendable, Codable, Equatable {
    package var timeToRecover: WrittenDuration?
    package var timeToDetect: WrittenDuration?
    package var downtime: WrittenDuration?
    /// Percent of probe attempts that succeed, from the first injection until recovered; 0 to 100.
    package var availability: Double?

    package init(
        timeToRecover: WrittenDuration? = nil, timeToDetect: WrittenDuration? = nil, downtime: WrittenDuration? = nil,
        availability: Double? = nil
    ) {
        self.timeToRecover = timeToRecover
        self.timeToDetect = timeToDetect
        self.downtime = downtime
        self.availability = availability
    }
}

/// A condition that must hold right before injecting: any kind of probe, asked once, or a file.
package struct GateSpec: Sendable, Equatable {
    package var name: String
    package var condition: GateCondition

    package init(name: String, condition: GateCondition) {
        self.name = name
        self.condition = condition
    }
}

/// What a gate looks at. In a manifest the case is the key beside `name`.
package enum GateCondition: Sendable, Equatable {
    case probe(ProbeKind)
    case file(FileGate)
}

/// `file: { path: /etc/chaos-freeze, must: notExist }`
package struct FileGate: Sendable, Codable, Equatable {
    package enum Requirement: String, Sendable, Codable, CaseIterable { case exist, notExist }
    package var path: String
    package var must: Requirement

    package init(path: String, must: Requirement) {
        self.path = path
        self.must = must
    }
}

// SPDX-License-Identifier: Apache-2.0
package import ChaosModel

/// One planned attempt of one probe: what was planned, what was done, and what came of it.
package struct Observation: Sendable, Codable, Equatable {
    /// What an attempt gave. Reasons are stable codes such as `connectionRefused`, `timedOut`, `status`, `throttled`.
    package enum Outcome: Sendable, Codable, Equatable {
        case success
        case failure(reason: String)
        /// The instrument failed, so this says nothing about what was measured.
        case unknown(reason: String)
        /// The attempt was planned and not made. `begun` and `ended` then equal `planned`.
        case missed(reason: String)
    }

    package var probe: String
    /// Counts planned attempts of this probe from 0; every number occurs exactly once.
    package var slot: Int64
    package var planned: MonotonicInstant
    package var begun: MonotonicInstant
    package var ended: MonotonicInstant
    package var outcome: Outcome
    /// What was seen, for people: a status line, a count, an error text of at most 200 characters.
    package var detail: String?

    package init(
        probe: String, slot: Int64, planned: MonotonicInstant, begun: MonotonicInstant, ended: MonotonicInstant,
        outcome: Outcome, detail: String? = nil
    ) {
        self.probe = probe
        self.slot = slot
        self.planned = planned
        self.begun = begun
        self.ended = ended
        self.outcome = outcome
        self.detail = detail
    }
}

/// Something seen of the infrastructure: a fact that was not there at `low` and was there at `high`.
package struct Sighting: Sendable, Codable, Equatable {
    /// What became true.
    package enum Fact: Sendable, Codable, Equatable, Hashable {
        /// EC2 reports the instance in this state, or no longer knows it (`terminated`).
        case instanceState(id: String, state: String)
        /// The group no longer counts the instance as InService and Healthy.
        case memberLost(group: String, id: String)
        /// A scaling activity about this instance began: `noticed` for a termination, `launching` for a launch.
        case activityBegan(group: String, activity: String, launching: Bool, instance: String?)
        case activityEnded(group: String, activity: String, launching: Bool, instance: String?, succeeded: Bool)
        /// A member that was not there at the injection.
        case memberAppeared(group: String, id: String)
        case memberInService(group: String, id: String)
        case targetState(targetGroup: String, id: String, state: String)
        case alarm(name: String, state: String)
    }

    package var fact: Fact
    /// It was not yet so at this instant; nil when there was no earlier look.
    package var low: MonotonicInstant?
    /// It was so at this instant.
    package var high: MonotonicInstant
    /// What showed it, for people: `DescribeAutoScalingGroups`, `scaling activity 1234`.
    package var source: String

    package init(fact: Fact, low: MonotonicInstant?, high: MonotonicInstant, source: String) {
        self.fact = fact
        self.low = low
        self.high = high
        self.source = source
    }
}

/// An instant that is known to lie within bounds.
package struct BoundedInstant: Sendable, Codable, Equatable {
    package var at: MonotonicInstant
    package var low: MonotonicInstant
    package var high: MonotonicInstant

    package init(at: MonotonicInstant, low: MonotonicInstant, high: MonotonicInstant) {
        self.at = at
        self.low = low
        self.high = high
    }
}

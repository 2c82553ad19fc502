// SPDX-License-Identifier: Apache-2.0
package import ChaosModel

/// One outage of one probe, on the clock of the run. See `OutageMachine` for what its bounds promise.
package struct Outage: Sendable, Equatable {
    package var probe: String
    package var start: BoundedInstant
    /// Nil while the outage goes on.
    package var end: BoundedInstant?
    /// When the last of the failures that confirmed it had ended.
    package var confirmedAt: MonotonicInstant
    /// The reason of the first failure by slot.
    package var firstReason: String
    /// What that failure showed, for people.
    package var firstDetail: String?
    package var failedSamples: Int
    /// Whether planned attempts of this outage, or at its edges, told nothing.
    package var touchesGap: Bool
    /// Whether no success proves that the service was up before it: its `start.low` is then the first planned attempt,
    /// and the outage may be older.
    package var isOpenAtStart: Bool

    package init(
        probe: String, start: BoundedInstant, end: BoundedInstant? = nil, confirmedAt: MonotonicInstant,
        firstReason: String, firstDetail: String? = nil, failedSamples: Int, touchesGap: Bool, isOpenAtStart: Bool
    ) {
        self.probe = probe
        self.start = start
        self.end = end
        self.confirmedAt = confirmedAt
        self.firstReason = firstReason
        self.firstDetail = firstDetail
        self.failedSamples = failedSamples
        self.touchesGap = touchesGap
        self.isOpenAtStart = isOpenAtStart
    }
}

/// When an attempt was under way.
struct Span: Sendable, Equatable {
    var begun: MonotonicInstant
    var ended: MonotonicInstant

    /// An attempt cannot end before it began; a reading that says so is taken as ending at its begin.
    init(_ observation: Observation) {
        begun = observation.begun
        ended = max(observation.begun, observation.ended)
    }
}

extension BoundedInstant {
    /// The estimate is moved into the bounds when it lies outside; `high` gives way when the bounds cross.
    init(estimate: MonotonicInstant, low: MonotonicInstant, high: MonotonicInstant) {
        let top = max(low, high)
        self.init(at: min(max(estimate, low), top), low: low, high: top)
    }
}

/// The instant half way between two, rounded toward the earlier.
func midpoint(_ a: MonotonicInstant, _ b: MonotonicInstant) -> MonotonicInstant {
    let (early, late) = (min(a, b), max(a, b))
    return MonotonicInstant(nanoseconds: early.nanoseconds + (late.nanoseconds - early.nanoseconds) / 2)
}

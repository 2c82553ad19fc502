// SPDX-License-Identifier: Apache-2.0
package import ChaosModel

/// Everything that a recovery report is computed from. All instants are of one clock.
package struct MeasurementInput: Sendable {
    /// One injection that took effect, or may have.
    package struct EffectiveInjection: Sendable {
        package var name: String
        package var target: PlannedTarget
        package var action: FaultAction
        package var accepted: MonotonicInstant?
        /// Nil when it was accepted but no effect was seen.
        package var effective: BoundedInstant?

        package init(
            name: String, target: PlannedTarget, action: FaultAction, accepted: MonotonicInstant?,
            effective: BoundedInstant?
        ) {
            self.name = name
            self.target = target
            self.action = action
            self.accepted = accepted
            self.effective = effective
        }
    }

    package var probes: [ProbeSpec]
    /// In any order, with repeats; gaps are found from missing slots and from `gaps`.
    package var observations: [Observation]
    package var sightings: [Sighting]
    package var injections: [EffectiveInjection]
    package var recovery: RecoverySpec
    /// Stretches in which the controller was not running.
    package var gaps: [(from: MonotonicInstant, to: MonotonicInstant, reason: String)]
    /// When watching began and ended (or now, while it goes on).
    package var watchBegan: MonotonicInstant
    package var watchEnded: MonotonicInstant
    package var anchor: ClockAnchor

    package init(
        probes: [ProbeSpec], observations: [Observation], sightings: [Sighting], injections: [EffectiveInjection],
        recovery: RecoverySpec, gaps: [(from: MonotonicInstant, to: MonotonicInstant, reason: String)] = [],
        watchBegan: MonotonicInstant, watchEnded: MonotonicInstant, anchor: ClockAnchor
    ) {
        self.probes = probes
        self.observations = observations
        self.sightings = sightings
        self.injections = injections
        self.recovery = recovery
        self.gaps = gaps
        self.watchBegan = watchBegan
        self.watchEnded = watchEnded
        self.anchor = anchor
    }
}

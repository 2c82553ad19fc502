// SPDX-License-Identifier: Apache-2.0
package import ChaosModel

/// The most that a run may harm, once all that limits it is taken together: the most restrictive wins.
package struct BlastRadius: Sendable, Equatable {
    /// Targets of this run, retries and restarts included.
    package var maxTargets: Int
    /// Targets of all runs in 24 hours; nil when no policy says so.
    package var maxTargetsPerDay: Int?
    /// Healthy members that every group keeps; at least one.
    package var minHealthy: Int

    package init(limits: LimitsSpec, policies: [PolicySpec]) {
        maxTargets = max(0, policies.compactMap(\.maxTargetsPerRun).reduce(limits.maxTargets, min))
        maxTargetsPerDay = policies.compactMap(\.maxTargetsPerDay).min()
        minHealthy = policies.compactMap(\.minHealthy).reduce(max(1, limits.minHealthy), max)
    }
}

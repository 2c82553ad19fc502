// SPDX-License-Identifier: Apache-2.0
import SQLiteStore
import ServiceMetrics

/// What keeping the store small did, in this process.
struct UpkeepFigures: Sendable {
    enum Outcome: String, Sendable {
        case done, failed
        /// Another controller on the same store was at it.
        case elsewhere
    }

    private let rounds: Counter
    private let runs: Counter
    private let changes: Counter

    init(_ registry: MetricsRegistry) {
        rounds = registry.counter(
            MetricName(
                "rebound_store_upkeep_rounds",
                "Rounds of keeping the store small (old runs and changes go, the file shrinks), by outcome.",
                labels: ["outcome"]))
        runs = registry.counter(MetricName("rebound_store_runs_removed", "Runs that those rounds removed."))
        changes = registry.counter(
            MetricName(
                "rebound_store_changes_removed",
                "Changes that those rounds removed from the log; beyond their number it forgets by itself."))
    }

    func note(_ report: UpkeepReport) {
        rounds.add(1, Outcome.done.rawValue)
        runs.add(Double(report.runsRemoved.count))
        changes.add(Double(report.changesRemoved))
    }

    func note(_ outcome: Outcome) { rounds.add(1, outcome.rawValue) }
}

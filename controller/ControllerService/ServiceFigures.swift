// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import CommandLineInterface
import ExperimentControl
import Logging
import ResourceStore
import SQLiteStore
package import ServiceMetrics

/// Every figure of the service, made at its start and read when somebody asks.
package final class ServiceFigures: Sendable {
    package let registry = MetricsRegistry()
    let aws: AWSFigures
    let watches: WatchFigures
    let upkeep: UpkeepFigures
    private let process: ProcessFigures

    /// The figures that need no store.
    package init() {
        registry.info(
            MetricName("rebound_build", "The version that runs here.", labels: ["version"]), ReboundVersion.current)
        process = ProcessFigures(registry)
        aws = AWSFigures(registry)
        watches = WatchFigures(registry)
        upkeep = UpkeepFigures(registry)
        registry.collect { [process] in process.collect() }
    }

    /// Adds those of a store. The caller keeps `RunFigures.follow` going.
    func add(
        store: SQLiteStore, path: String, clock: any ControlClock, logger: Logger
    ) -> RunFigures {
        let runs = RunFigures(store: store, clock: clock, registry: registry, logger: logger)
        let rest = StoreFigures(store: store, path: path, clock: clock, registry: registry)
        registry.collect { await runs.collect() }
        registry.collect { await rest.collect() }
        return runs
    }
}

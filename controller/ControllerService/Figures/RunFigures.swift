// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import ExperimentControl
import Logging
import ResourceStore
import ServiceMetrics

/// Runs and injections as figures. Changes are only noted as they come; the runs behind them are read when somebody
/// asks for figures, so that a run that changes ten times a second costs nothing here.
actor RunFigures {
    struct Entry {
        var phase: RunPhase
        var injections: [InjectionState: Int]
    }

    /// Changed runs that are read at once when nobody asks for figures.
    private static let mostChanged = 1_000
    /// Upper bounds in seconds, from a quick restart to a lost evening.
    private static let bounds: [Double] = [0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1_800, 3_600]

    private let store: any ResourceStore
    private let clock: any ControlClock
    private let logger: Logger
    private let families: Families
    private var entries: [ResourceKey: Entry] = [:]
    private var changed: Set<ResourceKey> = []

    init(store: any ResourceStore, clock: any ControlClock, registry: MetricsRegistry, logger: Logger) {
        self.store = store
        self.clock = clock
        self.logger = logger
        families = Families(registry)
    }

    /// Follows the runs of the store until cancelled. What ended before the first look is in the gauges only.
    func follow() async {
        while !Task.isCancelled {
            do {
                let list = try await store.list(Run.self, namespace: nil, labels: [:])
                entries = [:]
                for run in list.items { entries[run.key] = Entry(run) }
                for try await change in store.watch(.run, after: list.resourceVersion) {
                    changed.insert(change.key)
                    if changed.count >= Self.mostChanged { await catchUp() }
                }
            } catch {
                logger.warning("the figures of runs are behind", metadata: ["reason": "\(error)"])
            }
            do { try await clock.sleep(for: .seconds(1)) } catch { return }
        }
    }

    /// Brings the figures up to date. A run that cannot be read keeps its old ones, and is read again next time.
    func collect() async {
        await catchUp()
        var phases = Dictionary(uniqueKeysWithValues: RunPhase.allCases.map { ([$0.rawValue], 0.0) })
        var states = Dictionary(uniqueKeysWithValues: InjectionState.allCases.map { ([$0.rawValue], 0.0) })
        for entry in entries.values {
            phases[[entry.phase.rawValue], default: 0] += 1
            guard entry.phase != .done else { continue }
            for (state, count) in entry.injections { states[[state.rawValue], default: 0] += Double(count) }
        }
        families.runs.replace(phases)
        families.injections.replace(states)
    }

    private func catchUp() async {
        let keys = changed
        changed = []
        for key in keys {
            do throws(StoreError) {
                let run = try await store.get(Run.self, namespace: key.namespace, name: key.name)
                take(run, for: key)
            } catch {
                changed.insert(key)
            }
        }
    }

    private func take(_ run: Run?, for key: ResourceKey) {
        guard let run else {
            entries[key] = nil
            return
        }
        let before = entries[key]
        let entry = Entry(run)
        entries[key] = entry
        if entry.phase == .done, before?.phase != .done { families.count(ended: run) }
    }
}

extension RunFigures.Entry {
    init(_ run: Run) {
        phase = run.status?.phase ?? .pending
        injections = (run.status?.injections ?? []).reduce(into: [:]) { $0[$1.state, default: 0] += 1 }
    }
}

extension RunFigures {
    /// The families, and what the end of a run adds to them.
    private struct Families: Sendable {
        let runs: Gauge
        let injections: Gauge
        let ended: Counter
        let faults: Counter
        let timeToRecover: Histogram
        let timeToDetect: Histogram
        let downtime: Histogram

        init(_ registry: MetricsRegistry) {
            runs = registry.gauge(MetricName("rebound_runs", "Runs in the store, by phase.", labels: ["phase"]))
            injections = registry.gauge(
                MetricName(
                    "rebound_injections", "Injections of runs that are not done, by state.", labels: ["state"]))
            ended = registry.counter(
                MetricName(
                    "rebound_runs_ended", "Runs that ended while this process watched, by verdict and undo.",
                    labels: ["verdict", "undo"]))
            faults = registry.counter(
                MetricName(
                    "rebound_injections_ended", "Injections of those runs, by action and last state.",
                    labels: ["action", "state"]))
            func seconds(_ name: String, _ help: String) -> Histogram {
                registry.histogram(
                    MetricName(name, help, unit: "seconds", labels: ["experiment"]), bounds: RunFigures.bounds)
            }
            timeToRecover = seconds(
                "rebound_run_time_to_recover_seconds",
                "From the start of the injection until the steady state held; runs that recovered.")
            timeToDetect = seconds(
                "rebound_run_time_to_detect_seconds", "From the start of the injection to the first confirmed failure.")
            downtime = seconds("rebound_run_downtime_seconds", "The sum of the outages of a run.")
        }

        func count(ended run: Run) {
            guard let status = run.status else { return }
            ended.add(1, status.verdict?.rawValue ?? "none", status.undo.rawValue)
            for injection in status.injections { faults.add(1, injection.action, injection.state.rawValue) }
            let at = Double((status.endedAt ?? run.metadata.creationTimestamp)?.nanosecondsSinceEpoch ?? 0) / 1e9
            let exemplar = Exemplar(
                labels: [("namespace", run.key.namespace), ("run", run.metadata.name)], at: at)
            func observe(_ figure: Figure?, _ histogram: Histogram) {
                if let figure { histogram.observe(figure.seconds, run.spec.experiment, exemplar: exemplar) }
            }
            observe(status.recovery?.timeToRecover, timeToRecover)
            observe(status.recovery?.timeToDetect, timeToDetect)
            observe(status.recovery?.downtime, downtime)
        }
    }
}

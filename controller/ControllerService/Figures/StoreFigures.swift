// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import ExperimentControl
import FoundationEssentials
import Glibc
import ResourceStore
import SQLiteStore
import ServiceMetrics

/// What lies in the store beside the runs: its size, the reports on their way, and schedules that are late. Read when
/// somebody asks.
struct StoreFigures: Sendable {
    /// Pending reports whose age is looked at; more than these are only counted.
    private static let mostReports = 1_000

    let store: SQLiteStore
    let path: String
    let clock: any ControlClock
    private let bytes: Gauge
    private let version: Gauge
    private let oldest: Gauge
    private let changes: Gauge
    private let decoded: Gauge
    private let decodedReads: Counter
    private let reachable: Gauge
    private let reports: Gauge
    private let reportAge: Gauge
    private let scheduleLag: Gauge

    init(store: SQLiteStore, path: String, clock: any ControlClock, registry: MetricsRegistry) {
        (self.store, self.path, self.clock) = (store, path, clock)
        bytes = registry.gauge(
            MetricName(
                "rebound_store_size_bytes", "Size of the store's files: the database, and its write-ahead log.",
                unit: "bytes", labels: ["file"]))
        version = registry.gauge(
            MetricName("rebound_store_resource_version", "The newest version of the store; grows with every change."))
        oldest = registry.gauge(
            MetricName(
                "rebound_store_oldest_change",
                "The oldest version whose change is kept; who watches from before it is told 410."))
        changes = registry.gauge(MetricName("rebound_store_changes", "Changes that are kept for watchers."))
        decoded = registry.gauge(
            MetricName("rebound_store_decoded_resources", "Resources that this process keeps decoded."))
        decodedReads = registry.counter(
            MetricName(
                "rebound_store_decoded_reads",
                "Reads of resources and lists by what became of them: hit without decoding, miss with.",
                labels: ["result"]))
        reachable = registry.gauge(
            MetricName("rebound_store_up", "1 when the store answered the reading for these figures, else 0."))
        reports = registry.gauge(
            MetricName("rebound_outbox_reports", "Reports that are neither delivered nor given up."))
        reportAge = registry.gauge(
            MetricName(
                "rebound_outbox_oldest_age_seconds", "Age of the oldest of them; 0 when there is none.",
                unit: "seconds"))
        scheduleLag = registry.gauge(
            MetricName(
                "rebound_schedule_lag_seconds",
                "How long ago the slot of the latest schedule was due and is not handled yet; 0 when none is late.",
                unit: "seconds"))
    }

    /// What cannot be read keeps its last value, and `rebound_store_up` says so.
    func collect() async {
        for (label, ending) in [("database", ""), ("log", "-wal")] {
            var status = stat()
            bytes.set(stat(path + ending, &status) == 0 ? Double(status.st_size) : 0, label)
        }
        do throws(StoreError) {
            let schedules = try await store.list(Schedule.self, namespace: nil, labels: [:])
            let condition = try await store.condition()
            version.set(Double(condition.newest))
            oldest.set(Double(condition.oldestChange))
            changes.set(Double(condition.changesKept))
            decoded.set(Double(condition.decodedKept))
            decodedReads.reach(Double(condition.decodedHits), "hit")
            decodedReads.reach(Double(condition.decodedMisses), "miss")
            scheduleLag.set(lag(of: schedules.items))
            let pending = try await store.pendingReports(run: nil)
            reports.set(Double(pending.count))
            reportAge.set(age(of: pending))
            reachable.set(1)
        } catch {
            reachable.set(0)
        }
    }

    private func lag(of schedules: [Schedule]) -> Double {
        let now = clock.wall()
        let due = schedules.filter { $0.spec.suspend != true }.compactMap { $0.status?.nextSlot }.min() ?? now
        return max(0, now.since(due).inSeconds)
    }

    /// Every report says in its payload when it was made.
    private func age(of pending: [OutboxEntry]) -> Double {
        struct Made: Decodable { var at: Timestamp }
        let made = pending.prefix(Self.mostReports).compactMap { entry in
            // A payload without a time has no age; its report still counts.
            try? JSONDecoder().decode(Made.self, from: Data(entry.payload.utf8)).at
        }
        guard let oldest = made.min() else { return 0 }
        return max(0, clock.wall().since(oldest).inSeconds)
    }
}

extension Duration {
    var inSeconds: Double { Double(components.seconds) + Double(components.attoseconds) / 1e18 }
}

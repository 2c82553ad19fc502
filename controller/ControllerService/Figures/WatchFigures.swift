// SPDX-License-Identifier: Apache-2.0
import ControllerAPI
import ServiceMetrics
import Synchronization

/// Open watches of the API, what was sent on them, and why they ended; told of each by the server.
final class WatchFigures: Sendable {
    private let open: Gauge
    private let sent: Counter
    private let ended: Counter
    private let counts = Mutex<[String: (open: Int, sent: Int)]>([:])

    init(_ registry: MetricsRegistry) {
        open = registry.gauge(
            MetricName("rebound_watches", "Watches that are open at the API, by resource.", labels: ["resource"]))
        sent = registry.counter(
            MetricName(
                "rebound_watch_events", "Events sent on watches, by resource; bookmarks are not counted.",
                labels: ["resource"]))
        ended = registry.counter(
            MetricName(
                "rebound_watches_ended",
                "Watches that ended, by resource and reason; expired is a client that read too slowly or began too far "
                    + "back, and was told 410.", labels: ["resource", "reason"]))
        registry.collect { [weak self] in self?.collect() }
    }

    /// Costs little, as it is called for each event.
    func note(_ resource: String, _ moment: WatchMoment) {
        counts.withLock { counts in
            switch moment {
            case .opened: counts[resource, default: (0, 0)].open += 1
            case .sent: counts[resource, default: (0, 0)].sent += 1
            case .ended: counts[resource, default: (0, 0)].open -= 1
            }
        }
        if case .ended(let reason) = moment { ended.add(1, resource, reason.rawValue) }
    }

    private func collect() {
        for (resource, count) in counts.withLock({ $0 }) {
            open.set(Double(count.open), resource)
            sent.reach(Double(count.sent), resource)
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import ExperimentControl
import Logging
import ResourceStore
import ServiceMetrics

/// Says of hosts whose agents are not heard that it is no longer known whether they are ready. That they are is written
/// with each report of theirs.
///
/// How long an agent is silent is measured from when this process saw its last contact change, on the clock that nobody
/// sets: a controller that starts after an hour gives every agent its time to come back.
actor HostContacts {
    private struct Seen {
        var contact: Timestamp
        var at: MonotonicInstant
    }

    private static let interval = Duration.seconds(2)
    private let store: any ResourceStore
    private let clock: any ControlClock
    private let logger: Logger
    private let hosts: Gauge
    private var seen: [String: Seen] = [:]

    init(store: any ResourceStore, clock: any ControlClock, registry: MetricsRegistry, logger: Logger) {
        self.store = store
        self.clock = clock
        self.logger = logger
        hosts = registry.gauge(
            MetricName("rebound_hosts", "Hosts in the store, by whether their agents are heard.", labels: ["ready"]))
    }

    /// Looks every two seconds, until cancelled.
    func run() async {
        while !Task.isCancelled {
            await look()
            do { try await clock.sleep(for: Self.interval) } catch { return }
        }
    }

    /// One round. What cannot be read or written is left for the next.
    func look() async {
        do throws(StoreError) {
            let all = try await store.list(Host.self, namespace: nil, labels: [:]).items
            var counts: [[String]: Double] = [["True"]: 0, ["False"]: 0, ["Unknown"]: 0]
            for host in all {
                let readiness = try await isLost(host) ? .unknown : host.readiness?.status ?? .unknown
                counts[[readiness.rawValue], default: 0] += 1
            }
            hosts.replace(counts)
            let names = Set(all.map(\.metadata.name))
            seen = seen.filter { names.contains($0.key) }
        } catch {
            logger.warning("whether hosts are heard is not known", metadata: ["reason": "\(error.message)"])
        }
    }

    /// Whether the host was ready and is no longer heard; that is then written.
    private func isLost(_ host: Host) async throws(StoreError) -> Bool {
        guard let contact = host.status?.lastContact else { return false }
        let name = host.metadata.name
        let now = clock.now()
        guard let last = seen[name], last.contact == contact else {
            seen[name] = Seen(contact: contact, at: now)
            return false
        }
        let silence = Duration.nanoseconds(now.nanoseconds - last.at.nanoseconds)
        guard host.readiness?.status == .yes, silence > host.patience else { return false }
        var lost = host
        lost.status?.setReady(
            .unknown, reason: "NotHeard",
            message: "The agent has not reported for \(Host.mostMissedHeartbeats) heartbeats; the last time was "
                + "\(contact).", at: clock.wall())
        do throws(StoreError) { _ = try await store.updateStatus(lost) } catch {
            // It has reported in this moment, or is gone.
            guard error.code == .conflict || error.code == .notFound else { throw error }
            return false
        }
        logger.warning(
            "a host is not heard any more",
            metadata: [
                "host": "\(name)", "lastContact": "\(contact)",
                "hint": "Look on that host whether rebound-agent runs and what it says.",
            ])
        return true
    }
}

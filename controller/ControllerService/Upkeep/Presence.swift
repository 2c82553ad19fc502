// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import ExperimentControl
import Logging
import ResourceStore
import ServiceMetrics

/// Whether another controller works on the same store. Several may: each run is driven by one of them, under its own
/// lease. It is more often a mistake than a plan, so it is said, once each time it begins and ends.
///
/// A controller leaves its name under a lease; whoever finds another's there, is the second. The lease decides nothing
/// else.
actor Presence {
    private static let lease = "controller"
    private static let length = Duration.seconds(15)

    private let store: any ResourceStore
    private let holder: String
    private let clock: any ControlClock
    private let logger: Logger
    private let first: Gauge
    private var other: String?

    /// `holder` names this process so that an operator finds it: its machine and number.
    init(
        store: any ResourceStore, holder: String, clock: any ControlClock, registry: MetricsRegistry, logger: Logger
    ) {
        self.store = store
        self.holder = holder
        self.clock = clock
        self.logger = logger
        first = registry.gauge(
            MetricName(
                "rebound_controller_first",
                "1 when this is the first controller on its store, 0 when another was there before."))
    }

    /// Looks every five seconds, until cancelled; then takes its name away.
    func run() async {
        while !Task.isCancelled {
            await look()
            do { try await clock.sleep(for: Self.length / 3) } catch { break }
        }
        // Losing the error is right: a lease that is not given back runs out.
        try? await store.releaseLease(Self.lease, holder: holder)
    }

    private func look() async {
        do throws(StoreError) {
            let outcome = try await store.acquireLease(
                Self.lease, holder: holder, for: Self.length, now: clock.wall())
            switch outcome {
            case .held: note(nil)
            case .heldByOther(let holder, _): note(holder)
            }
        } catch {
            logger.debug("whether there is another controller is not known", metadata: ["reason": "\(error.message)"])
        }
    }

    private func note(_ found: String?) {
        first.set(found == nil ? 1 : 0)
        guard found != other else { return }
        if let found {
            logger.warning(
                "another controller works on the same store; each run is driven by one of them",
                metadata: ["other": "\(found)", "hint": "Stop one of them, unless this is meant."])
        } else {
            logger.notice("this is now the first controller on its store", metadata: ["before": "\(other ?? "")"])
        }
        other = found
    }
}

// SPDX-License-Identifier: Apache-2.0
package import ChaosModel
package import Logging
package import ResourceStore

/// Sends reports from the store, at least once each and in order for each run and destination. What cannot leave now
/// stays, and is sent by whichever process next opens the store.
package actor Outbox {
    /// The reports of one run for one destination, which leave in order.
    private struct Queue: Hashable {
        var run: String
        var destination: String
    }

    private let store: any ResourceStore
    private let courier: any ReportCourier
    private let clock: any ControlClock
    private let options: ControllerOptions
    private let random: @Sendable () -> Double
    private let logger: Logger
    /// Queues that are being delivered, so that two callers do not send one report twice.
    private var busy: Set<Queue> = []

    package init(
        store: any ResourceStore, courier: any ReportCourier, clock: any ControlClock, options: ControllerOptions,
        random: @escaping @Sendable () -> Double, logger: Logger
    ) {
        self.store = store
        self.courier = courier
        self.clock = clock
        self.options = options
        self.random = random
        self.logger = logger
    }

    /// Puts an event of a run into the outbox, once for each destination that wants it. Asked again after a crash it
    /// adds nothing, as the ids are made from the run, the event, the injection and the destination.
    package func enqueue(
        _ event: ReportEventKind, of run: Run, injection: Injection?, status: RunStatus?
    ) async throws(StoreError) {
        let wanting = (run.spec.plan.reports ?? []).enumerated().filter { $0.element.wants(event) }
        if wanting.isEmpty { return }
        let known = try await store.deliveries(run: run.uid)
        for (index, report) in wanting {
            let eventID = [run.uid, event.rawValue, injection?.metadata.name].compactMap { $0 }.joined(separator: "/")
            let id = "\(eventID)/\(index)"
            if known.contains(where: { $0.id == id }) { continue }
            let sequence = (known.map(\.sequence).max() ?? 0) + 1
            let payload = ReportPayload(
                event, id: eventID, sequence: sequence, at: clock.wall(), run: run, injection: injection, status: status
            )
            let text: String
            do { text = try payload.encoded() } catch {
                throw StoreError(
                    .invalid, "the report \(id) cannot be written as JSON", hint: "This is a defect; please report it.",
                    cause: error)
            }
            try await store.enqueue(
                OutboxEntry(id: id, run: run.uid, sequence: sequence, event: event, report: report, payload: text))
        }
    }

    /// Tries to deliver what is due, every destination at the same time; of each destination the oldest first, and
    /// nothing past one that failed.
    package func deliverDue(run: String?) async throws(StoreError) {
        let pending = try await store.pendingReports(run: run)
        let now = clock.wall()
        let queues = Dictionary(grouping: pending) { Queue(run: $0.run, destination: $0.report.destination.label) }
        await withTaskGroup(of: Void.self) { group in
            for (queue, entries) in queues where !busy.contains(queue) {
                let first = entries.min { $0.sequence < $1.sequence }
                if let next = first?.nextAttempt, next > now { continue }
                busy.insert(queue)
                group.addTask { await self.deliver(queue) }
            }
        }
    }

    /// Reads the queue again, as it may have been delivered since it was listed; from here on it is this caller's
    /// alone.
    private func deliver(_ queue: Queue) async {
        do throws(StoreError) {
            let entries = try await store.pendingReports(run: queue.run)
                .filter { $0.report.destination.label == queue.destination }
            try await deliver(entries.sorted { $0.sequence < $1.sequence })
        } catch {
            logger.error("outbox", metadata: ["reason": "\(error.message)", "hint": "\(error.hint)"])
        }
        busy.remove(queue)
    }

    /// Delivers until nothing is pending for the run or `grace` has passed.
    package func drain(run: String, grace: Duration) async throws(StoreError) {
        let deadline = clock.now().advanced(by: grace)
        while true {
            try await deliverDue(run: run)
            if try await store.pendingReports(run: run).isEmpty || clock.now() >= deadline { return }
            do { try await clock.sleep(for: .milliseconds(200)) } catch { return }
        }
    }

    /// Delivers the notice of one injection before the act. Returns why the act must not follow, or nil.
    package func deliverNotice(of injection: Injection, run: Run, grace: Duration) async -> String? {
        let prefix = "\(run.uid)/\(ReportEventKind.aboutToInject.rawValue)/\(injection.metadata.name)/"
        let deadline = clock.now().advanced(by: grace)
        do {
            while true {
                let open = try await store.pendingReports(run: run.uid).filter { $0.id.hasPrefix(prefix) }
                if open.isEmpty { return nil }
                try await deliverDue(run: run.uid)
                let left = try await store.pendingReports(run: run.uid).filter { $0.id.hasPrefix(prefix) }
                if left.isEmpty { return nil }
                if clock.now() >= deadline {
                    let required = left.filter { $0.report.requiredBeforeInjecting == true }
                    guard let first = required.first else { return nil }
                    return "the notice could not be delivered to \(first.report.destination.label): "
                        + (first.lastError ?? "no answer in time")
                }
                try await clock.sleep(for: .milliseconds(100))
            }
        } catch let error as StoreError {
            return "the notice could not be read back: \(error.message)"
        } catch {
            return "interrupted before the notice was delivered"
        }
    }

    private func deliver(_ entries: [OutboxEntry]) async throws(StoreError) {
        for entry in entries {
            var entry = entry
            entry.attempts += 1
            let failure = await courier.deliver(entry)
            if let failure {
                entry.lastError = String(failure.prefix(500))
                entry.nextAttempt = clock.wall().advanced(by: backoff(entry.attempts))
                try await store.updateOutbox(entry)
                logger.warning(
                    "report not delivered",
                    metadata: [
                        "report": "\(entry.id)", "destination": "\(entry.report.destination.label)",
                        "attempts": "\(entry.attempts)", "reason": "\(failure)",
                    ])
                return
            }
            entry.deliveredAt = clock.wall()
            entry.lastError = nil
            try await store.updateOutbox(entry)
        }
    }

    /// Exponential with full jitter, from half a second to a minute
    /// (https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/).
    private func backoff(_ attempts: Int) -> Duration {
        let ceiling = min(60.0, 0.5 * Double(1 << min(attempts, 10)))
        return .milliseconds(Int(1_000 * max(0.1, ceiling * random())))
    }
}

extension ReportSpec {
    func wants(_ event: ReportEventKind) -> Bool { events?.contains(event) ?? true }
}

extension ReportDestination {
    /// The destination in one word, without secrets: `sns arn:…`, `webhook https://…`.
    package var label: String {
        switch self {
        case .sns(let spec): "sns \(spec.topicArn)"
        case .lambda(let spec): "lambda \(spec.function)"
        case .webhook(let spec): "webhook \(spec.url.prefix { $0 != "?" })"
        case .file(let spec): "file \(spec.path)"
        }
    }
}

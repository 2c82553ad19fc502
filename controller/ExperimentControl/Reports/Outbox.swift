// SPDX-License-Identifier: Apache-2.0
package import ChaosModel
package import Logging
package import ResourceStore

/// Sends reports from the store, at least once each and in order for each run and destination. What cannot leave now
/// stays, and is sent by whichever process next opens the store; what could not leave for the retention time is given
/// up.
package actor Outbox {
    /// The most queues of which one pass begins to deliver; those that wait longest come first.
    static let mostQueues = 64
    /// The most reports of a queue that are read at once.
    private static let mostRead = 16

    private let store: any ResourceStore
    private let courier: any ReportCourier
    private let clock: any ControlClock
    private let options: ControllerOptions
    private let random: @Sendable () -> Double
    private let logger: Logger
    /// Queues that are being delivered, so that two callers do not send one report twice.
    private var busy: Set<ReportQueue> = []
    /// The last sequence number given to each run that is under way: two events at the same time get two.
    private var lastSequence: [String: Int64] = [:]

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
        let eventID = [run.uid, event.rawValue, injection?.metadata.name].compactMap { $0 }.joined(separator: "/")
        let known = try await store.reportSlips(run: run.uid)
        let wanting = (run.spec.plan.reports ?? []).enumerated().filter { index, report in
            report.wants(event) && !known.contains { $0.id == "\(eventID)/\(index)" }
        }
        if wanting.isEmpty { return }
        let sequence = nextSequence(run.uid, after: known)
        let payload = ReportPayload(
            event, id: eventID, sequence: sequence, at: clock.wall(), run: run, injection: injection, status: status)
        let text: String
        do { text = try payload.encoded() } catch {
            throw StoreError(
                .invalid, "the report \(eventID) cannot be written as JSON",
                hint: "This is a defect; please report it.", cause: error)
        }
        for (index, report) in wanting {
            try await store.enqueue(
                OutboxEntry(
                    id: "\(eventID)/\(index)", run: run.uid, sequence: sequence, event: event, report: report,
                    payload: text))
        }
    }

    private func nextSequence(_ run: String, after known: [ReportSlip]) -> Int64 {
        let next = max(known.map(\.sequence).max() ?? 0, lastSequence[run] ?? 0) + 1
        lastSequence[run] = next
        return next
    }

    /// Tries to deliver what is due, every destination at the same time; of each destination the oldest first, and
    /// nothing past one that failed. Returns when the slowest has answered or given up.
    package func deliverDue(run: String?) async throws(StoreError) {
        let due = try await store.dueReports(run: run, now: clock.wall(), most: Self.mostQueues + busy.count)
        await withDiscardingTaskGroup { group in
            for queue in due where !busy.contains(queue) {
                busy.insert(queue)
                group.addTask { await self.deliver(queue) }
            }
        }
    }

    /// Delivers again and again until cancelled. A destination that hangs holds up no other: the next round begins
    /// without it.
    package func deliverRounds(run: String?, every pause: Duration) async {
        await withDiscardingTaskGroup { group in
            while !Task.isCancelled {
                group.addTask {
                    do throws(StoreError) { try await self.deliverDue(run: run) } catch {
                        self.logger.warning("outbox not read", metadata: ["reason": "\(error.message)"])
                    }
                }
                do { try await clock.sleep(for: pause) } catch { return }
            }
        }
    }

    /// Delivers until nothing is pending for the run or `grace` has passed.
    package func drain(run: String, grace: Duration) async throws(StoreError) {
        lastSequence[run] = nil
        _ = try await deliver(run: run, idPrefix: "", grace: grace)
    }

    /// Delivers the notice of one injection before the act. Returns why the act must not follow, or nil.
    package func deliverNotice(of injection: Injection, run: Run, grace: Duration) async -> String? {
        let prefix = "\(run.uid)/\(ReportEventKind.aboutToInject.rawValue)/\(injection.metadata.name)/"
        do throws(StoreError) {
            let left = try await deliver(run: run.uid, idPrefix: prefix, grace: grace)
            let all = try await store.deliveries(run: run.uid).filter { $0.id.hasPrefix(prefix) }
            let missing = left + all.filter { $0.gaveUpAt != nil }
            guard let first = missing.first(where: { $0.report.requiredBeforeInjecting == true }) else { return nil }
            return "the notice could not be delivered to \(first.report.destination.label): "
                + (first.lastError ?? "no answer in time")
        } catch {
            return "the notice could not be read back: \(error.message)"
        }
    }

    /// Delivers the run's reports until none whose id begins so is pending, or `grace` has passed; a transfer that is
    /// then still under way is cancelled, and made again later. Returns those of them that are left.
    private func deliver(run: String, idPrefix: String, grace: Duration) async throws(StoreError) -> [OutboxEntry] {
        let deadline = clock.now().advanced(by: grace)
        func isDone() async throws(StoreError) -> Bool {
            try await !store.reportSlips(run: run).contains { $0.isPending && $0.id.hasPrefix(idPrefix) }
        }
        if try await isDone() { return [] }
        // Cancelled below, on every way.
        let rounds = Task { await deliverRounds(run: run, every: .milliseconds(100)) }
        var failure: StoreError?
        while true {
            do throws(StoreError) { if try await isDone() { break } } catch {
                failure = error
                break
            }
            if clock.now() >= deadline { break }
            do { try await clock.sleep(for: .milliseconds(20)) } catch { break }
        }
        rounds.cancel()
        await rounds.value
        if let failure { throw failure }
        return try await store.pendingReports(run: run).filter { $0.id.hasPrefix(idPrefix) }
    }
}

// MARK: One queue

extension Outbox {
    /// Reads the queue again, as it may have been delivered since it was listed; from here on it is this caller's
    /// alone.
    private func deliver(_ queue: ReportQueue) async {
        do throws(StoreError) { while try await deliverNext(of: queue) {} } catch {
            logger.error("outbox", metadata: ["reason": "\(error.message)", "hint": "\(error.hint)"])
        }
        busy.remove(queue)
    }

    /// Whether there may be more: these were all delivered, or are given up.
    private func deliverNext(of queue: ReportQueue) async throws(StoreError) -> Bool {
        let entries = try await store.pendingReports(in: queue, most: Self.mostRead)
        for entry in entries {
            if let next = entry.nextAttempt, next > clock.wall() { return false }
            guard try await deliver(entry) else { return false }
        }
        return !entries.isEmpty
    }

    /// Whether the next of the queue may follow: this one was delivered, or is given up.
    private func deliver(_ entry: OutboxEntry) async throws(StoreError) -> Bool {
        if Task.isCancelled { return false }
        var entry = entry
        entry.attempts += 1
        let failure = await courier.deliver(entry)
        let now = clock.wall()
        if let failure {
            // Cancelled by us: that says nothing of the destination, and it is due again at once.
            if Task.isCancelled { return false }
            entry.lastError = String(failure.prefix(500))
            let age = ReportHead(entry).map { now.since($0.at) } ?? .zero
            if age >= options.reportRetention { entry.gaveUpAt = now }
            entry.nextAttempt = now.advanced(by: backoff(entry.attempts))
            log(entry, failure)
        } else {
            entry.deliveredAt = now
            entry.lastError = nil
        }
        try await store.updateOutbox(entry)
        return entry.deliveredAt != nil || entry.gaveUpAt != nil
    }

    private func log(_ entry: OutboxEntry, _ failure: String) {
        var metadata: Logger.Metadata = [
            "report": "\(entry.id)", "destination": "\(entry.report.destination.label)",
            "attempts": "\(entry.attempts)", "reason": "\(failure)",
        ]
        if entry.gaveUpAt == nil { return logger.warning("report not delivered", metadata: metadata) }
        metadata["hint"] = "Mend the destination; the event is in the store, see `rebound report`."
        logger.error("report given up", metadata: metadata)
    }

    /// Exponential with full jitter, at most half a second after the first failure and at most a minute after many;
    /// never less than 100 ms (https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/).
    private func backoff(_ attempts: Int) -> Duration {
        let ceiling = min(60.0, 0.5 * Double(1 << min(max(attempts - 1, 0), 10)))
        return .milliseconds(Int(1_000 * max(0.1, ceiling * random())))
    }
}

extension ReportSpec {
    func wants(_ event: ReportEventKind) -> Bool { events?.contains(event) ?? true }
}

extension ReportDestination {
    /// The destination in one word, without secrets: `sns arn:…`, `webhook https://host`. Of a URL only the host is
    /// told: user, path and query are where webhooks carry their keys.
    package var label: String {
        switch self {
        case .sns(let spec): "sns \(spec.topicArn)"
        case .lambda(let spec): "lambda \(spec.function)"
        case .webhook(let spec): "webhook \(Self.origin(spec.url))"
        case .file(let spec): "file \(spec.path)"
        }
    }

    /// Scheme, host and port.
    static func origin(_ url: String) -> String {
        guard let scheme = url.firstRange(of: "://") else { return "URL" }
        let authority = url[scheme.upperBound...].prefix { !"/?#\\".contains($0) }
        let host = authority.split(separator: "@", omittingEmptySubsequences: false).last ?? ""
        return String(url[..<scheme.upperBound] + host)
    }
}

// SPDX-License-Identifier: Apache-2.0

// What happens to a request before libcurl has it: its turn, its name, its deadline.
extension TransferSet {
    /// Begins the request or lets it wait. `completion` is called once, perhaps before this returns.
    func begin(
        _ ticket: RequestTicket, _ checked: CheckedRequest, stream: StreamSink? = nil,
        _ completion: @escaping Completion
    ) {
        guard !isClosed else { return completion(.failure(.closed(mayHaveBeenSent: false))) }
        let now = monotonicNanoseconds()
        var pending = Pending(checked: checked, begun: now, completion: completion, stream: stream)
        if activeCount < configuration.maximumActiveRequests { return start(ticket, pending) }
        guard waiting.count < configuration.maximumWaitingRequests else {
            return completion(.failure(.queueFull(configuration)))
        }
        pending.timer = context.schedule(at: now + checked.totalMilliseconds * 1_000_000) { [unowned self] in
            guard let pending = waiting.removeValue(forKey: ticket) else { return }
            pending.completion(
                .failure(
                    pending.outOfTime(
                        .timedOut, "its turn did not come: \(configuration.maximumActiveRequests) were under way")))
        }
        waiting[ticket] = pending
        waitingOrder.append(ticket)
    }

    /// Starts waiting requests while there is room.
    func startWaiting() {
        while activeCount < configuration.maximumActiveRequests, let ticket = waitingOrder.popFirst() {
            guard let pending = waiting.removeValue(forKey: ticket) else { continue }
            pending.timer?.cancel()
            start(ticket, pending)
        }
    }

    private func start(_ ticket: RequestTicket, _ pending: Pending) {
        guard pending.checked.needsResolver else { return launch(ticket, pending, addresses: []) }
        let checked = pending.checked
        let now = monotonicNanoseconds()
        if let known = names.cached(checked.host, now: now) { return launch(ticket, pending, addresses: known) }
        var pending = pending
        let limit = min(checked.connectMilliseconds, checked.totalMilliseconds)
        pending.timer = context.schedule(at: pending.begun + limit * 1_000_000) { [unowned self] in
            guard let pending = resolving.removeValue(forKey: ticket) else { return }
            let message = "the name \(pending.checked.host) was not resolved in time"
            pending.completion(.failure(pending.outOfTime(.connectTimedOut, message)))
            startWaiting()
        }
        resolving[ticket] = pending
        let resumption = LoopResumption(self, context)
        names.resolve(checked.host) { result in
            resumption.run { $0.resolved(ticket, result) }
        }
    }

    private func resolved(_ ticket: RequestTicket, _ result: Result<[String], NameError>) {
        guard let pending = resolving.removeValue(forKey: ticket) else { return }
        pending.timer?.cancel()
        switch result {
        case .success(let addresses):
            launch(ticket, pending, addresses: addresses)
        case .failure(let error):
            var timings = HTTPTimings(begun: pending.begun, ended: monotonicNanoseconds())
            timings.nameLookup = timings.total
            let code: TransportError.Code = error.isOurTrouble ? .outOfResources : .cannotResolve
            pending.completion(
                .failure(
                    TransportError(
                        code, message: "\(pending.checked.request.url): \(error.message)",
                        hint: TransportError.hint(for: code), requestMayHaveBeenSent: false, timings: timings)))
        }
        startWaiting()
    }

    /// Ends the request wherever it is; does nothing when it is over.
    func abort(_ ticket: RequestTicket) {
        let now = monotonicNanoseconds()
        if let pending = waiting.removeValue(forKey: ticket) ?? resolving.removeValue(forKey: ticket) {
            pending.timer?.cancel()
            let timings = HTTPTimings(begun: pending.begun, ended: now)
            pending.completion(.failure(.cancelled(mayHaveBeenSent: false, timings: timings)))
        } else {
            _ = abortRunning(ticket) {
                .cancelled(mayHaveBeenSent: $0.mayHaveSent, timings: $0.timings(ended: now))
            }
        }
        startWaiting()
        drive()
    }

    /// Fails everything with `.closed` and frees libcurl's part. Later requests are refused.
    func close() {
        guard !isClosed else { return }
        let now = monotonicNanoseconds()
        let unsent = Array(waiting.values) + Array(resolving.values)
        waiting = [:]
        resolving = [:]
        for pending in unsent {
            pending.timer?.cancel()
            let timings = HTTPTimings(begun: pending.begun, ended: now)
            pending.completion(.failure(.closed(mayHaveBeenSent: false, timings: timings)))
        }
        for ticket in runningTickets {
            _ = abortRunning(ticket) { .closed(mayHaveBeenSent: $0.mayHaveSent, timings: $0.timings(ended: now)) }
        }
        cleanUp()
    }
}

extension TransferSet.Pending {
    fileprivate func outOfTime(_ code: TransportError.Code, _ why: String) -> TransportError {
        TransportError(
            code, message: "\(checked.request.url): \(why).", hint: TransportError.hint(for: code),
            requestMayHaveBeenSent: false, timings: HTTPTimings(begun: begun, ended: monotonicNanoseconds()))
    }
}

extension TransportError {
    fileprivate static func queueFull(_ configuration: HTTPClientConfiguration) -> TransportError {
        TransportError(
            .queueFull,
            message: """
                \(configuration.maximumActiveRequests) requests are under way and \
                \(configuration.maximumWaitingRequests) wait already.
                """,
            hint: hint(for: .queueFull), requestMayHaveBeenSent: false)
    }
}

/// Tickets in order of arrival, in an array that is cut when half of it has been passed.
struct TicketQueue {
    private var tickets: [RequestTicket] = []
    private var next = 0

    mutating func append(_ ticket: RequestTicket) { tickets.append(ticket) }

    mutating func popFirst() -> RequestTicket? {
        guard next < tickets.count else { return nil }
        defer {
            next += 1
            if next * 2 >= tickets.count {
                tickets.removeFirst(next)
                next = 0
            }
        }
        return tickets[next]
    }
}

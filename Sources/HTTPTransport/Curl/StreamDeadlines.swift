// SPDX-License-Identifier: Apache-2.0

/// When a streamed answer is given up: its head has a deadline, and its body may not be silent for long. Instants are
/// CLOCK_MONOTONIC nanoseconds.
struct StreamDeadlines {
    /// Until when the head must be there.
    let head: Int64
    /// How long the body may say nothing.
    let idle: Int64
    private var lastWord: Int64?

    init(head: Int64, idle: Int64) {
        self.head = head
        self.idle = idle
    }

    /// The head has arrived.
    mutating func beginBody(at now: Int64) { lastWord = now }

    /// A piece of the body has arrived.
    mutating func spoke(at now: Int64) { lastWord = now }

    /// The instant at which it is given up if nothing comes.
    var next: Int64 { lastWord.map { $0 + idle } ?? head }
}

extension TransferSet {
    /// Ends a streamed answer as `.timedOut` when it stays silent beyond its deadlines.
    func superviseStream(_ ticket: RequestTicket) {
        guard let transfer = runningTransfer(ticket), let due = transfer.silenceDeadline else { return }
        // The head may come meanwhile, and with it a nearer deadline: looked at again after each longest silence. Weak,
        // as the set may be closed long before the instant comes.
        context.schedule(at: min(due, monotonicNanoseconds() + transfer.longestSilence)) { [weak self] in
            self?.endIfSilent(ticket)
        }
    }

    private func endIfSilent(_ ticket: RequestTicket) {
        let now = monotonicNanoseconds()
        guard let due = runningTransfer(ticket)?.silenceDeadline else { return }
        if due > now { return superviseStream(ticket) }
        _ = abortRunning(ticket) { transfer in
            TransportError(
                .timedOut, message: "\(transfer.url): the other side has said nothing for too long.",
                hint: TransportError.hint(for: .timedOut), requestMayHaveBeenSent: transfer.mayHaveSent,
                timings: transfer.timings(ended: now))
        }
        startWaiting()
        drive()
    }
}

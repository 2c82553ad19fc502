// SPDX-License-Identifier: Apache-2.0
import ChaosModel

/// Finds the outages of one probe in its attempts, taken in slot order.
///
/// **Runs.** An outage begins with the first of `failuresToFail` failures in a row and ends at the first of
/// `successesToRecover` successes in a row. Attempts are in a row by slot, that is by when they were planned to begin:
/// an attempt that hangs counts where it began. Attempts that tell nothing (unknown, missed, absent) neither confirm
/// nor break a row.
///
/// **What one attempt proves.** A success over `[begun, ended]` proves that the service was up at *some* instant of it;
/// a failure that it was down at some instant of it. Nothing more: a slow success may have waited for the service to
/// come up, a failure may have been cut off at its very end by a crash.
///
/// **Bounds.** Let d(i) be the down instant of failure i of the outage. The true start is the start of the down stretch
/// that holds the earliest d(i), the true end is the end of the one that holds the latest.
/// - start <= d(i) <= ended(i) for every i, so `start.high` is the earliest `ended` of the failures.
/// - A success that had ended before any of the failures began was up before every d(i), so the start is not before
///   that success's up instant: `start.low` is the latest `begun` of the successes with ended <= the earliest begun(i).
///   A success that overlaps a failure may have been up after it only, and bounds nothing.
/// - end >= d(i) >= begun(i) for every i, so `end.low` is the latest `begun` of the failures.
/// - A success that began after every failure had ended was up after every d(i), so the end is not after that success's
///   up instant: `end.high` is the earliest `ended` of the successes with begun >= the latest ended(i).
///
/// For attempts that do not overlap these are: begin of the last success to end of the first failure, and begin of the
/// last failure to end of the first success. An attempt that hangs widens them by as long as it hung, since what cut it
/// off is not known. `end.high` can tighten for as long as failures are under way; until a success qualifies it is the
/// latest end seen. An outage is the whole stretch: short returns inside it that never reached `successesToRecover`
/// belong to it.
///
/// **Estimate.** With a fixed plan the instant lies anywhere between two planned begins with equal right, so the
/// estimate with the least worst error is their midpoint: of the last success and the first failure (start), of the
/// last failure and the first success (end). When that success was still being answered after the failing attempt had
/// begun, the service was up later than the midpoint says, and the stretch from that answer to the first ended failure
/// is halved. A first success that took much longer than usual waited for the service: see `endEstimate`.
struct OutageMachine: Sendable, Equatable {
    /// The failures of a row or of an outage, and what preceded them.
    struct Failures: Sendable, Equatable {
        var first: Span
        var firstReason: String
        var firstDetail: String?
        var earliestBegun: MonotonicInstant
        var earliestEnded: MonotonicInstant
        var latestBegun: MonotonicInstant
        var latestEnded: MonotonicInstant
        /// The latest end of the failures up to the one that confirmed the outage.
        var confirmedAt: MonotonicInstant
        var count = 1
        var lastSuccess: Span?
        var earlierSuccesses: SuccessFrontier
        var touchesGap: Bool
    }

    /// The successes since the last failure.
    struct Successes: Sendable, Equatable {
        var first: Span
        var last: Span
        var count = 1
        /// The first of them, up to `successesToRecover`, until the outage they end is closed.
        var spans: [Span]
    }

    /// A closed outage whose `end.high` may still become earlier.
    struct Unsettled: Sendable, Equatable {
        var index: Int
        var latestFailureEnd: MonotonicInstant
        var hasProof: Bool
    }

    let probe: String
    let interval: Duration
    let failuresToFail: Int
    let successesToRecover: Int
    private(set) var outages: [Outage] = []
    private(set) var failures: Failures?
    private(set) var successes: Successes?
    private(set) var isFailing = false
    private(set) var firstPlanned: MonotonicInstant?
    private var lastAttempt: Observation?
    private(set) var firstSuccess: Span?
    private(set) var lastSuccess: Span?
    private var frontier = SuccessFrontier()
    private var silence = false
    private var unsettled: [Unsettled] = []

    init(probe: String, interval: Duration, failuresToFail: Int, successesToRecover: Int) {
        self.probe = probe
        self.interval = interval
        self.failuresToFail = max(1, failuresToFail)
        self.successesToRecover = max(1, successesToRecover)
    }

    var lastSlot: Int64? { lastAttempt?.slot }

    /// Takes the next attempt. Slots must rise; one that does not is a repeat and changes nothing.
    mutating func step(_ observation: Observation) {
        if let lastSlot, observation.slot <= lastSlot { return }
        if let last = lastAttempt, last.slots(missingBefore: observation, every: interval) > 0 { noteSilence() }
        lastAttempt = observation
        if firstPlanned == nil { firstPlanned = min(observation.planned, observation.begun) }
        frontier.forget(before: min(observation.planned, observation.begun))
        switch observation.outcome {
        case .success: succeed(Span(observation))
        case .failure(let reason): fail(Span(observation), reason: reason, detail: observation.detail)
        case .unknown, .missed: noteSilence()
        }
    }

    private mutating func noteSilence() {
        silence = true
        failures?.touchesGap = true
        if isFailing { outages[outages.count - 1].touchesGap = true }
    }
}

extension Observation {
    /// How many planned attempts between this one and a later one are absent: by their numbers, or by the time between
    /// their plans where numbering began anew after a restart.
    func slots(missingBefore next: Observation, every interval: Duration) -> Int64 {
        let step = max(1, interval.wholeNanoseconds)
        let byTime = (next.planned.nanoseconds - planned.nanoseconds + step / 2) / step
        return max(0, max(next.slot - slot, byTime) - 1)
    }
}

// MARK: Failures

extension OutageMachine {
    private mutating func fail(_ span: Span, reason: String, detail: String?) {
        successes = nil
        if failures != nil {
            failures?.add(span, confirming: !isFailing)
        } else {
            failures = Failures(
                first: span, firstReason: reason, firstDetail: detail, earliestBegun: span.begun,
                earliestEnded: span.ended,
                latestBegun: span.begun, latestEnded: span.ended, confirmedAt: span.ended, lastSuccess: lastSuccess,
                earlierSuccesses: frontier, touchesGap: silence)
        }
        guard let row = failures, isFailing || row.count >= failuresToFail else { return }
        if isFailing { outages.removeLast() }
        outages.append(row.openOutage(of: probe, countedFrom: firstPlanned ?? row.first.begun))
        isFailing = true
    }
}

extension OutageMachine.Failures {
    fileprivate mutating func add(_ span: Span, confirming: Bool) {
        earliestBegun = min(earliestBegun, span.begun)
        earliestEnded = min(earliestEnded, span.ended)
        latestBegun = max(latestBegun, span.begun)
        latestEnded = max(latestEnded, span.ended)
        if confirming { confirmedAt = max(confirmedAt, span.ended) }
        count += 1
    }

    fileprivate func openOutage(of probe: String, countedFrom firstPlanned: MonotonicInstant) -> Outage {
        let provenUp = earlierSuccesses.latestBegin(endedBy: earliestBegun)
        return Outage(
            probe: probe, start: start(low: provenUp ?? firstPlanned), confirmedAt: confirmedAt,
            firstReason: firstReason, firstDetail: firstDetail, failedSamples: count,
            touchesGap: touchesGap || provenUp == nil,
            isOpenAtStart: provenUp == nil)
    }

    private func start(low: MonotonicInstant) -> BoundedInstant {
        guard let good = lastSuccess else {
            return BoundedInstant(estimate: low, low: low, high: earliestEnded)
        }
        let answeredLate = good.ended > first.begun
        let estimate = answeredLate ? midpoint(good.ended, earliestEnded) : midpoint(good.begun, first.begun)
        return BoundedInstant(estimate: estimate, low: low, high: earliestEnded)
    }
}

// MARK: Successes

extension OutageMachine {
    private mutating func succeed(_ span: Span) {
        settle(with: span)
        if firstSuccess == nil { firstSuccess = span }
        lastSuccess = span
        frontier.add(span)
        extendSuccesses(with: span)
        if !isFailing {
            failures = nil
            silence = false
        } else if let row = successes, row.count >= successesToRecover {
            close(with: row)
        }
    }

    private mutating func extendSuccesses(with span: Span) {
        guard successes != nil else {
            successes = Successes(first: span, last: span, spans: isFailing ? [span] : [])
            return
        }
        successes?.last = span
        successes?.count += 1
        if isFailing { successes?.spans.append(span) }
    }

    private mutating func close(with row: Successes) {
        guard let failed = failures else { return }
        let proofs = row.spans.filter { $0.begun >= failed.latestEnded }
        let seen = row.spans.reduce(failed.latestEnded) { max($0, $1.ended) }
        let high = proofs.map(\.ended).min() ?? seen
        let index = outages.count - 1
        outages[index].end = BoundedInstant(
            estimate: endEstimate(after: failed, row), low: failed.latestBegun, high: high)
        unsettled.append(
            Unsettled(index: index, latestFailureEnd: failed.latestEnded, hasProof: !proofs.isEmpty))
        successes?.spans = []
        failures = nil
        isFailing = false
        silence = false
    }

    /// Half way between the last failure and the first success; or, when that success took longer than the last one
    /// before the outage by more than half an interval, half an interval before the first answer: it waited for the
    /// service, and came when the service did.
    private func endEstimate(after failed: Failures, _ row: Successes) -> MonotonicInstant {
        let usual = failed.lastSuccess.map { $0.ended.since($0.begun) } ?? .zero
        let waited = row.first.ended.since(row.first.begun) - usual
        guard failed.lastSuccess != nil, waited > interval / 2 else {
            return midpoint(failed.latestBegun, row.first.begun)
        }
        let answered = row.spans.reduce(row.first.ended) { min($0, $1.ended) }.advanced(by: .zero - usual)
        return midpoint(max(failed.latestBegun, answered.advanced(by: .zero - interval)), answered)
    }

    /// A later success may prove an earlier end of an outage that is already closed.
    private mutating func settle(with span: Span) {
        for position in unsettled.indices.reversed() {
            let index = unsettled[position].index
            guard let end = outages[index].end else { continue }
            if unsettled[position].hasProof, span.begun > end.high {
                unsettled.remove(at: position)
            } else if span.begun >= unsettled[position].latestFailureEnd {
                let high = unsettled[position].hasProof ? min(end.high, span.ended) : span.ended
                outages[index].end = BoundedInstant(estimate: end.at, low: end.low, high: high)
                unsettled[position].hasProof = true
            }
        }
    }
}

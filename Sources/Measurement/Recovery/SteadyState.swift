// SPDX-License-Identifier: Apache-2.0
package import ChaosModel

/// Judges the steady state over all its probes, while attempts come in. Missing data is never a steady state.
package struct SteadyState: Sendable {
    /// One for each probe, in the order of the plan.
    package private(set) var detectors: [OutageDetector]
    private let positions: [String: Int]

    package init(probes: [ProbeSpec]) { self.init(detectors: probes.map { OutageDetector(of: $0) }) }

    init(detectors: [OutageDetector]) {
        self.detectors = detectors
        positions = Dictionary(
            zip(detectors.map(\.spec.name), detectors.indices), uniquingKeysWith: { first, _ in first })
    }

    package subscript(probe: String) -> OutageDetector? { positions[probe].map { detectors[$0] } }

    /// Takes one attempt of any of the probes; those of others change nothing.
    @discardableResult
    package mutating func add(_ observation: Observation) -> [OutageDetector.Transition] {
        positions[observation.probe].map { detectors[$0].add(observation) } ?? []
    }
}

// MARK: Before the first injection

extension SteadyState {
    package enum Baseline: Sendable, Equatable {
        case held
        /// What is still wanting, one sentence for each probe that it is wanting of.
        case notHeld([String])
    }

    /// Whether each probe has gone without any failed attempt for `duration`, with at least `successThreshold`
    /// successes in that time and a recent one. Unlike recovery this does not wait for failures to be confirmed:
    /// nothing is harmed on top of a first failure.
    package func baseline(holdFor duration: Duration, at now: MonotonicInstant) -> Baseline {
        let wanting = detectors.compactMap { $0.wantsForBaseline(holdFor: duration, at: now) }
        if detectors.isEmpty { return .notHeld(["there is no probe"]) }
        return wanting.isEmpty ? .held : .notHeld(wanting)
    }
}

extension OutageDetector {
    fileprivate func wantsForBaseline(holdFor duration: Duration, at now: MonotonicInstant) -> String? {
        if openOutage != nil { return "probe \(spec.name) is failing" }
        guard let row = unbrokenSuccesses else {
            return isSuspect ? "the last attempt of probe \(spec.name) failed" : "probe \(spec.name) has no success yet"
        }
        if row.count < spec.successesToRecover {
            return "probe \(spec.name) has \(row.count) of \(spec.successesToRecover) successes"
        }
        if now.since(row.firstBegun) < duration { return "probe \(spec.name) has not held for long enough" }
        return isFresh(within: duration, at: now) ? nil : "probe \(spec.name) has told nothing lately"
    }

    /// Whether a success began in the last `window`, or in the time that `successThreshold` and one more attempts take
    /// where that is longer: a probe that asks every 5 s cannot be fresh within 3 s.
    fileprivate func isFresh(within window: Duration, at now: MonotonicInstant) -> Bool {
        guard let last = lastSuccessBegun else { return false }
        return now.since(last) <= max(window, spec.interval * (spec.successesToRecover + 1))
    }
}

// MARK: After the injections

extension SteadyState {
    package enum Recovery: Sendable, Equatable {
        /// The steady state has held for `stableFor`, since this instant; nil: no outage since the first injection.
        case recovered(since: BoundedInstant?)
        /// A probe has an open outage, or its last one ended too lately.
        case notRecovered(String)
        /// It cannot be said: data is missing, or too little time has passed.
        case unknown(String)
    }

    /// Whether the steady state has held for `stableFor` at `now`, all of it after the last injection took effect.
    /// Each probe needs a success begun after that effect, a recent one, and one begun at most an interval before
    /// `stableFor` had passed: the steady state is known to have held only until the last success began.
    package func recovery(
        from first: BoundedInstant, to last: BoundedInstant, stableFor: Duration, at now: MonotonicInstant
    ) -> Recovery {
        if let failing = detectors.first(where: { $0.openOutage != nil }) {
            return .notRecovered("probe \(failing.spec.name) is failing")
        }
        let since = BoundedInstant.last(of: detectors.compactMap { $0.lastEnd(after: first) })
        if let since, now.since(since.at) < stableFor {
            return .notRecovered("the last outage ended less than \(WrittenDuration(stableFor)) ago")
        }
        if detectors.isEmpty { return .unknown("there is no probe") }
        for detector in detectors {
            if let want = detector.wantsForRecovery(after: last, stableFor: stableFor, at: now) {
                return .unknown(want)
            }
        }
        let start = max(since?.at ?? last.high, last.high)
        if now.since(last.high) < stableFor {
            return .unknown("less than \(WrittenDuration(stableFor)) have passed since the last injection")
        }
        if let short = detectors.first(where: { !$0.held(from: start, for: stableFor) }) {
            return .unknown("probe \(short.spec.name) has not been seen to hold for \(WrittenDuration(stableFor)) yet")
        }
        if let suspect = detectors.first(where: { $0.isSuspect && !$0.held(from: start, for: stableFor, slack: .zero) })
        {
            return .unknown("the last attempt of probe \(suspect.spec.name) failed")
        }
        return .recovered(since: since)
    }
}

extension OutageDetector {
    /// The end of the last outage that was not over when the first injection took effect.
    fileprivate func lastEnd(after first: BoundedInstant) -> BoundedInstant? {
        outages.last { ($0.end?.high ?? first.low) >= first.low }?.end
    }

    fileprivate func wantsForRecovery(
        after last: BoundedInstant, stableFor: Duration, at now: MonotonicInstant
    ) -> String? {
        guard let success = lastSuccessBegun, success >= last.high else {
            return "probe \(spec.name) has no success since the last injection"
        }
        return isFresh(within: stableFor, at: now) ? nil : "probe \(spec.name) has told nothing lately"
    }

    /// Whether the last success began no earlier than `duration` after `start`, or an interval before that.
    fileprivate func held(from start: MonotonicInstant, for duration: Duration, slack: Duration? = nil) -> Bool {
        lastSuccessBegun.map { $0.since(start) + (slack ?? spec.interval) >= duration } ?? false
    }
}

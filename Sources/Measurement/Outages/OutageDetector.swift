// SPDX-License-Identifier: Apache-2.0
package import ChaosModel

/// Follows one probe while its attempts come in, in any order and with repeats, and at every moment knows the outages
/// that the attempts so far make. After the last attempt it knows what `outages(of:in:)` finds in all of them at once.
///
/// An attempt that is missing before others is waited for: later ones count at once and are counted again when it
/// comes. When more than twice `patience` attempts are held for that, all but the last `patience` become final, and one
/// that comes later still is dropped and counted in `droppedAsLate`. Cost: constant for attempts in order, one pass
/// over those held for one out of order.
package struct OutageDetector: Sendable {
    /// What adding an attempt changed.
    package enum Transition: Sendable, Equatable {
        case began(Outage)
        case ended(Outage)
        /// A late success, planned among the failures, showed that there was no outage.
        case withdrawn(Outage)
    }

    package enum State: Sendable, Equatable {
        /// No attempt has told anything yet.
        case noData
        /// No outage is open.
        case steady(since: BoundedInstant)
        case failing(since: BoundedInstant)
    }

    package let spec: ProbeSpec
    /// How many attempts stay open to an earlier one that is missing, at least.
    package let patience: Int
    /// Attempts that came after theirs and all before it were final; repeats of those are counted here too.
    package private(set) var droppedAsLate = 0
    private var settled: OutageMachine
    private var tail: [Observation] = []
    private(set) var machine: OutageMachine

    package init(of spec: ProbeSpec, patience: Int = 4_096) {
        self.spec = spec
        self.patience = max(1, patience)
        machine = OutageMachine(
            probe: spec.name, interval: spec.interval, failuresToFail: spec.failuresToFail,
            successesToRecover: spec.successesToRecover)
        settled = machine
    }

    /// A detector that has taken all these attempts, which are in slot order and each there once.
    init(of spec: ProbeSpec, after attempts: [Observation]) {
        self.init(of: spec)
        for attempt in attempts { settled.step(attempt) }
        machine = settled
    }

    /// Takes one attempt of this probe. A repeat of a slot changes nothing: the first that came counts.
    @discardableResult
    package mutating func add(_ observation: Observation) -> [Transition] {
        guard observation.probe == spec.name else { return [] }
        if let last = settled.lastSlot, observation.slot <= last {
            droppedAsLate += 1
            return []
        }
        let position = tail.firstPosition(notBefore: observation.slot)
        if position < tail.count, tail[position].slot == observation.slot { return [] }
        let before = openOutage
        let countBefore = outages.count
        tail.insert(observation, at: position)
        if position == tail.count - 1 {
            machine.step(observation)
        } else {
            machine = settled
            for held in tail { machine.step(held) }
        }
        settleTail()
        return transitions(from: before, countBefore: countBefore)
    }

    /// The slot after the last final one. Counting starts at 0, or for a watch that was taken up again at the first
    /// slot that is there, once so many others are that no earlier one is to be expected.
    private var firstOpenSlot: Int64 {
        if let last = settled.lastSlot { return last + 1 }
        return tail.count > min(1_024, patience) ? tail[0].slot : 0
    }

    /// Attempts whose predecessors are all here can no longer be changed by a late one.
    private mutating func settleTail() {
        var count = 0
        var next = firstOpenSlot
        while count < tail.count, tail[count].slot == next {
            count += 1
            next += 1
        }
        if tail.count > 2 * patience { count = max(count, tail.count - patience) }
        guard count >= 64 || tail.count > 2 * patience else { return }
        settle(first: count)
    }

    /// A function of its own: inlined, it stops the optimiser of Swift 6.3.1 with "Found ownership error" (-O).
    @inline(never)
    private mutating func settle(first count: Int) {
        if count == tail.count {
            settled = machine
        } else {
            for held in tail.prefix(count) { settled.step(held) }
        }
        tail.removeFirst(count)
    }

    private func transitions(from before: Outage?, countBefore: Int) -> [Transition] {
        switch (before, openOutage) {
        case (nil, let now?): [.began(now)]
        case (let old?, nil):
            if outages.count >= countBefore, let last = outages.last { [.ended(last)] } else { [.withdrawn(old)] }
        case (nil, nil), (_?, _?): []
        }
    }
}

extension OutageDetector {
    /// All outages so far, in order; the last may be open.
    package var outages: [Outage] { machine.outages }

    package var openOutage: Outage? { machine.isFailing ? machine.outages.last : nil }

    package var state: State {
        if let outage = openOutage { return .failing(since: outage.start) }
        return heldSince.map { .steady(since: $0) } ?? .noData
    }

    /// The best estimate of how long the open outage has lasted at `now`; nil when none is open. For stop conditions.
    package func failingFor(at now: MonotonicInstant) -> Duration? {
        openOutage.map { max(.zero, now.since($0.start.at)) }
    }

    /// Since when there has been no outage: the end of the last one, or the first success when there never was one.
    /// Nil while an outage is open and before the first success.
    package var heldSince: BoundedInstant? {
        guard openOutage == nil, let row = machine.lastSuccess else { return nil }
        if let end = machine.outages.last?.end { return end }
        let first = machine.firstSuccess ?? row
        return BoundedInstant(at: first.begun, low: first.begun, high: first.ended)
    }

    /// The successes since the last failure, confirmed or not: how many, and when the first and last began.
    /// Nil when the last attempt that told anything failed, or none did.
    package var unbrokenSuccesses: (count: Int, firstBegun: MonotonicInstant, lastBegun: MonotonicInstant)? {
        machine.successes.map { ($0.count, $0.first.begun, $0.last.begun) }
    }

    /// When the last success began; nil before the first.
    package var lastSuccessBegun: MonotonicInstant? { machine.lastSuccess?.begun }

    /// Whether the last attempt that told anything failed, and an outage is not (yet) confirmed.
    package var isSuspect: Bool { !machine.isFailing && machine.failures != nil }
}

extension [Observation] {
    /// Where `slot` is or belongs in attempts that are in slot order.
    fileprivate func firstPosition(notBefore slot: Int64) -> Int {
        if let last, last.slot < slot { return count }
        var (low, high) = (0, count)
        while low < high {
            let middle = low + (high - low) / 2
            if self[middle].slot < slot { low = middle + 1 } else { high = middle }
        }
        return low
    }
}

/// The outages of a probe in its attempts, which come in any order and may be repeated. Attempts of other probes are
/// passed over.
package func outages(of spec: ProbeSpec, in observations: [Observation]) -> [Outage] {
    OutageDetector(of: spec, after: attempts(of: spec.name, in: observations)).outages
}

/// The attempts of one probe in slot order, each slot once. Of several that claim one slot, which only a broken prober
/// makes, the first to end counts, and of these the worst, so that the order of the input never matters.
func attempts(of probe: String, in observations: [Observation]) -> [Observation] {
    let sorted = observations.filter { $0.probe == probe }.sorted {
        ($0.slot, $0.ended, $0.begun, $0.outcome.rank) < ($1.slot, $1.ended, $1.begun, $1.outcome.rank)
    }
    var result: [Observation] = []
    result.reserveCapacity(sorted.count)
    for observation in sorted where observation.slot != result.last?.slot { result.append(observation) }
    return result
}

extension Observation.Outcome {
    fileprivate var rank: Int {
        switch self {
        case .failure: 0
        case .unknown: 1
        case .missed: 2
        case .success: 3
        }
    }
}

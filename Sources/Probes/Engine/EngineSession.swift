// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import HTTPTransport
import Measurement

/// One set of probes on the engine's thread.
///
/// Invariant: each slot that its clock handed out is in `outstanding` of its probe, or was given to the buffer once.
final class EngineSession {
    private final class RunningProbe {
        let plan: ProbePlan
        var clock: SlotClock
        var outstanding: [Int64: Outstanding] = [:]

        init(_ plan: ProbePlan, _ clock: SlotClock) {
            self.plan = plan
            self.clock = clock
        }
    }

    private struct Outstanding {
        var begun: Int64
        /// What the loop had been stalled for by then.
        var stalled: Int64
        var cancel: AttemptCancellation?
    }

    /// Finished observations are handed over this often, or when so many are there: waking the reader for each would
    /// cost more than the attempt.
    private static let handOverNanoseconds: Int64 = 50_000_000
    private static let handOverCount = 512

    private let probes: [RunningProbe]
    private let buffer: ObservationBuffer
    private let context: LoopContext
    private unowned let core: EngineCore
    private var finished: [ObservationBuffer.Entry] = []
    private var handOver: LoopTimer?
    private var isClosed = false

    init(
        _ probes: [(plan: ProbePlan, clock: SlotClock)], _ buffer: ObservationBuffer, _ context: LoopContext,
        _ core: EngineCore
    ) {
        self.probes = probes.map { RunningProbe($0.plan, $0.clock) }
        self.buffer = buffer
        self.context = context
        self.core = core
    }

    func begin() {
        for probe in probes { tick(probe) }
    }

    /// Does what is due for the probe and sets its timer for the next slot.
    private func tick(_ probe: RunningProbe) {
        guard !isClosed else { return }
        let due = probe.clock.advance(to: monotonicNanoseconds())
        miss(probe, due.missed, .starved)
        if let slot = due.send { send(probe, slot) }
        context.schedule(at: probe.clock.nextInstant) { [weak self] in self?.tick(probe) }
    }

    private func send(_ probe: RunningProbe, _ slot: Int64) {
        guard probe.outstanding.count < probe.plan.maximumOutstanding else {
            return miss(probe, slot..<slot + 1, .tooManyOutstanding)
        }
        guard !buffer.isFull else { return miss(probe, slot..<slot + 1, .bufferFull) }
        let begun = monotonicNanoseconds()
        probe.outstanding[slot] = Outstanding(begun: begun, stalled: context.stalledNanoseconds)
        let cancel = core.attempt(probe.plan, in: context) { [weak self] outcome in
            self?.finish(probe, slot, outcome)
        }
        // An attempt may have ended before this returned.
        probe.outstanding[slot]?.cancel = cancel
    }

    private func finish(_ probe: RunningProbe, _ slot: Int64, _ outcome: ProbeOutcome) {
        guard let attempt = probe.outstanding.removeValue(forKey: slot) else { return }
        var observation = outcome.observation(
            probe.plan.name, slot: slot, planned: probe.clock.planned(slot), begun: attempt.begun)
        let watch = AttemptWatch(
            nanoseconds: monotonicNanoseconds() - attempt.begun,
            stalledNanoseconds: context.stalledNanoseconds - attempt.stalled)
        observation.outcome = watch.judged(observation.outcome, probe.plan)
        add(.one(observation))
    }

    private func miss(_ probe: RunningProbe, _ slots: Range<Int64>, _ reason: ProbeReason) {
        guard !slots.isEmpty else { return }
        add(.missed(.init(probe: probe.plan.name, clock: probe.clock, slots: slots, reason: reason)))
    }

    private func add(_ entry: ObservationBuffer.Entry) {
        finished.append(entry)
        if finished.count >= Self.handOverCount { return handOverNow() }
        if handOver == nil {
            handOver = context.schedule(at: monotonicNanoseconds() + Self.handOverNanoseconds) { [weak self] in
                self?.handOverNow()
            }
        }
    }

    private func handOverNow() {
        handOver?.cancel()
        handOver = nil
        guard !finished.isEmpty else { return }
        buffer.add(finished)
        finished.removeAll(keepingCapacity: true)
    }

    /// Ends the session: the slots due by now are missed, the attempts under way are unknown. May be repeated.
    func close() {
        guard !isClosed else { return }
        isClosed = true
        let now = monotonicNanoseconds()
        for probe in probes {
            let due = probe.clock.advance(to: now)
            miss(probe, due.missed.lowerBound..<probe.clock.next, .starved)
            let open = probe.outstanding.sorted { $0.key < $1.key }
            for (slot, _) in open { finish(probe, slot, .unknown(.stopped)) }
            for (_, attempt) in open { attempt.cancel?() }
        }
        handOverNow()
        buffer.finish()
    }
}

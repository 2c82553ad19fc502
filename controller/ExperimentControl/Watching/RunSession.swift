// SPDX-License-Identifier: Apache-2.0
package import ChaosModel
package import Logging
package import Measurement
package import Probes
package import ResourceStore

/// Watches one run in this process: runs its probes, keeps every observation in the store, and knows what they say now.
/// A run that is taken up again gets a new session on the same grid of slots; what passed in between is missed, and
/// shown.
package actor RunSession {
    private let run: String
    private let spec: ExperimentSpec
    private let anchor: ClockAnchor
    private let store: any ResourceStore
    private let clock: any ControlClock
    private let logger: Logger
    private var state: SteadyState
    private var progress: ProbeTally
    private var unwritten: [Observation] = []
    private var lastWrite: MonotonicInstant?
    private var probing: ProbeSession?
    private var reading: Task<Void, Never>?
    package let began: MonotonicInstant

    package init(
        run: String, spec: ExperimentSpec, anchor: ClockAnchor, store: any ResourceStore, clock: any ControlClock,
        logger: Logger
    ) {
        self.run = run
        self.spec = spec
        self.anchor = anchor
        self.store = store
        self.clock = clock
        self.logger = logger
        state = SteadyState(probes: spec.steadyState)
        progress = ProbeTally(probes: spec.steadyState.map(\.name))
        began = clock.now()
    }

    /// Begins probing, or goes on after what is `earlier` in the store: what the probes said then still counts, so that
    /// an outage that was open when the earlier driver died is open.
    package func start(engine: ProbeEngine, plans: [ProbePlan], earlier: [Observation]) {
        var lastSlots: [String: Int64] = [:]
        for one in earlier {
            state.add(one)
            lastSlots[one.probe] = max(lastSlots[one.probe] ?? -1, one.slot)
        }
        let buffer = ObservationBuffer(capacity: 200_000)
        probing = engine.run(
            plans, start: anchor.monotonic, firstSlots: lastSlots.mapValues { $0 + 1 }, into: buffer)
        // Owned by this actor: `stop` ends the probing, which finishes the buffer and so this task.
        reading = Task { [weak self] in
            while let batch = await buffer.next() {
                await self?.take(batch)
                // A batch every tenth of a second is fast enough for stop conditions, and cheap.
                do { try await Task.sleep(for: .milliseconds(100)) } catch { continue }
            }
        }
    }

    /// Ends probing and writes what is left. After this the store has everything that was measured.
    package func stop() async {
        await probing?.stop()
        await reading?.value
        await write()
        (probing, reading) = (nil, nil)
    }

    private func take(_ batch: [Observation]) async {
        for observation in batch {
            state.add(observation)
            progress.add(ProbeTally.Attempt(observation, origin: anchor.monotonic))
        }
        unwritten += batch
        // The first goes to the disk at once, so that whoever takes over knows that somebody watched; a failure goes
        // with its batch, so that a crash loses no outage; good news may wait a little.
        let isDue = lastWrite.map { clock.now().since($0) >= .milliseconds(500) } ?? true
        if isDue || batch.contains(where: { $0.outcome != .success }) { await write() }
    }

    /// A chunk that cannot be written is kept and tried again; beyond the bound the oldest are given up, and their
    /// slots are then missing from the record, which the report shows.
    private func write() async {
        guard !unwritten.isEmpty else { return }
        let batch = unwritten
        unwritten = []
        lastWrite = clock.now()
        do {
            let data = try ChunkCodec.encode(batch, anchor: anchor)
            try await store.append(chunk: MeasurementChunk(run: run, content: .observations, data: data))
        } catch {
            unwritten = Array((batch + unwritten).suffix(500_000))
            logger.error("observations not written", metadata: ["run": "\(run)", "reason": "\(error)"])
        }
    }
}

// MARK: What the probes say

extension RunSession {
    /// Whether the steady state has held for `duration` by now, and what is still wanting.
    package func baseline(holdFor duration: Duration) -> SteadyState.Baseline {
        state.baseline(holdFor: duration, at: clock.now())
    }

    package func recovery(from first: BoundedInstant, to last: BoundedInstant) -> SteadyState.Recovery {
        state.recovery(from: first, to: last, stableFor: spec.recovery.stableFor.duration, at: clock.now())
    }

    /// The first stop condition that is met, in words.
    package func stopReason() -> String? {
        let now = clock.now()
        for condition in spec.stopWhen ?? [] {
            guard let failing = state[condition.probe]?.failingFor(at: now),
                failing >= condition.failingFor.duration
            else { continue }
            return "stop condition: probe \(condition.probe) has been failing for \(condition.failingFor)"
        }
        return nil
    }

    package func probeProgress() -> [ProbeProgress] {
        state.detectors.map { detector in
            var one = progress[detector.spec.name] ?? ProbeProgress(name: detector.spec.name, state: .waiting)
            one.state =
                switch detector.state {
                case .noData: .waiting
                case .steady: .passing
                case .failing(let since): .failing(since: anchor.timestamp(of: since.at))
                }
            return one
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
package import ChaosModel
import Glibc
import HTTPTransport
package import Measurement

/// Runs probes open-loop: each attempt begins at its planned instant whatever became of the ones before it.
///
/// One thread serves all probes: it waits for the next planned instant, begins attempts, and drives libcurl and the
/// sockets. Swift's shared pool has no part in the timing. Every planned slot becomes exactly one observation:
/// attempted, or missed with the reason.
package final class ProbeEngine: Sendable {
    /// Also a way for tests to hold the thread up.
    let loop: EventLoop
    private let core: LoopBound<EngineCore>

    /// Starts the thread. Raises this process's soft limit on open files to its hard limit, as a thousand hung
    /// attempts are a thousand descriptors. Throws `.outOfResources`.
    package init() throws(ProbeError) {
        raiseDescriptorLimit()
        do throws(TransportError) {
            loop = try EventLoop(threadName: "probes", isUrgent: true)
        } catch {
            throw ProbeError(.outOfResources, message: error.message, hint: error.hint, cause: error)
        }
        let names = NameResolver(lifetime: .seconds(1), maximumThreads: 8)
        let client = HTTPClient(configuration: Self.transport, on: loop, names: names)
        core = LoopBound(EngineCore(client, names), on: loop)
    }

    deinit { loop.close() }

    /// Attempts are bounded for each probe, so the client's own bounds only have to be out of the way.
    private static var transport: HTTPClientConfiguration {
        var configuration = HTTPClientConfiguration()
        configuration.maximumActiveRequests = 1 << 20
        configuration.maximumWaitingRequests = 0
        configuration.maximumConnectionsPerHost = 1 << 20
        configuration.maximumIdleConnections = 1024
        return configuration
    }

    /// Begins a set of probes; each slot n of a probe is planned at `start` + n x its interval, and ends up in
    /// `buffer`. With `spread`, the starts of the probes are shifted by fractions of their intervals, always the same
    /// ones for the same list, so that they do not all ask in the same instant.
    ///
    /// A `start` in the past, or a `firstSlot` behind the time, is how a run is taken up again: the slots that passed
    /// are missed (`starved`). Stop with `stop`; the buffer is finished then.
    package func run(
        _ plans: [ProbePlan], start: MonotonicInstant? = nil, firstSlots: [String: Int64] = [:], spread: Bool = true,
        into buffer: ObservationBuffer
    ) -> ProbeSession {
        let start = start?.nanoseconds ?? monotonicNanoseconds() + 1_000_000
        let clocks = plans.enumerated().map { index, plan in
            let interval = plan.interval.wholeNanoseconds
            let shift = spread ? interval / Int64(plans.count) * Int64(index) : 0
            return SlotClock(start: start + shift, interval: interval, firstSlot: firstSlots[plan.name] ?? 0)
        }
        let id = SessionID()
        let isAccepted = loop.execute { [core] context in
            core.value(in: context).open(id, zip(plans, clocks).map { ($0, $1) }, buffer, in: context)
        }
        if !isAccepted { buffer.finish() }
        return ProbeSession(id: id, loop: loop, core: core)
    }

    /// One attempt, now, outside any rate: for gates. Its slot is 0. Cancelling the task does not shorten it; the
    /// probe's timeout bounds it.
    package func attemptOnce(_ plan: ProbePlan) async -> Observation {
        let planned = MonotonicInstant(nanoseconds: monotonicNanoseconds())
        return await withCheckedContinuation { continuation in
            let isAccepted = loop.execute { [core] context in
                core.value(in: context).attemptOnce(plan, planned, in: context) { continuation.resume(returning: $0) }
            }
            guard !isAccepted else { return }
            continuation.resume(
                returning: Observation(
                    probe: plan.name, slot: 0, planned: planned, begun: planned, ended: planned,
                    outcome: .unknown(reason: ProbeReason.closed.rawValue)))
        }
    }
}

/// Names one `run` to the engine.
final class SessionID: Sendable, Hashable {
    static func == (one: SessionID, other: SessionID) -> Bool { one === other }
    func hash(into hasher: inout Hasher) { hasher.combine(ObjectIdentifier(self)) }
}

/// A set of probes that runs. Stops when released, then without the wait that `stop` offers.
package final class ProbeSession: Sendable {
    private let id: SessionID
    private let loop: EventLoop
    private let core: LoopBound<EngineCore>

    init(id: SessionID, loop: EventLoop, core: LoopBound<EngineCore>) {
        self.id = id
        self.loop = loop
        self.core = core
    }

    deinit {
        loop.execute { [core, id] context in core.value(in: context).close(id, in: context) }
    }

    /// Plans no further slots, gives up the attempts under way (they are recorded as unknown, `stopped`), and finishes
    /// the buffer. Returns when all that has happened; may be repeated.
    package func stop() async {
        await withCheckedContinuation { continuation in
            let isAccepted = loop.execute { [core, id] context in
                core.value(in: context).close(id, in: context)
                continuation.resume()
            }
            if !isAccepted { continuation.resume() }
        }
    }
}

/// Lifts the soft limit on open files to the hard one (setrlimit(2)); what cannot be lifted shows as
/// `outOfDescriptors`.
private func raiseDescriptorLimit() {
    var limit = rlimit()
    guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0, limit.rlim_cur < limit.rlim_max else {
        return
    }
    limit.rlim_cur = limit.rlim_max
    setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
}

// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import HTTPTransport
import Measurement

/// Called once on the loop's thread when an attempt has ended.
typealias AttemptCompletion = (ProbeOutcome) -> Void
/// Gives an attempt up; does nothing when it has ended.
typealias AttemptCancellation = () -> Void

/// The part of the engine that lives on its thread: the sessions and how attempts are made.
final class EngineCore {
    private let client: HTTPClient
    private let names: NameResolver
    private var sessions: [SessionID: EngineSession] = [:]
    private var nextQuery: UInt16 = 0

    init(_ client: HTTPClient, _ names: NameResolver) {
        self.client = client
        self.names = names
    }

    func open(
        _ id: SessionID, _ probes: [(plan: ProbePlan, clock: SlotClock)], _ buffer: ObservationBuffer,
        in context: LoopContext
    ) {
        let session = EngineSession(probes, buffer, context, self)
        sessions[id] = session
        context.onClose { [weak session] in session?.close() }
        session.begin()
    }

    func close(_ id: SessionID, in context: LoopContext) { sessions.removeValue(forKey: id)?.close() }

    func attemptOnce(
        _ plan: ProbePlan, _ planned: MonotonicInstant, in context: LoopContext,
        _ completion: @escaping (Observation) -> Void
    ) {
        let begun = monotonicNanoseconds()
        _ = attempt(plan, in: context) { outcome in
            completion(outcome.observation(plan.name, slot: 0, planned: planned.nanoseconds, begun: begun))
        }
    }

    /// Begins one attempt.
    func attempt(_ plan: ProbePlan, in context: LoopContext, _ completion: @escaping AttemptCompletion)
        -> AttemptCancellation
    {
        switch plan.kind {
        case .http(let probe): return probe.attempt(in: context, client, completion)
        case .tcp(let probe): return probe.attempt(in: context, names, completion)
        case .dns(let probe):
            nextQuery &+= 1
            return probe.attempt(id: nextQuery, in: context, completion)
        case .action(let action):
            let attempt = ActionAttempt(action, plan.timeout, context, completion)
            attempt.begin()
            return { attempt.end(.unknown(.stopped)) }
        }
    }
}

extension ProbeOutcome {
    /// The record of this outcome. `begun` is the engine's own count, used where the attempt gives none.
    func observation(_ probe: String, slot: Int64, planned: Int64, begun: Int64) -> Observation {
        Observation(
            probe: probe, slot: slot, planned: MonotonicInstant(nanoseconds: planned),
            begun: self.begun ?? MonotonicInstant(nanoseconds: begun),
            ended: ended ?? MonotonicInstant(nanoseconds: monotonicNanoseconds()), outcome: outcome,
            detail: detail.map { $0.utf8.count <= 200 ? $0 : String($0.prefix(200)) })
    }
}

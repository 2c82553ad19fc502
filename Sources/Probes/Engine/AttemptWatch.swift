// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import Measurement

/// How well an attempt was watched. A process that was stopped finds all its timeouts over when it goes on, though
/// the answers may have come in time: such a timeout is our failure to look, not the service's failure to answer.
struct AttemptWatch {
    /// From the attempt's begin to the judgement.
    var nanoseconds: Int64
    /// The part of it in which the loop did not run.
    var stalledNanoseconds: Int64

    /// A timeout is found at most this late by a loop that runs.
    static let latenessAllowed: Int64 = 20_000_000

    /// The outcome, or unknown (`starved`) for a timeout that was found late, or of whose time a tenth was not watched.
    func judged(_ outcome: Observation.Outcome, _ plan: ProbePlan) -> Observation.Outcome {
        let limit: Duration
        switch outcome {
        case .failure(ProbeReason.timedOut.rawValue): limit = plan.timeout
        case .failure(ProbeReason.connectTimedOut.rawValue): limit = plan.connectTimeout
        case .success, .failure, .unknown, .missed: return outcome
        }
        let time = limit.wholeNanoseconds
        let isLate = nanoseconds > time + Self.latenessAllowed
        let wasWatched = nanoseconds - stalledNanoseconds >= time / 10 * 9
        return isLate || !wasWatched ? .unknown(reason: ProbeReason.starved.rawValue) : outcome
    }
}

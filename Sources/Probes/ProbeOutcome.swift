// SPDX-License-Identifier: Apache-2.0
package import ChaosModel
package import Measurement

/// What one attempt gave.
package struct ProbeOutcome: Sendable, Equatable {
    package var outcome: Observation.Outcome
    /// What was seen, for people; cut to 200 characters when recorded.
    package var detail: String?
    /// When the question really went out and its answer was there, where the attempt knows better than the engine.
    package var begun: MonotonicInstant?
    package var ended: MonotonicInstant?

    /// Without instants, the engine's own count.
    package init(
        _ outcome: Observation.Outcome, detail: String? = nil, begun: MonotonicInstant? = nil,
        ended: MonotonicInstant? = nil
    ) {
        self.outcome = outcome
        self.detail = detail
        self.begun = begun
        self.ended = ended
    }

    static func failure(_ reason: ProbeReason, _ detail: String? = nil) -> ProbeOutcome {
        ProbeOutcome(.failure(reason: reason.rawValue), detail: detail)
    }

    static func unknown(_ reason: ProbeReason, _ detail: String? = nil) -> ProbeOutcome {
        ProbeOutcome(.unknown(reason: reason.rawValue), detail: detail)
    }
}

/// An attempt that is made elsewhere, such as a call to AWS. The engine gives it the rate, the bound on outstanding
/// attempts and the deadline; when that passes, the task is cancelled and the attempt counts as unknown.
package protocol ProbeAction: Sendable {
    /// Asks once. Must not block its thread; its own trouble is `.unknown`.
    func attempt() async -> ProbeOutcome
}

/// Why an attempt was not a success. These codes are stable: reports and people's scripts hold on to them.
package enum ProbeReason: String, Sendable, CaseIterable {
    // Failures: what was measured is not as it should be.
    case connectionRefused
    case unreachable
    case cannotConnect
    case cannotResolve
    case connectTimedOut
    case timedOut
    case connectionReset
    case emptyReply
    case tls
    case protocolError
    case responseTooLarge
    case tooManyRedirects
    case status
    case body
    case banner
    case nameNotFound
    case serverFailure
    case queryRefused
    case truncated
    case noAddress
    case wrongAddress

    // Unknown: the instrument failed.
    case outOfDescriptors
    case outOfMemory
    case invalidRequest
    case closed
    case stopped
    case actionTimedOut

    // Missed: planned and not sent. A timeout that the engine could not watch is unknown with the same reason.
    case starved
    case tooManyOutstanding
    case bufferFull
}

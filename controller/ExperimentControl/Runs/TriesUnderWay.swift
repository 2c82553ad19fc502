// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import Synchronization

/// Since when this process has been trying to settle or to put back an injection, without a break.
///
/// A deadline that ran while nobody tried says nothing: a controller that was down for longer than the deadline, or was
/// stopped, would give an undo up at its first look, with the network not yet there.
final class TriesUnderWay: Sendable {
    /// Longer than the slowest step with its calls; after a pause beyond it, trying begins anew.
    static let longestPause = Duration.seconds(300)

    private struct Try: Hashable {
        var injection: String
        var state: InjectionState
    }

    private let tries = Mutex<[Try: (first: MonotonicInstant, last: MonotonicInstant)]>([:])

    /// Notes a try in the injection's state, and returns since when they have gone on.
    @discardableResult
    func note(_ injection: Injection, _ state: InjectionState, at now: MonotonicInstant) -> MonotonicInstant {
        tries.withLock { tries in
            let key = Try(injection: injection.reservationID, state: state)
            let known = tries[key].flatMap { now.since($0.last) <= Self.longestPause ? $0.first : nil }
            let first = known ?? now
            tries[key] = (first, now)
            return first
        }
    }

    /// The injection is settled, or is somebody else's.
    func forget(_ injection: Injection) {
        tries.withLock { tries in
            for state in InjectionState.allCases {
                tries[Try(injection: injection.reservationID, state: state)] = nil
            }
        }
    }
}

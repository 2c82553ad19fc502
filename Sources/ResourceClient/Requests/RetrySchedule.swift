// SPDX-License-Identifier: Apache-2.0

/// How long to wait before trying again: a range that doubles with each failure up to a limit, and in it a time by
/// chance, so that many clients of a server that comes back do not all come at once ("full jitter",
/// https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/).
package struct RetrySchedule: Sendable {
    /// The range before the second attempt.
    package var first: Duration
    /// The range never grows over this.
    package var most: Duration

    package init(first: Duration, most: Duration) {
        self.first = first
        self.most = most
    }

    /// The wait after `failures` failures in a row (from 1); `chance` lies in 0 ..< 1. The wait is at least a tenth of
    /// the range, so that it is never none.
    package func wait(afterFailures failures: Int, chance: Double) -> Duration {
        let doublings = min(max(0, failures - 1), 30)
        let range = min(most, first * Double(UInt64(1) << UInt64(doublings)))
        return range * (0.1 + 0.9 * chance)
    }
}

extension ClientError {
    /// Whether the same request may be sent again without harm. A read always may when the trouble passes; anything
    /// else only when it is certain that the server has not begun it.
    func allowsRepeat(ofRead isRead: Bool) -> Bool {
        switch code {
        case .tooManyRequests: true
        case .unreachable: isRead ? !isLasting : !mayHaveBeenDone && !isLasting
        case .unavailable: isRead
        case .misconfigured, .unauthorized, .forbidden, .notFound, .alreadyExists, .conflict, .expired, .invalid,
            .unsupported, .tooLarge, .serverFailed, .undecodable, .cancelled:
            false
        }
    }
}

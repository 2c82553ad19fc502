// SPDX-License-Identifier: Apache-2.0

/// Reconciling says what should happen next; the loop does the waiting.
package enum ReconcileOutcome<Failure: Error>: Sendable {
    /// The world is as it should be; the next change enqueues the key again.
    case settled
    /// Look again after this time, or earlier when the key is enqueued.
    case lookAgain(after: Duration)
    /// It did not work; try again, later each time.
    case retry(Failure)
    /// It will not work; shown to the operator, not tried again until the key is enqueued.
    case gaveUp(Failure)
}

/// How long to wait before the next try: a random time up to a bound that doubles with each failure in a row ("full
/// jitter", https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/).
package struct Backoff: Sendable, Equatable {
    /// The bound after the first failure.
    package var first: Duration
    /// The bound grows no further.
    package var most: Duration

    package init(first: Duration, most: Duration) {
        precondition(.zero < first && first <= most, "a backoff grows from more than zero to its most")
        self.first = first
        self.most = most
    }

    /// The longest wait after this many failures in a row, counted from 1.
    package func bound(failures: Int) -> Duration {
        var bound = first
        for _ in 1..<max(1, failures) where bound < most { bound *= 2 }
        return min(bound, most)
    }

    /// The wait itself.
    func delay(failures: Int, chance: inout some RandomNumberGenerator) -> Duration {
        // The upper 53 bits fill a Double's fraction: evenly spread over 0 to just below 1.
        bound(failures: failures) * (Double(chance.next() >> 11) / 9_007_199_254_740_992)
    }
}

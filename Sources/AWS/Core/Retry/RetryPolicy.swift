// SPDX-License-Identifier: Apache-2.0

/// AWS's "standard" retry mode: a few attempts, full jitter, and a budget that stops retries when most calls fail.
package struct RetryPolicy: Sendable, Equatable {
    /// Attempts of one call, the first included; at least 1.
    package var maxAttempts: Int
    /// The longest pause before the second attempt; it doubles from attempt to attempt.
    package var baseDelay: Duration
    /// No pause drawn is longer than this.
    package var maxDelay: Duration

    /// 3 attempts and pauses up to 20 s are what AWS's own tools do in standard mode.
    package init(maxAttempts: Int = 3, baseDelay: Duration = .seconds(1), maxDelay: Duration = .seconds(20)) {
        self.maxAttempts = max(1, maxAttempts)
        self.baseDelay = baseDelay
        self.maxDelay = maxDelay
    }

    /// The pause after a failed attempt (1 for the first): `random` × min(maxDelay, baseDelay × 2^(attempt-1)).
    func delay(afterAttempt attempt: Int, random: Double) -> Duration {
        let doublings = min(max(attempt - 1, 0), 30)
        let ceiling = min(maxDelay, baseDelay * (1 << doublings))
        return .nanoseconds(Int64(Double(ceiling.clampedNanoseconds) * random))
    }
}

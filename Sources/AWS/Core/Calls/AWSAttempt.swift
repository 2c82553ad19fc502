// SPDX-License-Identifier: Apache-2.0

/// One attempt of a call, as somebody who counts them wants to know it.
package struct AWSAttempt: Sendable, Equatable {
    package enum Outcome: String, Sendable, CaseIterable {
        case ok
        /// AWS refused it as too many.
        case throttled
        /// AWS answered with another refusal.
        case refused
        /// There was no answer.
        case lost
    }
    /// `ec2`, as requests are signed.
    package var service: String
    package var action: String
    package var outcome: Outcome
    package var duration: Duration

    package init(service: String, action: String, outcome: Outcome, duration: Duration) {
        self.service = service
        self.action = action
        self.outcome = outcome
        self.duration = duration
    }
}

/// Hears of every attempt that was sent, right after it. Must be quick.
package typealias AWSAttemptObserver = @Sendable (AWSAttempt) -> Void

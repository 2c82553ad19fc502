// SPDX-License-Identifier: Apache-2.0

/// What to do after a failed attempt.
enum NextStep: Sendable, Equatable {
    case giveUp
    /// The server's clock is this many nanoseconds ahead of ours: sign with its time and send again.
    case correctClock(aheadByNanoseconds: Int64)
    /// AWS calls the keys expired: get others and send again.
    case renewCredentials
    /// Wait, then send again.
    case retry(after: Duration, cost: Int)
}

/// The state of one call over its attempts, and the decisions made from it. Pure: no clock, no chance, no I/O.
struct CallProgress: Sendable {
    let effect: AWSCallEffect
    let policy: RetryPolicy
    private(set) var attempts = 0
    /// True from the first attempt on that may have been carried out. A later refusal does not undo that.
    private(set) var mayHaveActed = false
    private var hasCorrectedClock = false
    private var hasRenewedCredentials = false
    /// Given back to the budget when the retry it paid for succeeds.
    private(set) var lastCost = 0

    init(effect: AWSCallEffect, policy: RetryPolicy) {
        self.effect = effect
        self.policy = policy
    }

    /// Clocks that differ less are no reason for a refusal: AWS accepts five minutes.
    static let toleratedSkew: Int64 = 240_000_000_000

    mutating func begin() { attempts += 1 }

    /// `signedAt` is the time the attempt was signed with, `random` is at least 0 and below 1.
    mutating func next(after failure: AttemptFailure, signedAt: AWSInstant, random: Double) -> NextStep {
        if failure.mayHaveBeenCarriedOut, effect != .reads { mayHaveActed = true }
        guard !failure.mayHaveBeenCarriedOut || effect != .actsOnce else { return .giveUp }
        if let ahead = skew(failure, signedAt), !hasCorrectedClock {
            hasCorrectedClock = true
            return .correctClock(aheadByNanoseconds: ahead)
        }
        if failure.error.code == .expiredCredentials, !hasRenewedCredentials {
            hasRenewedCredentials = true
            return .renewCredentials
        }
        guard failure.isTransient, attempts < policy.maxAttempts else { return .giveUp }
        let drawn = policy.delay(afterAttempt: attempts, random: random)
        lastCost = failure.retryCost
        return .retry(after: max(drawn, failure.retryAfter ?? .zero), cost: failure.retryCost)
    }

    /// How far the server is ahead, when its refusal is one that a wrong clock explains and the clocks really differ.
    private func skew(_ failure: AttemptFailure, _ signedAt: AWSInstant) -> Int64? {
        guard let code = failure.error.awsCode, let server = failure.serverTime,
            AWSErrorCode.skewCodes.contains(code) || AWSErrorCode.signatureCodes.contains(code)
        else { return nil }
        let ahead = server.nanoseconds - signedAt.nanoseconds
        return abs(ahead) > Self.toleratedSkew ? ahead : nil
    }

    /// The error with what is known of the whole call.
    func final(_ error: AWSError) -> AWSError {
        var error = error
        error.mayHaveActed = mayHaveActed
        return error
    }
}

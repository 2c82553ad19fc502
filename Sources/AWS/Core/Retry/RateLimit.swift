// SPDX-License-Identifier: Apache-2.0

/// The bounds of one rate limiter.
package struct RateLimits: Sendable, Equatable {
    /// Requests a second when AWS is content.
    package var ceiling: Double
    /// Requests that may go at once after a pause.
    package var burst: Double
    /// Requests a second that stay allowed, however much AWS throttles.
    package var floor: Double

    package init(ceiling: Double, burst: Double, floor: Double) {
        self.ceiling = max(ceiling, 0.01)
        self.burst = max(burst, 1)
        self.floor = min(max(floor, 0.01), self.ceiling)
    }

    /// EC2 gives an account 100 requests at once and 20 a second for most describing calls, fewer for changes (EC2 API
    /// reference, "Request throttling"). We stay at that and leave the rest to what throttling teaches.
    package static let standard = RateLimits(ceiling: 20, burst: 100, floor: 0.5)
}

/// A token bucket whose rate halves when AWS throttles and grows back steadily (additive increase, multiplicative
/// decrease). A caller takes its token at once and is told how long to wait for it, so callers are served in order.
struct RateLimit: Sendable, Equatable {
    /// From the floor back to the ceiling takes this long without throttling.
    static let recoverySeconds = 60.0
    /// Refusals that come together, from requests already under way, slow us once.
    static let cutInterval: Int64 = 1_000_000_000

    let limits: RateLimits
    private(set) var rate: Double
    /// Negative while callers wait.
    private(set) var tokens: Double
    private var refilledAt: Int64
    private var cutAt: Int64?
    private(set) var lastUse: Int64
    /// When the caller served last may send.
    private var lastTurn: Int64

    init(limits: RateLimits, now: Int64) {
        self.limits = limits
        rate = limits.ceiling
        tokens = limits.burst
        (refilledAt, lastUse, lastTurn) = (now, now, now)
    }

    /// Takes a token; returns the nanoseconds until it exists. Nil, and nothing taken, when that is over `longest`.
    mutating func reserve(now: Int64, longest: Int64) -> Int64? {
        refill(now)
        let missing = max(0, 1 - tokens)
        // A rate that has grown meanwhile must not let this caller overtake the one before.
        let turn = max(now + Int64((missing / rate * 1e9).rounded(.up)), lastTurn)
        guard turn - now <= longest else { return nil }
        tokens -= 1
        lastTurn = turn
        return turn - now
    }

    /// Takes a token for a call that does not wait for it, as what puts something back is sent at once. Together such
    /// calls owe at most what comes in a second: those that do wait lose no more by them, however many they are.
    mutating func takeAtOnce(now: Int64) {
        refill(now)
        tokens = min(tokens, max(tokens - 1, -rate))
    }

    /// Gives a token back that was not used after all.
    mutating func refund(now: Int64) {
        refill(now)
        tokens = min(limits.burst, tokens + 1)
    }

    /// AWS refused a request as one too many.
    mutating func throttled(now: Int64) {
        refill(now)
        if let cutAt, now - cutAt < Self.cutInterval { return }
        cutAt = now
        rate = max(limits.floor, rate / 2)
        tokens = min(tokens, 0)
    }

    private mutating func refill(_ now: Int64) {
        let elapsed = Double(max(0, now - refilledAt)) / 1e9
        refilledAt = max(refilledAt, now)
        lastUse = refilledAt
        tokens = min(limits.burst, tokens + elapsed * rate)
        rate = min(limits.ceiling, rate + elapsed * (limits.ceiling - limits.floor) / Self.recoverySeconds)
    }
}

// SPDX-License-Identifier: Apache-2.0
import Synchronization

/// One rate limiter for each account (or access key, where the account is not known), region and service, shared by
/// all clients that are given this registry.
///
/// A class, because sharing is its purpose; a mutex guards the limiters.
package final class RateLimiterRegistry: Sendable {
    package struct Key: Sendable, Hashable {
        package var account: String
        package var region: String
        package var service: String

        package init(account: String, region: String, service: String) {
            self.account = account
            self.region = region
            self.service = service
        }
    }

    /// Keys rotate, and each may bring a limiter of its own; beyond this many the one unused longest is forgotten.
    static let largestCount = 1_024

    private let limits: RateLimits
    private let limiters = Mutex<[Key: RateLimit]>([:])

    package init(limits: RateLimits) {
        self.limits = limits
    }

    /// Takes a token; returns the nanoseconds to wait before sending, nil when that would be over `longest`.
    func reserve(_ key: Key, now: Int64, longest: Int64) -> Int64? {
        change(key, now) { $0.reserve(now: now, longest: longest) }
    }

    func takeAtOnce(_ key: Key, now: Int64) { change(key, now) { $0.takeAtOnce(now: now) } }

    func refund(_ key: Key, now: Int64) { change(key, now) { $0.refund(now: now) } }

    func throttled(_ key: Key, now: Int64) { change(key, now) { $0.throttled(now: now) } }

    /// The requests a second allowed at present.
    package func rate(_ key: Key) -> Double {
        limiters.withLock { $0[key]?.rate ?? limits.ceiling }
    }

    var count: Int { limiters.withLock(\.count) }

    private func change<Result: Sendable>(
        _ key: Key, _ now: Int64, _ body: (inout RateLimit) -> Result
    ) -> Result {
        limiters.withLock { limiters in
            var limiter = limiters[key] ?? RateLimit(limits: limits, now: now)
            let result = body(&limiter)
            limiters[key] = limiter
            if limiters.count > Self.largestCount,
                let oldest = limiters.min(by: { $0.value.lastUse < $1.value.lastUse })
            {
                limiters[oldest.key] = nil
            }
            return result
        }
    }
}

// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import AWS
@testable import HTTPTransport

@Suite("what may be sent again")
struct CallProgressTests {
    private static let call = AWSCall(service: .ec2, action: "X", payload: .form([]), effect: .reads)
    private static let now = AWSInstant(seconds: 1_800_000_000)

    private static func answer(_ status: Int, _ code: String?, headers: [HTTPHeader] = []) -> AttemptFailure {
        let body = code.map { "<Response><Errors><Error><Code>\($0)</Code></Error></Errors></Response>" } ?? "<html>"
        let response = HTTPResponse(
            status: status, headers: headers, body: Array(body.utf8), timings: HTTPTimings(begun: 0, ended: 1),
            remoteAddress: nil)
        return AttemptFailure(response, call: call, receivedAt: now, secrets: [])
    }

    private static func transport(_ code: TransportError.Code, sent: Bool) -> AttemptFailure {
        AttemptFailure(
            TransportError(code, message: "m", hint: "h", requestMayHaveBeenSent: sent), call: call, url: "http://x")
    }

    struct Case: Sendable, CustomTestStringConvertible {
        var name: String
        var failure: AttemptFailure
        /// For .reads, .idempotent, .actsOnce.
        var repeats: [Bool]
        var acted: Bool
        var testDescription: String { name }
    }

    private static let effects: [AWSCallEffect] = [.reads, .idempotent, .actsOnce]

    static let cases: [Case] = [
        Case(
            name: "refused connection", failure: transport(.cannotConnect, sent: false), repeats: [true, true, true],
            acted: false),
        Case(
            name: "reset before sending", failure: transport(.connectionReset, sent: false),
            repeats: [true, true, true], acted: false),
        Case(
            name: "reset after sending", failure: transport(.connectionReset, sent: true),
            repeats: [true, true, false], acted: true),
        Case(
            name: "no answer in time", failure: transport(.timedOut, sent: true), repeats: [true, true, false],
            acted: true),
        Case(
            name: "empty reply", failure: transport(.emptyReply, sent: true),
            repeats: [true, true, false], acted: true),
        Case(
            name: "bad certificate", failure: transport(.tls, sent: false), repeats: [false, false, false], acted: false
        ),
        Case(
            name: "answer too large", failure: transport(.responseTooLarge, sent: true),
            repeats: [false, false, false], acted: true),
        Case(
            name: "cancelled", failure: transport(.cancelled, sent: true), repeats: [false, false, false], acted: true),
        Case(name: "500 page of HTML", failure: answer(500, nil), repeats: [true, true, false], acted: true),
        Case(name: "503 without a code", failure: answer(503, nil), repeats: [true, true, false], acted: true),
        Case(
            name: "500 InternalError", failure: answer(500, "InternalError"),
            repeats: [true, true, false], acted: true),
        Case(
            name: "503 RequestLimitExceeded", failure: answer(503, "RequestLimitExceeded"),
            repeats: [true, true, true], acted: false),
        Case(name: "400 Throttling", failure: answer(400, "Throttling"), repeats: [true, true, true], acted: false),
        Case(
            name: "400 IDPCommunicationError", failure: answer(400, "IDPCommunicationError"),
            repeats: [true, true, true], acted: false),
        Case(name: "429", failure: answer(429, nil), repeats: [true, true, true], acted: false),
        Case(name: "408", failure: answer(408, nil), repeats: [true, true, false], acted: true),
        Case(
            name: "403 UnauthorizedOperation", failure: answer(403, "UnauthorizedOperation"),
            repeats: [false, false, false], acted: false),
        Case(
            name: "412 DryRunOperation", failure: answer(412, "DryRunOperation"), repeats: [false, false, false],
            acted: false),
        Case(name: "302", failure: answer(302, nil), repeats: [false, false, false], acted: true),
    ]

    @Test("a call is repeated only where that is harmless, and says whether it may have acted", arguments: cases)
    func repeats(one: Case) {
        for (effect, expected) in zip(Self.effects, one.repeats) {
            var progress = CallProgress(effect: effect, policy: RetryPolicy())
            progress.begin()
            let step = progress.next(after: one.failure, signedAt: Self.now, random: 0.5)
            #expect((step != .giveUp) == expected, "\(effect)")
            #expect(progress.final(one.failure.error).mayHaveActed == (one.acted && effect != .reads), "\(effect)")
        }
    }

    @Test("a refusal after an attempt that may have acted does not make it undone")
    func mayHaveActedStays() {
        var progress = CallProgress(effect: .idempotent, policy: RetryPolicy())
        progress.begin()
        _ = progress.next(after: Self.transport(.timedOut, sent: true), signedAt: Self.now, random: 0)
        progress.begin()
        let refused = Self.answer(403, "UnauthorizedOperation")
        #expect(progress.next(after: refused, signedAt: Self.now, random: 0) == .giveUp)
        #expect(progress.final(refused.error).mayHaveActed)
    }

    @Test("attempts end at the limit")
    func limit() {
        var progress = CallProgress(effect: .reads, policy: RetryPolicy(maxAttempts: 2))
        progress.begin()
        #expect(progress.next(after: Self.answer(500, nil), signedAt: Self.now, random: 0) != .giveUp)
        progress.begin()
        #expect(progress.next(after: Self.answer(500, nil), signedAt: Self.now, random: 0) == .giveUp)
    }

    @Test("throttling in every spelling is throttling", arguments: AWSErrorCode.throttlingCodes.sorted())
    func throttling(code: String) {
        #expect(Self.answer(400, code).error.code == .throttled)
        #expect(!Self.answer(503, code).mayHaveBeenCarriedOut)
    }

    @Test("the server's wish for a pause is kept when it is longer than ours")
    func retryAfter() {
        for (name, value, expected) in [
            ("Retry-After", "7", Duration.seconds(7)), ("x-amz-retry-after", "1500", .milliseconds(1500)),
            ("Retry-After", "Fri, 15 Jan 2027 08:00:09 GMT", .seconds(9)), ("Retry-After", "soon", .milliseconds(500)),
            ("Retry-After", "-3", .milliseconds(500)),
        ] {
            var progress = CallProgress(effect: .reads, policy: RetryPolicy())
            progress.begin()
            let failure = Self.answer(503, "SlowDown", headers: [HTTPHeader(name: name, value: value)])
            let step = progress.next(after: failure, signedAt: Self.now, random: 0.5)
            #expect(step == .retry(after: expected, cost: 5), "\(name): \(value)")
        }
    }

    @Test("a wrong clock is corrected once, when the refusal and the Date header both say so")
    func skew() {
        let date = [HTTPHeader(name: "Date", value: "Fri, 15 Jan 2027 09:00:00 GMT")]
        for code in ["RequestTimeTooSkewed", "SignatureDoesNotMatch", "AuthFailure", "RequestExpired"] {
            var progress = CallProgress(effect: .actsOnce, policy: RetryPolicy(maxAttempts: 1))
            progress.begin()
            let failure = Self.answer(403, code, headers: date)
            let first = progress.next(after: failure, signedAt: Self.now, random: 0)
            #expect(first == .correctClock(aheadByNanoseconds: 3_600_000_000_000), "\(code)")
            progress.begin()
            #expect(progress.next(after: failure, signedAt: Self.now, random: 0) == .giveUp, "\(code)")
        }
    }

    @Test("clocks that agree, and refusals that have nothing to do with time, correct nothing")
    func noSkew() {
        let near = [HTTPHeader(name: "Date", value: "Fri, 15 Jan 2027 08:03:59 GMT")]
        let far = [HTTPHeader(name: "Date", value: "Fri, 15 Jan 2027 09:00:00 GMT")]
        for failure in [
            Self.answer(403, "SignatureDoesNotMatch", headers: near), Self.answer(403, "SignatureDoesNotMatch"),
            Self.answer(403, "UnauthorizedOperation", headers: far),
        ] {
            var progress = CallProgress(effect: .reads, policy: RetryPolicy())
            progress.begin()
            #expect(progress.next(after: failure, signedAt: Self.now, random: 0) == .giveUp)
        }
    }
}

@Suite("how often and how fast")
struct RetryFigureTests {
    @Test(
        "a pause is a share of a ceiling that doubles up to 20 s",
        arguments: [(1, 1.0), (2, 2.0), (3, 4.0), (4, 8.0), (5, 16.0), (6, 20.0), (60, 20.0)])
    func jitter(attempt: Int, ceiling: Double) {
        let policy = RetryPolicy()
        #expect(policy.delay(afterAttempt: attempt, random: 0) == .zero)
        #expect(policy.delay(afterAttempt: attempt, random: 0.5) == .seconds(ceiling / 2))
        #expect(policy.delay(afterAttempt: attempt, random: 0.999_999) < .seconds(ceiling))
    }

    @Test("the budget pays 100 retries or 50 timeouts, and never holds more than 500")
    func budget() {
        for (cost, count) in [(RetryBudget.retryCost, 100), (RetryBudget.timeoutCost, 50)] {
            var budget = RetryBudget()
            for _ in 0..<count {
                let isPaid = budget.take(cost)
                #expect(isPaid)
            }
            let isPaid = budget.take(cost)
            #expect(!isPaid)
            budget.giveBack(1_000)
            #expect(budget.tokens == 500)
        }
    }

    private static let second: Int64 = 1_000_000_000

    @Test("a burst goes at once, then callers wait in order, evenly")
    func bucket() {
        var limit = RateLimit(limits: RateLimits(ceiling: 10, burst: 3, floor: 1), now: 0)
        let waits = (0..<6).map { _ in limit.reserve(now: 0, longest: .max) }
        #expect(waits == [0, 0, 0, 100_000_000, 200_000_000, 300_000_000])
        #expect(limit.reserve(now: 10 * Self.second, longest: .max) == 0)
    }

    @Test("who cannot be served in time is told so, and takes nothing")
    func tooLate() {
        var limit = RateLimit(limits: RateLimits(ceiling: 1, burst: 1, floor: 1), now: 0)
        #expect(limit.reserve(now: 0, longest: 0) == 0)
        #expect(limit.reserve(now: 0, longest: Self.second / 2) == nil)
        #expect(limit.reserve(now: 0, longest: Self.second) == Self.second)
        limit.refund(now: 0)
        #expect(limit.reserve(now: 0, longest: Self.second) == Self.second)
    }

    @Test("throttling halves the rate once a second, down to the floor, and it grows back within a minute")
    func adapts() {
        var limit = RateLimit(limits: RateLimits(ceiling: 16, burst: 16, floor: 2), now: 0)
        limit.throttled(now: 0)
        limit.throttled(now: Self.second / 2)
        #expect(limit.rate > 7.9 && limit.rate < 8.3)
        for second in 1...20 { limit.throttled(now: Int64(second) * Self.second) }
        #expect(limit.rate >= 2 && limit.rate < 2.5)
        _ = limit.reserve(now: 81 * Self.second, longest: .max)
        #expect(limit.rate == 16)
    }

    @Test("calls that go at once delay those that wait by a second at most, however many they are")
    func owed() throws {
        var limit = RateLimit(limits: RateLimits(ceiling: 20, burst: 20, floor: 20), now: 0)
        for now in stride(from: 0, to: 10 * Self.second, by: Int(Self.second / 50)) {
            limit.takeAtOnce(now: Int64(now))
        }
        let first = limit.reserve(now: 10 * Self.second, longest: .max)
        let wait = try #require(first)
        #expect(wait > Self.second / 2 && wait <= Self.second + Self.second / 20)
        // They take nothing from those who are in line already.
        limit.takeAtOnce(now: 10 * Self.second)
        let second = limit.reserve(now: 10 * Self.second, longest: .max)
        let step = try #require(second) - wait
        #expect(abs(step - Self.second / 20) <= 1)
    }

    @Test("over any hour, no more goes out than burst and rate allow", arguments: [UInt64(1), 2, 3])
    func property(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let limits = RateLimits(ceiling: 5, burst: 10, floor: 0.5)
        var limit = RateLimit(limits: limits, now: 0)
        var now: Int64 = 0
        var sent: [Int64] = []
        while now < 3_600 * Self.second {
            now += Int64.random(in: 0...Self.second, using: &generator)
            if let wait = limit.reserve(now: now, longest: 30 * Self.second) { sent.append(now + wait) }
            if Int.random(in: 0..<20, using: &generator) == 0 { limit.throttled(now: now) }
        }
        let isInOrder = sent == sent.sorted()
        #expect(isInOrder)
        for window in stride(from: 0, to: sent.count - 100, by: 50) {
            let span = Double(sent[window + 99] - sent[window]) / 1e9
            #expect(100 <= 10 + span * 5 + 1, "seed \(seed)")
        }
    }

    @Test("accounts, regions and services have limits of their own, which all clients share")
    func registry() {
        let registry = RateLimiterRegistry(limits: RateLimits(ceiling: 1, burst: 1, floor: 1))
        let key = RateLimiterRegistry.Key(account: "1", region: "eu-west-1", service: "ec2")
        #expect(registry.reserve(key, now: 0, longest: 0) == 0)
        #expect(registry.reserve(key, now: 0, longest: 0) == nil)
        for other in [
            RateLimiterRegistry.Key(account: "2", region: "eu-west-1", service: "ec2"),
            .init(account: "1", region: "eu-west-2", service: "ec2"),
            .init(account: "1", region: "eu-west-1", service: "sts"),
        ] {
            #expect(registry.reserve(other, now: 0, longest: 0) == 0)
        }
    }

    @Test("rotating keys do not make the registry grow for ever")
    func registryIsBounded() {
        let registry = RateLimiterRegistry(limits: .standard)
        for number in 0..<3_000 {
            _ = registry.reserve(.init(account: "\(number)", region: "r", service: "s"), now: Int64(number), longest: 0)
        }
        #expect(registry.count == RateLimiterRegistry.largestCount)
    }
}

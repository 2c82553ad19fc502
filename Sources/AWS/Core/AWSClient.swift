// SPDX-License-Identifier: Apache-2.0
import HTTPTransport
import Logging
import Synchronization

/// Calls AWS services in one region with one set of credentials: signs, sends, retries, limits, and reads errors.
///
/// A class, because its callers share what it learns: how wrong this machine's clock is, and how many retries are
/// still affordable. Both are behind a mutex.
package final class AWSClient: Sendable {
    package let configuration: AWSClientConfiguration

    private struct Learned: Sendable {
        /// How far AWS's clock is ahead of ours.
        var clockOffset: Int64 = 0
        var budget = RetryBudget()
        /// By signing name: the configuration that they come from does not change.
        var endpoints: [String: AWSEndpoint] = [:]
    }

    private let learned = Mutex(Learned())

    package init(configuration: AWSClientConfiguration) {
        self.configuration = configuration
    }

    /// How far AWS's clock was found ahead of ours, in nanoseconds; 0 until a refusal showed a difference.
    package var clockOffset: Int64 { learned.withLock(\.clockOffset) }

    /// Sends the call until it succeeds (status 2xx), cannot succeed, may not be repeated, or its time is over.
    ///
    /// Throws with `mayHaveActed` true when some attempt may have been carried out; a call that `.actsOnce` is never
    /// sent again after such an attempt. Getting credentials is bounded by their own source, not by this call's time.
    /// Cancelling the task stops the attempt under way and throws `.cancelled`.
    package func call(_ call: AWSCall) async throws(AWSError) -> AWSReply {
        var progress = CallProgress(effect: call.effect, policy: configuration.retry)
        let endpoint = try endpoint(for: call.service)
        let deadline = instant(after: configuration.timeouts.call)
        let builder = RequestBuilder(call: call, endpoint: endpoint, region: configuration.region)
        while true {
            let attempt: Attempt
            do {
                attempt = try await send(builder, deadline: deadline, &progress)
            } catch {
                throw progress.final(error)
            }
            switch attempt.outcome {
            case .success(let response):
                learned.withLock {
                    $0.budget.giveBack(progress.attempts > 1 ? progress.lastCost : RetryBudget.successGain)
                }
                return reply(response, attempts: progress.attempts)
            case .failure(let failure):
                try await prepare(for: failure, of: attempt, deadline: deadline, &progress)
            }
        }
    }

    private func endpoint(for service: AWSService) throws(AWSError) -> AWSEndpoint {
        if let known = learned.withLock({ $0.endpoints[service.signingName] }) { return known }
        let endpoint = try configuration.endpoints.endpoint(for: service, region: configuration.region)
        learned.withLock { $0.endpoints[service.signingName] = endpoint }
        return endpoint
    }

    private struct Attempt: Sendable {
        enum Outcome: Sendable {
            case success(HTTPResponse)
            case failure(AttemptFailure)
        }
        var outcome: Outcome
        var credentials: AWSCredentials?
        var signedAt: AWSInstant
        var limiterKey: RateLimiterRegistry.Key
    }

    /// One attempt. Throws only what ends the call before anything was sent.
    private func send(
        _ builder: RequestBuilder, deadline: Int64, _ progress: inout CallProgress
    ) async throws(AWSError) -> Attempt {
        let call = builder.call
        let credentials = call.authentication == .signed ? try await configuration.credentials.credentials() : nil
        let key = RateLimiterRegistry.Key(
            account: credentials?.limiterName ?? "anonymous", region: configuration.region,
            service: call.service.signingName)
        try await waitForTurn(key, call, deadline)
        let remaining = deadline - configuration.clock.monotonicNanoseconds()
        guard remaining > 0 else { throw timeIsOver(call) }
        let timeouts = HTTPTimeouts(
            connect: min(configuration.timeouts.connect, .nanoseconds(remaining)),
            total: min(configuration.timeouts.attempt, .nanoseconds(remaining)))
        let offset = learned.withLock(\.clockOffset)
        let date = AWSInstant(nanoseconds: configuration.clock.now().nanoseconds + offset)
        var request = builder.request(credentials: credentials, at: date, timeouts: timeouts)
        request.tls = configuration.tls
        request.proxy = builder.endpoint.scheme == "https" ? configuration.proxy : .none
        progress.begin()
        let begun = configuration.clock.monotonicNanoseconds()
        let outcome = await outcome(of: request, builder, secrets: credentials?.secrets ?? [])
        observe(outcome, of: call, since: begun)
        return Attempt(outcome: outcome, credentials: credentials, signedAt: date, limiterKey: key)
    }

    private func outcome(
        of request: HTTPRequest, _ builder: RequestBuilder, secrets: [String]
    ) async -> Attempt.Outcome {
        do {
            let response = try await configuration.transport.send(request)
            guard !(200..<300).contains(response.status) else { return .success(response) }
            let now = configuration.clock.now()
            let secrets = secrets + builder.call.secrets
            return .failure(AttemptFailure(response, call: builder.call, receivedAt: now, secrets: secrets))
        } catch {
            return .failure(AttemptFailure(error, call: builder.call, url: builder.endpoint.url))
        }
    }

    private func observe(_ outcome: Attempt.Outcome, of call: AWSCall, since begun: Int64) {
        guard let observer = configuration.attemptObserver else { return }
        let kind: AWSAttempt.Outcome =
            switch outcome {
            case .success: .ok
            case .failure(let failure) where failure.error.code == .throttled: .throttled
            case .failure(let failure): failure.error.httpStatus == nil ? .lost : .refused
            }
        observer(
            AWSAttempt(
                service: call.service.signingName, action: call.action, outcome: kind,
                duration: .nanoseconds(configuration.clock.monotonicNanoseconds() - begun)))
    }

    private func reply(_ response: HTTPResponse, attempts: Int) -> AWSReply {
        AWSReply(
            status: response.status, headers: response.headers, body: response.body,
            requestID: AWSErrorBody.requestID(response.headers), begun: response.timings.begun,
            ended: response.timings.ended, attempts: attempts)
    }
}

extension AWSClient {
    /// Returns when the next attempt may be made; throws when there is none.
    private func prepare(
        for failure: AttemptFailure, of attempt: Attempt, deadline: Int64, _ progress: inout CallProgress
    ) async throws(AWSError) {
        if failure.error.code == .throttled {
            configuration.limiter.throttled(attempt.limiterKey, now: configuration.clock.monotonicNanoseconds())
        }
        let next = progress.next(after: failure, signedAt: attempt.signedAt, random: configuration.random())
        log(failure, next, progress)
        switch next {
        case .giveUp:
            throw progress.final(failure.error)
        case .correctClock(let ahead):
            let offset = attempt.signedAt.nanoseconds + ahead - configuration.clock.now().nanoseconds
            learned.withLock { $0.clockOffset = offset }
        case .renewCredentials:
            if let rejected = attempt.credentials { await configuration.credentials.discard(rejected) }
        case .retry(let delay, let cost):
            guard instant(after: delay) < deadline, learned.withLock({ $0.budget.take(cost) }) else {
                throw progress.final(failure.error)
            }
            do {
                try await pause(delay, failure.error)
            } catch {
                throw progress.final(error)
            }
        }
    }

    /// On the monotonic clock; the latest there is when it is beyond that.
    private func instant(after delay: Duration) -> Int64 {
        let (sum, isOver) = configuration.clock.monotonicNanoseconds()
            .addingReportingOverflow(delay.clampedNanoseconds)
        return isOver ? .max : sum
    }

    private func waitForTurn(
        _ key: RateLimiterRegistry.Key, _ call: AWSCall, _ deadline: Int64
    ) async throws(AWSError) {
        let now = configuration.clock.monotonicNanoseconds()
        if AWSUrgency.isUndo { return configuration.limiter.takeAtOnce(key, now: now) }
        guard let wait = configuration.limiter.reserve(key, now: now, longest: deadline - now) else {
            throw AWSError(
                code: .throttled, message: "Our own limit of calls leaves no room before this call's time is over.",
                hint: "Make fewer calls, or give this one more time.", service: call.service.signingName,
                action: call.action)
        }
        guard wait > 0 else { return }
        do {
            try await configuration.clock.sleep(for: .nanoseconds(wait))
        } catch {
            configuration.limiter.refund(key, now: configuration.clock.monotonicNanoseconds())
            throw cancelled(call.service.signingName, call.action)
        }
    }

    private func pause(_ delay: Duration, _ failure: AWSError) async throws(AWSError) {
        do {
            try await configuration.clock.sleep(for: delay)
        } catch {
            throw cancelled(failure.service, failure.action)
        }
    }

    private func cancelled(_ service: String, _ action: String) -> AWSError {
        AWSError(
            code: .cancelled, message: "The call was cancelled before its next attempt.", hint: "", service: service,
            action: action)
    }

    private func timeIsOver(_ call: AWSCall) -> AWSError {
        AWSError(
            code: .timedOut, message: "The call's time was over before an attempt could be sent.",
            hint: "Give the call more time, or see why credentials and earlier attempts took so long.",
            service: call.service.signingName, action: call.action)
    }

    private func log(_ failure: AttemptFailure, _ next: NextStep, _ progress: CallProgress) {
        guard next != .giveUp else { return }  // It is thrown; who handles it logs it.
        configuration.logger.debug(
            "an AWS call is sent again",
            metadata: [
                "service": "\(failure.error.service)", "action": "\(failure.error.action)",
                "error": "\(failure.error.awsCode ?? failure.error.code.rawValue)", "attempt": "\(progress.attempts)",
            ])
    }
}

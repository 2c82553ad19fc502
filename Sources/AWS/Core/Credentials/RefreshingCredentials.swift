// SPDX-License-Identifier: Apache-2.0
package import Logging

/// Keeps credentials, and renews them once for everybody who waits.
///
/// Keys count as due 5 minutes before they expire (short-lived ones at half their life): they are still handed out at
/// once, and one renewal runs beside. In the last moments, and after expiry, callers wait for that renewal. When it
/// fails, keys that AWS still accepts stay in use and it is tried again a little later; the error is thrown only when
/// there is nothing valid left. A waiter whose task is cancelled leaves alone; the renewal goes on for the others.
package actor RefreshingCredentials: CredentialProvider {
    /// Before expiry, in nanoseconds: from here on a renewal is tried.
    static let dueBefore: Int64 = 300_000_000_000
    /// Before expiry, in nanoseconds: from here on callers wait for it. A signed request needs time to arrive.
    static let mustBefore: Int64 = 10_000_000_000
    /// After a failed renewal, while the old keys hold, in nanoseconds: no other is tried for this long.
    static let retryPause: Int64 = 10_000_000_000

    private let fetch: @Sendable () async throws(AWSError) -> AWSCredentials
    private let clock: any AWSClock
    private let logger: Logger

    private var current: Held?
    private var renewal: Task<Void, Never>?
    private var pausedUntil: AWSInstant?
    private var waiters: [UInt64: CheckedContinuation<Result<AWSCredentials, AWSError>, Never>] = [:]
    private var lastWaiter: UInt64 = 0

    /// Keys with the time we got them, from which their life is counted.
    private struct Held {
        var credentials: AWSCredentials
        var obtained: AWSInstant

        /// How long before expiry something happens: `usual`, or the share of a life too short for that.
        private func ahead(_ usual: Int64, share: Int64) -> Int64 {
            guard let expiration = credentials.expiration else { return usual }
            return min(usual, max(0, expiration.nanoseconds - obtained.nanoseconds) / share)
        }

        func isDue(_ now: AWSInstant) -> Bool { isWithin(ahead(RefreshingCredentials.dueBefore, share: 2), now) }
        func mustBeRenewed(_ now: AWSInstant) -> Bool {
            isWithin(ahead(RefreshingCredentials.mustBefore, share: 10), now)
        }
        func isExpired(_ now: AWSInstant) -> Bool { isWithin(0, now) }

        private func isWithin(_ distance: Int64, _ now: AWSInstant) -> Bool {
            guard let expiration = credentials.expiration else { return false }
            return now.nanoseconds >= expiration.nanoseconds - distance
        }
    }

    /// `fetch` gets new keys from their source. It must end by itself: it is not cancelled when callers are.
    package init(
        clock: any AWSClock, logger: Logger, fetch: @escaping @Sendable () async throws(AWSError) -> AWSCredentials
    ) {
        self.clock = clock
        self.logger = logger
        self.fetch = fetch
    }

    deinit { renewal?.cancel() }

    package func credentials() async throws(AWSError) -> AWSCredentials {
        let now = clock.now()
        if let current, !current.mustBeRenewed(now) {
            if current.isDue(now), !isPaused(now) { beginRenewal() }
            return current.credentials
        }
        if let current, !current.isExpired(now), isPaused(now) { return current.credentials }
        return try await waitForRenewal().get()
    }

    package func discard(_ rejected: AWSCredentials) {
        guard current?.credentials.accessKeyID == rejected.accessKeyID,
            current?.credentials.sessionToken == rejected.sessionToken
        else { return }
        current = nil
        pausedUntil = nil
    }

    private func isPaused(_ now: AWSInstant) -> Bool { pausedUntil.map { now < $0 } ?? false }

    /// Begins a renewal unless one is under way. The task is owned by this actor and ends when `fetch` does.
    private func beginRenewal() {
        guard renewal == nil else { return }
        let fetch = fetch
        renewal = Task { [weak self] in
            let result: Result<AWSCredentials, AWSError>
            do throws(AWSError) {
                result = .success(try await fetch())
            } catch {
                result = .failure(error)
            }
            await self?.endRenewal(result)
        }
    }

    private func endRenewal(_ result: Result<AWSCredentials, AWSError>) {
        renewal = nil
        let now = clock.now()
        var answer = result
        switch result {
        case .success(let fresh):
            let held = Held(credentials: fresh, obtained: now)
            if held.isExpired(now) {
                answer = .failure(Self.alreadyExpired(fresh))
            } else {
                (current, pausedUntil) = (held, nil)
            }
        case .failure: break
        }
        if case .failure(let error) = answer, let current, !current.isExpired(now) {
            pausedUntil = AWSInstant(nanoseconds: now.nanoseconds + Self.retryPause)
            logger.warning(
                "credentials could not be renewed; the old ones are still valid and stay in use",
                metadata: ["source": "\(current.credentials.source)", "error": "\(error.message)"])
            answer = .success(current.credentials)
        }
        let waiting = waiters
        waiters = [:]
        for continuation in waiting.values { continuation.resume(returning: answer) }
    }

    private func waitForRenewal() async -> Result<AWSCredentials, AWSError> {
        lastWaiter += 1
        let id = lastWaiter
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                guard !Task.isCancelled else { return continuation.resume(returning: .failure(Self.cancelled)) }
                waiters[id] = continuation
                beginRenewal()
            }
        } onCancel: {
            // Owned by nobody: it ends at once, and only lets this waiter go.
            Task { await self.leave(id) }
        }
    }

    private func leave(_ id: UInt64) {
        waiters.removeValue(forKey: id)?.resume(returning: .failure(Self.cancelled))
    }

    var isRenewing: Bool { renewal != nil }

    /// How many callers wait at present.
    var waiterCount: Int { waiters.count }

    private static let cancelled = AWSError(
        code: .cancelled, message: "The caller stopped waiting for credentials.", hint: "", service: "credentials",
        action: "renew")

    private static func alreadyExpired(_ credentials: AWSCredentials) -> AWSError {
        AWSError(
            code: .expiredCredentials,
            message: "Credentials from \(credentials.source) expired at \(credentials.expiration?.iso8601 ?? "once").",
            hint: "Renew them at their source, and check this machine's clock.", service: "credentials",
            action: credentials.source)
    }
}

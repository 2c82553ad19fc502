// SPDX-License-Identifier: Apache-2.0
package import HTTPTransport
package import Logging

/// How long things may take. There are no defaults: who calls must think.
package struct AWSTimeouts: Sendable, Equatable {
    /// To a connected socket, TLS included.
    package var connect: Duration
    /// One attempt, from name lookup to the last byte.
    package var attempt: Duration
    /// The whole call: waiting for the rate limiter, every attempt and every pause between them.
    package var call: Duration

    package init(connect: Duration, attempt: Duration, call: Duration) {
        self.connect = connect
        self.attempt = attempt
        self.call = call
    }
}

/// Everything one client needs. One client is one region with one set of credentials.
package struct AWSClientConfiguration: Sendable {
    package var region: String
    package var credentials: any CredentialProvider
    package var transport: HTTPClient
    package var endpoints: EndpointResolver
    /// Whom to trust; the system's authorities unless `AWS_CA_BUNDLE` or the profile says otherwise.
    package var tls = TLSOptions()
    /// The environment's proxies by default, as AWS's own tools use them; for https endpoints only, as the others are
    /// laboratories beside us.
    package var proxy = HTTPProxy.environment
    package var timeouts: AWSTimeouts
    package var retry: RetryPolicy
    /// Shared by every client of the process, so that all of them together stay below AWS's limits.
    package var limiter: RateLimiterRegistry
    package var clock: any AWSClock
    /// A number from 0 up to, not including, 1.
    package var random: @Sendable () -> Double
    package var logger: Logger
    package var attemptObserver: AWSAttemptObserver?

    package init(
        region: String, credentials: any CredentialProvider, transport: HTTPClient, endpoints: EndpointResolver,
        timeouts: AWSTimeouts, retry: RetryPolicy, limiter: RateLimiterRegistry, clock: any AWSClock,
        random: @escaping @Sendable () -> Double, logger: Logger
    ) {
        self.region = region
        self.credentials = credentials
        self.transport = transport
        self.endpoints = endpoints
        self.timeouts = timeouts
        self.retry = retry
        self.limiter = limiter
        self.clock = clock
        self.random = random
        self.logger = logger
    }
}

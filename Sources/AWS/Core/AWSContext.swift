// SPDX-License-Identifier: Apache-2.0
package import HTTPTransport
package import Logging

/// What is shared by everything that gets credentials or makes clients: one for the whole process.
package struct AWSContext: Sendable {
    package var environment: AWSEnvironment
    package var transport: HTTPClient
    package var limiter: RateLimiterRegistry
    package var timeouts: AWSTimeouts
    package var clock: any AWSClock
    /// A number from 0 up to, not including, 1.
    package var random: @Sendable () -> Double
    package var logger: Logger
    package var attemptObserver: AWSAttemptObserver?

    package init(
        environment: AWSEnvironment, transport: HTTPClient, limiter: RateLimiterRegistry, timeouts: AWSTimeouts,
        clock: any AWSClock, random: @escaping @Sendable () -> Double, logger: Logger
    ) {
        self.environment = environment
        self.transport = transport
        self.limiter = limiter
        self.timeouts = timeouts
        self.clock = clock
        self.random = random
        self.logger = logger
    }

    /// A client for one region with these credentials, by the settings' endpoints and retries.
    package func client(
        region: String, settings: AWSSettings, credentials: any CredentialProvider, endpointURL: String? = nil
    ) throws(AWSError) -> AWSClient {
        var configuration = AWSClientConfiguration(
            region: region, credentials: credentials, transport: transport,
            endpoints: try settings.endpoints(givenURL: endpointURL), timeouts: timeouts,
            retry: try settings.retryPolicy(), limiter: limiter, clock: clock, random: random, logger: logger)
        configuration.tls = settings.tls()
        configuration.attemptObserver = attemptObserver
        return AWSClient(configuration: configuration)
    }
}

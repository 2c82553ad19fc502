// SPDX-License-Identifier: Apache-2.0
package import AWS
package import ChaosModel
package import HTTPTransport
package import Logging
import Synchronization

/// Looks at AWS and can do nothing else: what planning holds, so that a dry run has no mutating call by construction.
package protocol AWSReaders: Sendable {
    func reader(for scope: AWSScope) throws(AWSError) -> AWSReader
    /// The region of a scope, by the rules of the configuration. Throws `.noRegion`.
    func region(for scope: AWSScope) throws(AWSError) -> String
}

/// Every connection to AWS of one controller: one client for each region and role, made when first needed and kept.
package final class AWSConnections: AWSReaders {
    package let transport: HTTPClient
    /// A number from 0 up to, not including, 1.
    package let random: @Sendable () -> Double
    private let context: AWSContext
    private let settings: AWSSettings
    /// One for each region, as a role or a web identity is exchanged in the region of the target.
    private let chains = Mutex<[String: CredentialChain]>([:])
    private let connections = Mutex<[AWSScope: Connection]>([:])
    private let accounts = Mutex<[AWSScope: KnownAccount]>([:])

    private struct Connection {
        var client: AWSClient
        var credentials: any CredentialProvider
    }

    private struct KnownAccount {
        var accessKeyID: String
        var account: String
    }

    /// Reads the shared configuration; throws `.invalidConfiguration` when that is broken. No call is made.
    package init(
        environment: AWSEnvironment, transport: HTTPClient, random: @escaping @Sendable () -> Double, logger: Logger,
        attemptObserver: AWSAttemptObserver? = nil
    ) throws(AWSError) {
        self.transport = transport
        self.random = random
        settings = try AWSSettings(environment: environment)
        var context = AWSContext(
            environment: environment, transport: transport,
            limiter: RateLimiterRegistry(limits: RateLimits(ceiling: 20, burst: 50, floor: 0.5)),
            timeouts: AWSTimeouts(connect: .seconds(3), attempt: .seconds(15), call: .seconds(45)),
            clock: SystemAWSClock(), random: random, logger: logger)
        context.attemptObserver = attemptObserver
        self.context = context
    }

    package func region(for scope: AWSScope) throws(AWSError) -> String { try settings.region(given: scope.region) }

    package func client(for scope: AWSScope) throws(AWSError) -> AWSClient { try connection(for: scope).client }

    private func connection(for scope: AWSScope) throws(AWSError) -> Connection {
        if let connection = connections.withLock({ $0[scope] }) { return connection }
        let region = try region(for: scope)
        let base = chain(in: region)
        var credentials: any CredentialProvider = base
        if let role = scope.assumeRole {
            credentials = AssumedRoleCredentials(
                context: context, settings: settings, region: region,
                role: AWSRole(
                    arn: role.roleArn, externalID: role.externalId, sessionName: AWSRole.usualSessionName), base: base)
        }
        let client = try context.client(region: region, settings: settings, credentials: credentials)
        return connections.withLock { connections in
            if let earlier = connections[scope] { return earlier }
            let connection = Connection(client: client, credentials: credentials)
            connections[scope] = connection
            return connection
        }
    }

    /// The account that the credentials of a scope lead to, asked of STS once for each key: what hands out the keys may
    /// come to hand out those of another account, where a group of the same name is somebody else's.
    package func account(for scope: AWSScope) async throws(AWSError) -> String {
        let key = try await connection(for: scope).credentials.credentials().accessKeyID
        if let known = accounts.withLock({ $0[scope] }), known.accessKeyID == key { return known.account }
        let account = try await reader(for: scope).identity.callerIdentity().account
        accounts.withLock { $0[scope] = KnownAccount(accessKeyID: key, account: account) }
        return account
    }

    private func chain(in region: String) -> CredentialChain {
        chains.withLock { chains in
            if let chain = chains[region] { return chain }
            let chain = CredentialChain(context: context, settings: settings, region: region)
            chains[region] = chain
            return chain
        }
    }

    package func reader(for scope: AWSScope) throws(AWSError) -> AWSReader { AWSReader(client: try client(for: scope)) }

    package func actor(for scope: AWSScope) throws(AWSError) -> AWSActor { AWSActor(client: try client(for: scope)) }
}

// SPDX-License-Identifier: Apache-2.0
import Synchronization

/// Looks for credentials in AWS's order, stays with the first place that has them, and keeps them fresh.
///
/// A place that is set up and broken ends the search with its error: falling through to the next could act in another
/// account. Once keys were found, renewals ask that place only, for the same reason.
package struct CredentialChain: CredentialProvider {
    private let cache: RefreshingCredentials

    /// The whole chain: environment, web identity, the profile (roles, sso, keys, credential_process), container,
    /// IMDSv2. Where the settings' profile was asked for in code, that profile alone.
    ///
    /// `region` is where roles are assumed; nil for that of the settings.
    package init(context: AWSContext, settings: AWSSettings, region: String? = nil) {
        let profile = ProfileCredentials(context: context, settings: settings, region: region)
        guard !settings.isProfileGiven else {
            self.init(context: context, sources: [profile])
            return
        }
        let exchange = RoleExchange(context: context, settings: settings, region: region, source: "web identity")
        self.init(
            context: context,
            sources: [
                EnvironmentCredentials(environment: context.environment), WebIdentityCredentials(exchange: exchange),
                profile, ContainerCredentials(context: context),
                InstanceCredentials(context: context, settings: settings),
            ])
    }

    init(context: AWSContext, sources: [any CredentialSource]) {
        let chosen = Choice()
        cache = RefreshingCredentials(clock: context.clock, logger: context.logger) { () throws(AWSError) in
            try await Self.find(sources, chosen)
        }
    }

    package func credentials() async throws(AWSError) -> AWSCredentials { try await cache.credentials() }

    package func discard(_ rejected: AWSCredentials) async { await cache.discard(rejected) }

    private static func find(
        _ sources: [any CredentialSource], _ choice: Choice
    ) async throws(AWSError) -> AWSCredentials {
        var reasons: [String] = []
        let first = choice.index
        for (index, source) in sources.enumerated() where first == nil || first == index {
            switch try await source.find() {
            case .found(let credentials):
                choice.index = index
                return credentials
            case .notConfigured(let reason): reasons.append("\(source.name): \(reason)")
            }
        }
        throw AWSError(
            code: .noCredentials, message: "No AWS credentials were found. \(reasons.joined(separator: "; ")).",
            hint: "Set up one of these places, for example AWS_PROFILE or the instance's role.",
            service: "credentials", action: "find")
    }

    /// The place that gave credentials first. A class, because every renewal looks at the same one; a mutex guards it.
    private final class Choice: Sendable {
        private let stored = Mutex<Int?>(nil)
        var index: Int? {
            get { stored.withLock { $0 } }
            set { stored.withLock { $0 = newValue } }
        }
    }
}

/// A role taken on with other credentials, kept fresh: for targets in other accounts.
package struct AssumedRoleCredentials: CredentialProvider {
    private let cache: RefreshingCredentials

    /// `base` signs the AssumeRole calls, which are made in `region`.
    package init(
        context: AWSContext, settings: AWSSettings, region: String?, role: AWSRole, base: any CredentialProvider
    ) {
        let exchange = RoleExchange(
            context: context, settings: settings, region: region, source: "assumed role \(role.arn)")
        cache = RefreshingCredentials(clock: context.clock, logger: context.logger) { () throws(AWSError) in
            try await exchange.assume(role, base: base)
        }
    }

    package func credentials() async throws(AWSError) -> AWSCredentials { try await cache.credentials() }

    package func discard(_ rejected: AWSCredentials) async { await cache.discard(rejected) }
}

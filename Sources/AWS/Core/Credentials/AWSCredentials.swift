// SPDX-License-Identifier: Apache-2.0

/// One set of keys. Its descriptions and reflection never show a secret, so it may be interpolated by accident.
package struct AWSCredentials: Sendable, Equatable {
    package var accessKeyID: String
    package var secretAccessKey: String
    package var sessionToken: String?
    /// When AWS stops accepting the keys; nil for keys that do not expire.
    package var expiration: AWSInstant?
    /// Where the keys were found, in words for an operator, such as "environment" or "profile chaos (assumed role)".
    package var source: String
    /// The account the keys belong to, where their source tells it.
    package var accountID: String?

    /// Holds keys as given; nothing is checked here, the providers do that.
    package init(
        accessKeyID: String, secretAccessKey: String, sessionToken: String?, expiration: AWSInstant?, source: String,
        accountID: String? = nil
    ) {
        self.accountID = accountID
        self.accessKeyID = accessKeyID
        self.secretAccessKey = secretAccessKey
        self.sessionToken = sessionToken
        self.expiration = expiration
        self.source = source
    }
}

extension AWSCredentials {
    /// Whose share of AWS's limits calls with these keys use up.
    var limiterName: String { accountID ?? accessKeyID }

    /// What must never be shown.
    var secrets: [String] { [secretAccessKey] + (sessionToken.map { [$0] } ?? []) }
}

/// Gives keys for signing, fresh enough to be used now.
package protocol CredentialProvider: Sendable {
    /// Throws `.noCredentials` when none are configured, `.expiredCredentials` when they can no longer be renewed, and
    /// whatever the source of the keys failed with. A cancelled task gets `.cancelled`.
    func credentials() async throws(AWSError) -> AWSCredentials

    /// Tells the provider that AWS called these keys expired, so that a cached copy is not handed out again.
    func discard(_ rejected: AWSCredentials) async
}

extension CredentialProvider {
    package func discard(_ rejected: AWSCredentials) async {}
}

/// Keys that were given to us and are handed out as they are.
package struct StaticCredentials: CredentialProvider {
    private let value: AWSCredentials

    package init(_ value: AWSCredentials) {
        self.value = value
    }

    package func credentials() async throws(AWSError) -> AWSCredentials { value }
}

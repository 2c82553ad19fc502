// SPDX-License-Identifier: Apache-2.0

/// What looking in one place gave.
enum CredentialFinding: Sendable {
    case found(AWSCredentials)
    /// Nothing is set up there; says what was looked for. Something set up and broken is thrown instead.
    case notConfigured(String)
}

/// One place where credentials may be.
protocol CredentialSource: Sendable {
    var name: String { get }
    func find() async throws(AWSError) -> CredentialFinding
}

extension CredentialSource {
    /// The error of a place that is set up but does not give credentials. Its text must hold no secret.
    func broken(
        _ message: String, code: AWSErrorCode = .invalidConfiguration, hint: String, cause: (any Error)? = nil
    ) -> AWSError {
        AWSError(
            code: code, message: "Credentials from \(name): \(message)", hint: hint, service: "credentials",
            action: name, cause: cause)
    }
}

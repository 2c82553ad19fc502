// SPDX-License-Identifier: Apache-2.0

/// `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`, `AWS_SESSION_TOKEN`, and `AWS_CREDENTIAL_EXPIRATION` where a tool that
/// exports credentials sets it.
struct EnvironmentCredentials: CredentialSource {
    let name = "environment"
    let environment: AWSEnvironment

    func find() async throws(AWSError) -> CredentialFinding {
        let key = environment.value("AWS_ACCESS_KEY_ID")
        let secret = environment.value("AWS_SECRET_ACCESS_KEY")
        guard key != nil || secret != nil else { return .notConfigured("AWS_ACCESS_KEY_ID is not set") }
        guard let key, let secret else {
            let missing = key == nil ? "AWS_ACCESS_KEY_ID" : "AWS_SECRET_ACCESS_KEY"
            throw broken("\(missing) is missing beside its other half.", hint: "Set both, or neither.")
        }
        var expiration: AWSInstant?
        if let text = environment.value("AWS_CREDENTIAL_EXPIRATION") {
            expiration = AWSInstant(iso8601: text)
            guard expiration != nil else {
                throw broken(
                    "AWS_CREDENTIAL_EXPIRATION is \"\(text)\", which is no time.",
                    hint: "Write it as 2030-01-31T12:00:00Z, or unset it.")
            }
        }
        let token = environment.value("AWS_SESSION_TOKEN") ?? environment.value("AWS_SECURITY_TOKEN")
        return .found(
            AWSCredentials(
                accessKeyID: key, secretAccessKey: secret, sessionToken: token, expiration: expiration, source: name,
                accountID: environment.value("AWS_ACCOUNT_ID")))
    }
}

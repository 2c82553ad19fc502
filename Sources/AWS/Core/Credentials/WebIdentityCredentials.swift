// SPDX-License-Identifier: Apache-2.0

/// A token in a file, put there and renewed by Kubernetes or another issuer, exchanged for a role's keys.
struct WebIdentityCredentials: CredentialSource {
    let name = "web identity"
    let exchange: RoleExchange

    func find() async throws(AWSError) -> CredentialFinding {
        let environment = exchange.context.environment
        guard let file = environment.value("AWS_WEB_IDENTITY_TOKEN_FILE") else {
            return .notConfigured("AWS_WEB_IDENTITY_TOKEN_FILE is not set")
        }
        guard let arn = environment.value("AWS_ROLE_ARN") else {
            throw broken("AWS_WEB_IDENTITY_TOKEN_FILE is set and AWS_ROLE_ARN is not.", hint: "Set both, or neither.")
        }
        let role = AWSRole(
            arn: arn, externalID: nil,
            sessionName: environment.value("AWS_ROLE_SESSION_NAME") ?? AWSRole.usualSessionName)
        return .found(try await exchange.assume(role, webIdentityToken: try token(in: file)))
    }

    /// The file is read anew each time, as its issuer replaces it.
    func token(in file: String) throws(AWSError) -> String {
        try exchange.context.environment.secret(inFile: file, of: exchange.source)
    }
}

extension AWSEnvironment {
    /// The text of a file that holds one token, without white space around it. Errors name the file only.
    func secret(inFile file: String, of source: String) throws(AWSError) -> String {
        func failure(_ reason: String, _ cause: (any Error)? = nil) -> AWSError {
            AWSError(
                code: .invalidConfiguration, message: "Credentials from \(source): the token file \(file) \(reason).",
                hint: "Put the token there and let the user of this program read it.", service: "credentials",
                action: source, cause: cause)
        }
        let bytes: [UInt8]?
        do {
            bytes = try readFile(expanded(file) ?? file)
        } catch {
            throw failure("cannot be read: \(error.reason)", error)
        }
        guard let bytes else { throw failure("does not exist") }
        let isSpace: (UInt8) -> Bool = { $0 == 0x20 || (0x09...0x0D).contains($0) }
        let trimmed = bytes.drop(while: isSpace).reversed().drop(while: isSpace).reversed()
        guard !trimmed.isEmpty else { throw failure("is empty") }
        guard trimmed.allSatisfy({ (0x20...0x7E).contains($0) }) else { throw failure("holds no token") }
        return String(decoding: trimmed, as: UTF8.self)
    }
}

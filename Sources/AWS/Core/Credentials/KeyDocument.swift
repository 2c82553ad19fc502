// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials

/// The JSON that instance metadata, containers and credential processes answer with, each leaving some of it out.
struct KeyDocument: Decodable {
    var version: Int?
    var code: String?
    var message: String?
    var accessKeyID: String?
    var secretAccessKey: String?
    /// What the metadata services call the session token.
    var token: String?
    /// What credential processes call it.
    var sessionToken: String?
    var expiration: String?
    var accountID: String?

    private enum CodingKeys: String, CodingKey {
        case version = "Version"
        case code = "Code"
        case message = "Message"
        case accessKeyID = "AccessKeyId"
        case secretAccessKey = "SecretAccessKey"
        case token = "Token"
        case sessionToken = "SessionToken"
        case expiration = "Expiration"
        case accountID = "AccountId"
    }

    /// Throws `.malformedReply` without repeating any of the document.
    static func parse(_ bytes: [UInt8], of source: any CredentialSource) throws(AWSError) -> KeyDocument {
        do {
            return try JSONDecoder().decode(KeyDocument.self, from: Data(bytes))
        } catch {
            // The decoder's error quotes what it read, and that may be a secret: it is left out.
            throw source.broken(
                "the answer is not the JSON that was expected.", code: .malformedReply,
                hint: "See that it gives AccessKeyId, SecretAccessKey, the session token and Expiration.")
        }
    }

    func credentials(from source: any CredentialSource, needsExpiration: Bool) throws(AWSError) -> AWSCredentials {
        func missing(_ field: String) -> AWSError {
            source.broken(
                "the answer has no usable \(field).", code: .malformedReply,
                hint: "See that it gives AccessKeyId, SecretAccessKey, the session token and Expiration.")
        }
        guard let accessKeyID, !accessKeyID.isEmpty else { throw missing("AccessKeyId") }
        guard let secretAccessKey, !secretAccessKey.isEmpty else { throw missing("SecretAccessKey") }
        let end = expiration.flatMap { AWSInstant(iso8601: $0) }
        guard end != nil || (expiration == nil && !needsExpiration) else { throw missing("Expiration") }
        return AWSCredentials(
            accessKeyID: accessKeyID, secretAccessKey: secretAccessKey, sessionToken: token ?? sessionToken,
            expiration: end, source: source.name, accountID: accountID)
    }
}

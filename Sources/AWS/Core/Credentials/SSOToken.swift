// SPDX-License-Identifier: Apache-2.0
import Digests
import FoundationEssentials

/// The file in which `aws sso login` leaves its token. Other members than ours are kept when it is written.
struct SSOTokenCache: Sendable {
    let path: String
    private(set) var members: [String: JSONValue]

    /// `~/.aws/sso/cache/<sha1 of the session's name, or of the start URL where there is no session>.json`.
    static func path(for key: String, _ environment: AWSEnvironment) -> String? {
        environment.expanded("~/.aws/sso/cache/\(Hex.text(SHA1.digest(Array(key.utf8)))).json")
    }

    /// Nil when the document is not an object.
    init?(path: String, _ bytes: [UInt8]) {
        // What the decoder would say quotes the document, and that is secret.
        guard let value = try? JSONDecoder().decode(JSONValue.self, from: Data(bytes)),
            case .object(let members) = value
        else { return nil }
        self.path = path
        self.members = members
    }

    var accessToken: String? { members["accessToken"]?.text }

    var expiresAt: AWSInstant? { members["expiresAt"]?.text.flatMap { AWSInstant(iso8601: $0) } }

    /// What renewing needs; nil when something of it is missing or the registration has run out.
    func refreshRequest(now: AWSInstant) -> [String: JSONValue]? {
        guard let client = members["clientId"], let secret = members["clientSecret"],
            let token = members["refreshToken"], [client, secret, token].allSatisfy({ $0.text != nil })
        else { return nil }
        if let end = members["registrationExpiresAt"]?.text.flatMap({ AWSInstant(iso8601: $0) }), end <= now {
            return nil
        }
        return [
            "clientId": client, "clientSecret": secret, "refreshToken": token, "grantType": .string("refresh_token"),
        ]
    }

    /// Takes over the answer of CreateToken. False when it holds no token.
    mutating func take(_ answer: JSONValue, now: AWSInstant) -> Bool {
        guard let token = answer["accessToken"], token.text != nil, case .integer(let seconds) = answer["expiresIn"]
        else { return false }
        members["accessToken"] = token
        members["expiresAt"] = .string(AWSInstant(seconds: now.seconds + min(max(seconds, 0), 31_536_000)).iso8601)
        if let refresh = answer["refreshToken"], refresh.text != nil { members["refreshToken"] = refresh }
        return true
    }

    /// Every text in it that no error may repeat.
    var secrets: [String] {
        ["accessToken", "refreshToken", "clientSecret"].compactMap { members[$0]?.text }
    }

    func encoded() throws -> [UInt8] { Array(try JSONEncoder().encode(JSONValue.object(members))) }
}

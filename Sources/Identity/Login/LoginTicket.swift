// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials

/// Everything that a first login needs, in one line to copy: where the server is, whom to trust, and a one-time token.
/// So nobody has to accept a certificate that he cannot check. It is as secret as the token in it.
package struct LoginTicket: Sendable, Codable, Equatable {
    private static let prefix = "rebound-login:"
    /// More than any ticket we write.
    private static let mostBytes = 16 * 1024

    package var server: String
    /// PEM of the fleet's authority, with its issuers.
    package var authority: String
    package var token: String

    package init(server: String, authority: String, token: String) {
        self.server = server
        self.authority = authority
        self.token = token
    }

    /// `rebound-login:` and Base64 for URLs: no spaces, nothing that a shell would touch.
    package func text() throws(IdentityError) -> String {
        do {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            return Self.prefix + Base64URL.text(Array(try encoder.encode(self)))
        } catch {
            throw IdentityError(.malformed, "The login ticket cannot be written.", hint: "", cause: error)
        }
    }

    /// The last ticket that a text holds, wherever in it: a log or a journal, in lines of text or of JSON. Nil when it
    /// holds none. Throws `.malformed` as `init` does, when the last one is not whole.
    package static func last(in text: String) throws(IdentityError) -> LoginTicket? {
        guard let start = text.ranges(of: prefix).last else { return nil }
        let coded = text[start.upperBound...].prefix { $0.isASCII && ($0.isLetter || $0.isNumber || "-_".contains($0)) }
        return try LoginTicket(prefix + coded)
    }

    /// Throws `.malformed` for anything but a whole ticket with an https server, an authority and a token.
    package init(_ text: String) throws(IdentityError) {
        let hint = "Copy the whole line that begins with \(Self.prefix)."
        guard text.utf8.count <= Self.mostBytes, text.hasPrefix(Self.prefix),
            let bytes = Base64URL.bytes(text.dropFirst(Self.prefix.count))
        else { throw IdentityError(.malformed, "This is no login ticket.", hint: hint) }
        do {
            self = try JSONDecoder().decode(LoginTicket.self, from: Data(bytes))
        } catch {
            throw IdentityError(.malformed, "This login ticket is not whole.", hint: hint, cause: error)
        }
        guard server.hasPrefix("https://"), AccessToken(token) != nil else {
            throw IdentityError(.malformed, "This login ticket names no https server or no token.", hint: hint)
        }
        _ = try Certificate.read(pem: Array(authority.utf8), name: "The authority of the login ticket")
    }
}

// SPDX-License-Identifier: Apache-2.0
import Digests

/// A token as its holder has it: `rebound_<id>_<secret>`, 16 hexadecimal digits and 256 bits in Base64 for URLs.
///
/// The id finds the record and may be shown; of the secret only the SHA-256 is kept. A plain hash is enough, as nobody
/// can try 2^256 secrets; passwords, which people choose, are never used. The fixed beginning lets scanners find tokens
/// that were put into a repository by mistake.
package struct AccessToken: Sendable, CustomStringConvertible, CustomReflectable {
    package static let secretBytes = 32
    private static let prefix = "rebound_"
    private static let idDigits = 16

    package let id: String
    private let secret: [UInt8]

    /// A new token from the system's randomness.
    package static func make() throws(IdentityError) -> AccessToken {
        AccessToken(
            id: Hex.text(try SecretBytes.random(idDigits / 2)), secret: try SecretBytes.random(secretBytes))
    }

    private init(id: String, secret: [UInt8]) {
        self.id = id
        self.secret = secret
    }

    /// Nil for anything that is not exactly a token's spelling.
    package init?(_ text: String) {
        let digits = Self.prefix.utf8.count + Self.idDigits
        let whole = digits + 1 + (Self.secretBytes * 4 + 2) / 3
        guard text.utf8.count == whole, text.hasPrefix(Self.prefix) else { return nil }
        let bytes = Array(text.utf8)
        let id = bytes[Self.prefix.utf8.count..<digits]
        let isHex = id.allSatisfy { (48...57).contains($0) || (97...102).contains($0) }
        guard isHex, bytes[digits] == UInt8(ascii: "_"),
            let secret = Base64URL.bytes(String(decoding: bytes[(digits + 1)...], as: UTF8.self)),
            secret.count == Self.secretBytes
        else { return nil }
        self.init(id: String(decoding: id, as: UTF8.self), secret: secret)
    }

    /// What is kept instead of the secret.
    package var secretHash: [UInt8] { SHA256.digest(secret) }

    /// Whether this is the token of which that hash was kept, in constant time.
    package func matches(_ hash: [UInt8]) -> Bool { isEqualInConstantTime(secretHash, hash) }

    /// The whole token: shown once to its holder, and never to a log.
    package var text: String { "\(Self.prefix)\(id)_\(Base64URL.text(secret))" }

    package var description: String { "AccessToken(\(id), secret not shown)" }
    package var customMirror: Mirror { Mirror(self, children: []) }
}

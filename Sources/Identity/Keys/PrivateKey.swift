import COpenSSL
// SPDX-License-Identifier: Apache-2.0
import Digests

/// A private key. It is kept as bytes and made a libcrypto key for each use (some 20 microseconds), so that no pointer
/// is shared between threads. It never shows in a message, a log or a debugger's listing.
package struct PrivateKey: Sendable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package enum Algorithm: Sendable, CaseIterable { case p256, ed25519 }

    package let kind: KeyKind
    package let publicKey: PublicKey
    private let pkcs8: [UInt8]

    private init(_ handle: borrowing KeyHandle) throws(IdentityError) {
        kind = handle.kind
        publicKey = PublicKey(kind: handle.kind, der: try handle.publicDER())
        pkcs8 = try handle.pkcs8()
    }

    /// A new key from the system's randomness.
    package static func make(_ algorithm: Algorithm) throws(IdentityError) -> PrivateKey {
        let made =
            switch algorithm {
            case .p256: copenssl_make_p256()
            case .ed25519: copenssl_make_ed25519()
            }
        guard let made else { throw .library("make a key") }
        return try PrivateKey(KeyHandle(owning: made))
    }

    /// The first private key of a PEM text. Throws `.malformed`, and `.unsupportedKey` for an encrypted one.
    package init(pem: [UInt8], name: String) throws(IdentityError) {
        let blocks = try PEM.blocks(in: pem, name: name)
        guard let block = blocks.first(where: { $0.label.hasSuffix("PRIVATE KEY") }) else {
            throw IdentityError(
                .malformed, "\(name) holds no private key, but \(blocks.map(\.label).joined(separator: ", ")).",
                hint: "Give the file with -----BEGIN PRIVATE KEY-----.")
        }
        try self.init(KeyHandle(pkcs8: block.bytes))
    }

    /// PKCS #8 in PEM. A secret: mode 0600, never a log.
    package func pem() throws(IdentityError) -> String { try PEM.text("PRIVATE KEY", pkcs8) }

    /// Ed25519 as RFC 8032 has it; other keys sign the message's SHA-256 (EVP_DigestSign(3)).
    package func signature(over message: [UInt8]) throws(IdentityError) -> [UInt8] {
        let key = try handle()
        guard let context = EVP_MD_CTX_new() else { throw .library("sign") }
        defer { EVP_MD_CTX_free(context) }
        var count = 0
        guard EVP_DigestSignInit(context, nil, kind.digest, nil, key.raw) == 1,
            EVP_DigestSign(context, nil, &count, message, message.count) == 1
        else { throw .library("sign") }
        var signature = [UInt8](repeating: 0, count: count)
        guard EVP_DigestSign(context, &signature, &count, message, message.count) == 1 else { throw .library("sign") }
        return Array(signature.prefix(count))
    }

    func handle() throws(IdentityError) -> KeyHandle { try KeyHandle(pkcs8: pkcs8) }

    package var description: String { "PrivateKey(\(kind), not shown)" }
    package var debugDescription: String { description }
    package var customMirror: Mirror { Mirror(self, children: []) }
}

/// A public key, as its SubjectPublicKeyInfo.
package struct PublicKey: Sendable, Equatable {
    package let kind: KeyKind
    package let der: [UInt8]

    init(kind: KeyKind, der: [UInt8]) {
        self.kind = kind
        self.der = der
    }

    /// From `-----BEGIN PUBLIC KEY-----`. Throws `.malformed`.
    package init(pem: [UInt8], name: String) throws(IdentityError) {
        guard let block = try PEM.blocks(in: pem, name: name).first(where: { $0.label == "PUBLIC KEY" }) else {
            throw IdentityError(
                .malformed, "\(name) holds no public key.", hint: "Give the file with -----BEGIN PUBLIC KEY-----.")
        }
        let handle = try KeyHandle(publicDER: block.bytes)
        self.init(kind: handle.kind, der: block.bytes)
    }

    package func pem() throws(IdentityError) -> String { try PEM.text("PUBLIC KEY", der) }

    /// The first 16 bytes of the key's SHA-256, in hex: names the key beside its signatures.
    package var id: String { Hex.text(Array(SHA256.digest(der).prefix(16))) }

    /// Whether the signature is this key's over this message. Anything that cannot be read as a signature is not.
    package func accepts(_ signature: [UInt8], over message: [UInt8]) throws(IdentityError) -> Bool {
        let key = try KeyHandle(publicDER: der)
        guard let context = EVP_MD_CTX_new() else { throw .library("check a signature") }
        defer { EVP_MD_CTX_free(context) }
        guard EVP_DigestVerifyInit(context, nil, kind.digest, nil, key.raw) == 1 else {
            throw .library("check a signature")
        }
        let answer = EVP_DigestVerify(context, signature, signature.count, message, message.count)
        ERR_clear_error()
        return answer == 1
    }
}

extension KeyKind {
    /// Ed25519 hashes by itself and wants none given.
    var digest: OpaquePointer? { self == .ed25519 ? nil : EVP_sha256() }
}

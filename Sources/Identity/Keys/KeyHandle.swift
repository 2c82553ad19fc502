// SPDX-License-Identifier: Apache-2.0
import COpenSSL

/// What a key is, as far as we choose by it.
package enum KeyKind: Sendable, Equatable, CustomStringConvertible {
    case p256, ed25519
    case otherCurve(String)
    case rsa(bits: Int)
    case other(String)

    package var description: String {
        switch self {
        case .p256: "P-256"
        case .ed25519: "Ed25519"
        case .otherCurve(let name): "elliptic curve \(name)"
        case .rsa(let bits): "RSA of \(bits) bits"
        case .other(let name): name
        }
    }

    /// Clients and servers of the fleet: small, fast, and never too weak.
    var isFleetKey: Bool { self == .p256 || self == .ed25519 }

    /// Also what a company's own authority may have.
    var isAuthorityKey: Bool {
        switch self {
        case .p256, .ed25519: true
        case .otherCurve(let name): name == "secp384r1" || name == "secp521r1"
        case .rsa(let bits): bits >= 2_048
        case .other: false
        }
    }
}

/// One EVP_PKEY, freed with its owner. It lives for one call and stays on its thread.
struct KeyHandle: ~Copyable {
    let raw: OpaquePointer

    /// Takes over the reference.
    init(owning raw: OpaquePointer) { self.raw = raw }

    /// From PKCS #8. Trailing bytes are refused.
    init(pkcs8 der: [UInt8]) throws(IdentityError) {
        let hint = "Give an unencrypted private key in PEM (PKCS #8, SEC 1 or PKCS #1)."
        let parsed = der.withUnsafeBufferPointer { bytes -> OpaquePointer? in
            var position = bytes.baseAddress
            guard let key = d2i_AutoPrivateKey(nil, &position, bytes.count) else { return nil }
            guard position == bytes.baseAddress.map({ $0 + bytes.count }) else {
                EVP_PKEY_free(key)
                return nil
            }
            return key
        }
        guard let parsed else { throw .malformed("The private key cannot be read", hint: hint) }
        raw = parsed
    }

    /// From a SubjectPublicKeyInfo. Trailing bytes are refused.
    init(publicDER der: [UInt8]) throws(IdentityError) {
        let parsed = der.withUnsafeBufferPointer { bytes -> OpaquePointer? in
            var position = bytes.baseAddress
            guard let key = d2i_PUBKEY(nil, &position, bytes.count) else { return nil }
            guard position == bytes.baseAddress.map({ $0 + bytes.count }) else {
                EVP_PKEY_free(key)
                return nil
            }
            return key
        }
        guard let parsed else {
            throw .malformed("The public key cannot be read", hint: "Give a public key in PEM (SubjectPublicKeyInfo).")
        }
        raw = parsed
    }

    deinit { EVP_PKEY_free(raw) }

    var kind: KeyKind { Self.kind(of: raw) }

    /// EVP_PKEY_get_base_id(3), EVP_PKEY_get_group_name(3). A curve given by its parameters has no name and is `other`.
    static func kind(of key: OpaquePointer) -> KeyKind {
        switch EVP_PKEY_get_base_id(key) {
        case NID_ED25519: return .ed25519
        case NID_rsaEncryption: return .rsa(bits: Int(EVP_PKEY_get_bits(key)))
        case NID_X9_62_id_ecPublicKey:
            var name = [CChar](repeating: 0, count: 64)
            var count = 0
            guard EVP_PKEY_get_group_name(key, &name, name.count, &count) == 1 else {
                ERR_clear_error()
                return .other("an elliptic curve without a name")
            }
            let text = String(decoding: name.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self)
            return text == "prime256v1" ? .p256 : .otherCurve(text)
        case let number:
            return .other(OBJ_nid2sn(number).map { String(cString: $0) } ?? "a key of an unknown kind")
        }
    }

    /// The key's public half (i2d_PUBKEY(3)).
    func publicDER() throws(IdentityError) -> [UInt8] { try Self.publicDER(of: raw) }

    static func publicDER(of key: OpaquePointer) throws(IdentityError) -> [UInt8] {
        try encoded("encode a public key") { i2d_PUBKEY(key, &$0) }
    }

    func pkcs8() throws(IdentityError) -> [UInt8] {
        guard let information = EVP_PKEY2PKCS8(raw) else { throw .library("encode a private key") }
        defer { PKCS8_PRIV_KEY_INFO_free(information) }
        return try encoded("encode a private key") { i2d_PKCS8_PRIV_KEY_INFO(information, &$0) }
    }
}

/// Runs an `i2d_` function, which allocates what it writes (d2i_X509(3)), and copies that out.
func encoded(
    _ doing: String, _ write: (inout UnsafeMutablePointer<UInt8>?) -> Int32
) throws(IdentityError) -> [UInt8] {
    var start: UnsafeMutablePointer<UInt8>?
    let count = Int(write(&start))
    guard count > 0, let start else { throw .library(doing) }
    defer { CRYPTO_clear_free(start, count, nil, 0) }
    return Array(UnsafeBufferPointer(start: start, count: count))
}

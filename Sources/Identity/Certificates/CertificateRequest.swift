// SPDX-License-Identifier: Apache-2.0
import COpenSSL

/// A certificate signing request (PKCS #10, RFC 2986): proof that who asks holds the private key. The names and
/// extensions that it asks for are not looked at: the controller says who the caller is, not the caller.
package struct CertificateRequest: Sendable, Equatable {
    package static let mostBytes = 8 * 1024

    package let publicKey: PublicKey

    /// Throws `.malformed` for anything but one request whose signature is good, and `.unsupportedKey` for a key that
    /// is neither P-256 nor Ed25519.
    package init(der: [UInt8]) throws(IdentityError) {
        let hint = "Make one with `rebound login`, or with `openssl req -new -newkey ed25519 -nodes -subj /`."
        guard der.count <= Self.mostBytes else {
            throw .malformed("A certificate request of \(der.count) bytes is too long", hint: hint)
        }
        let parsed = der.withUnsafeBufferPointer { bytes -> OpaquePointer? in
            var position = bytes.baseAddress
            guard let request = d2i_X509_REQ(nil, &position, bytes.count) else { return nil }
            guard position == bytes.baseAddress.map({ $0 + bytes.count }) else {
                X509_REQ_free(request)
                return nil
            }
            return request
        }
        guard let parsed else { throw .malformed("The certificate request cannot be read", hint: hint) }
        defer { X509_REQ_free(parsed) }
        guard let key = X509_REQ_get0_pubkey(parsed) else {
            throw .malformed("The certificate request's key cannot be read", hint: hint)
        }
        let kind = KeyHandle.kind(of: key)
        guard kind.isFleetKey else {
            throw IdentityError(.unsupportedKey, "The certificate request has a key of kind \(kind).", hint: hint)
        }
        guard X509_REQ_verify(parsed, key) == 1 else {
            throw .malformed("The certificate request is not signed with its own key", hint: hint)
        }
        publicKey = PublicKey(kind: kind, der: try KeyHandle.publicDER(of: key))
    }

    /// The one request of a PEM text.
    package init(pem: [UInt8]) throws(IdentityError) {
        let blocks = try PEM.blocks(in: pem, name: "The certificate request")
        guard blocks.count == 1, ["CERTIFICATE REQUEST", "NEW CERTIFICATE REQUEST"].contains(blocks[0].label) else {
            throw .malformed(
                "The certificate request is not one PEM block of that kind",
                hint: "Send one -----BEGIN CERTIFICATE REQUEST-----.")
        }
        try self.init(der: blocks[0].bytes)
    }

    /// A request in PEM, with an empty subject, signed with the key.
    package static func make(with key: PrivateKey) throws(IdentityError) -> String {
        guard let request = X509_REQ_new() else { throw .library("make a certificate request") }
        defer { X509_REQ_free(request) }
        let handle = try key.handle()
        guard X509_REQ_set_version(request, 0) == 1, X509_REQ_set_pubkey(request, handle.raw) == 1,
            X509_REQ_sign(request, handle.raw, key.kind.digest) > 0
        else { throw .library("sign a certificate request") }
        let der = try encoded("encode a certificate request") { i2d_X509_REQ(request, &$0) }
        return try PEM.text("CERTIFICATE REQUEST", der)
    }
}

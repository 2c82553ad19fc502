import COpenSSL
// SPDX-License-Identifier: Apache-2.0
package import ChaosModel
import Digests

/// A certificate that was read; nothing is said about who signed it until `CertificateAuthority.verify`.
package struct Certificate: Sendable, Equatable {
    /// More than any certificate we issue; longer ones are refused before they are parsed.
    package static let mostBytes = 16 * 1024

    package let der: [UInt8]
    /// Nil when the subject has none.
    package let commonName: String?
    package let organizations: [String]
    /// In hex without leading zeros.
    package let serial: String
    package let notBefore: Timestamp
    package let notAfter: Timestamp
    /// Says of itself that it may sign others: basicConstraints CA, and keyUsage keyCertSign where there is a keyUsage.
    package let isAuthority: Bool
    /// Its issuer has its own name, as a root's has.
    package let isSelfIssued: Bool
    package let publicKey: PublicKey

    /// Throws `.malformed` for anything but one certificate in DER, and for a subject with several names.
    package init(der: [UInt8]) throws(IdentityError) {
        try self.init(CertificateHandle(der: der), der: der)
    }

    private init(_ handle: borrowing CertificateHandle, der: [UInt8]) throws(IdentityError) {
        let names = try handle.subjectValues(NID_commonName)
        guard names.count <= 1 else {
            throw .malformed("The certificate has \(names.count) common names", hint: "Issue it with one.")
        }
        self.der = der
        commonName = names.first
        organizations = try handle.subjectValues(NID_organizationName)
        serial = try handle.serial()
        notBefore = try handle.notBefore()
        notAfter = try handle.notAfter()
        // X509_check_ca(3): 1 is a CA by its basicConstraints; 0 is none, and the others are old ways we do not take.
        isAuthority = X509_check_ca(handle.raw) == 1
        isSelfIssued = X509_NAME_cmp(X509_get_subject_name(handle.raw), X509_get_issuer_name(handle.raw)) == 0
        guard let key = X509_get0_pubkey(handle.raw) else {
            throw .malformed("The certificate's key cannot be read", hint: "Issue it with a P-256 or Ed25519 key.")
        }
        publicKey = PublicKey(kind: KeyHandle.kind(of: key), der: try KeyHandle.publicDER(of: key))
    }

    /// All certificates of a PEM text, in their order; other blocks are passed over. Throws `.malformed` for none.
    package static func read(pem: [UInt8], name: String) throws(IdentityError) -> [Certificate] {
        var certificates: [Certificate] = []
        for block in try PEM.blocks(in: pem, name: name) where block.label == "CERTIFICATE" {
            certificates.append(try Certificate(der: block.bytes))
        }
        guard !certificates.isEmpty else {
            throw .malformed("\(name) holds no certificate", hint: "Give -----BEGIN CERTIFICATE-----.")
        }
        return certificates
    }

    package func pem() throws(IdentityError) -> String { try PEM.text("CERTIFICATE", der) }

    /// SHA-256 of the DER in hex, as `openssl x509 -fingerprint -sha256` prints it, without colons.
    package var fingerprint: String { Hex.text(SHA256.digest(der)) }
}

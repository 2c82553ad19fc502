// SPDX-License-Identifier: Apache-2.0
import COpenSSL
import ChaosModel

/// A certificate before it is signed: everything that goes in, and nothing that a stranger chose but the key.
struct CertificateDraft {
    var commonName: String
    var organizations: [String] = []
    var publicKey: PublicKey
    var notBefore: Timestamp
    var notAfter: Timestamp
    /// By NID, in the syntax of x509v3_config(5). Only constant texts and checked names get here.
    var extensions: [(nid: Int32, value: String)]

    /// Random, of 128 bits: nobody can foresee what will be signed (CA/Browser baseline requirements, section 7.1).
    private static let serialBytes = 16

    /// Signed with the key, in the issuer's name; without an issuer it is its own.
    func signed(with key: PrivateKey, issuer: Certificate?) throws(IdentityError) -> Certificate {
        let draft = try CertificateHandle()
        guard X509_set_version(draft.raw, 2) == 1 else { throw .library("make a certificate") }
        try setSerial(draft)
        try setDates(draft)
        try setSubject(draft)
        let publicHandle = try KeyHandle(publicDER: publicKey.der)
        guard X509_set_pubkey(draft.raw, publicHandle.raw) == 1 else { throw .library("set a certificate's key") }
        if let issuer {
            let handle = try CertificateHandle(der: issuer.der)
            try finish(draft, issuer: handle.raw)
        } else {
            try finish(draft, issuer: draft.raw)
        }
        let signer = try key.handle()
        guard X509_sign(draft.raw, signer.raw, key.kind.digest) > 0 else { throw .library("sign a certificate") }
        return try Certificate(der: draft.der())
    }

    private func finish(_ draft: borrowing CertificateHandle, issuer: OpaquePointer) throws(IdentityError) {
        guard X509_set_issuer_name(draft.raw, X509_get_subject_name(issuer)) == 1 else {
            throw .library("set a certificate's issuer")
        }
        for (nid, value) in extensions {
            guard let made = copenssl_make_extension(nid, value, issuer, draft.raw) else {
                throw .library("make a certificate's extension")
            }
            defer { X509_EXTENSION_free(made) }
            guard X509_add_ext(draft.raw, made, -1) == 1 else { throw .library("add a certificate's extension") }
        }
    }

    private func setSerial(_ draft: borrowing CertificateHandle) throws(IdentityError) {
        var bytes = try SecretBytes.random(Self.serialBytes)
        bytes[0] = max(bytes[0], 1)  // Never zero, and always of the same length.
        guard let number = BN_bin2bn(bytes, Int32(bytes.count), nil) else { throw .library("make a serial number") }
        defer { BN_free(number) }
        guard BN_to_ASN1_INTEGER(number, X509_get_serialNumber(draft.raw)) != nil else {
            throw .library("make a serial number")
        }
    }

    private func setDates(_ draft: borrowing CertificateHandle) throws(IdentityError) {
        guard let begin = ASN1_TIME_set(nil, notBefore.wholeSeconds) else { throw .library("make a date") }
        defer { ASN1_STRING_free(begin) }
        guard let end = ASN1_TIME_set(nil, notAfter.wholeSeconds) else { throw .library("make a date") }
        defer { ASN1_STRING_free(end) }
        guard X509_set1_notBefore(draft.raw, begin) == 1, X509_set1_notAfter(draft.raw, end) == 1 else {
            throw .library("set a certificate's dates")
        }
    }

    private func setSubject(_ draft: borrowing CertificateHandle) throws(IdentityError) {
        let name = X509_get_subject_name(draft.raw)
        let parts = organizations.map { (NID_organizationName, $0) } + [(NID_commonName, commonName)]
        for (nid, value) in parts where !value.isEmpty {
            let bytes = Array(value.utf8)
            let added = X509_NAME_add_entry_by_NID(name, nid, MBSTRING_UTF8, bytes, Int32(bytes.count), -1, 0)
            guard added == 1 else { throw .library("set a certificate's subject") }
        }
    }
}

extension Timestamp {
    /// Seconds since 1970, cut downwards.
    var wholeSeconds: Int {
        let (quotient, remainder) = nanosecondsSinceEpoch.quotientAndRemainder(dividingBy: 1_000_000_000)
        return Int(remainder < 0 ? quotient - 1 : quotient)
    }
}

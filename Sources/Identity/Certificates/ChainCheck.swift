// SPDX-License-Identifier: Apache-2.0
import COpenSSL
import ChaosModel

/// What a certificate is shown for.
package enum CertificatePurpose: Sendable { case client, server }

/// Checks one leaf against one authority by X509_verify_cert(3), strictly and at a given time.
enum ChainCheck {
    /// Throws `.untrusted`, `.expired`, `.notYetValid`, `.wrongPurpose`.
    static func check(
        _ leaf: [UInt8], against authority: Certificate, purpose: CertificatePurpose, at time: Timestamp
    ) throws(IdentityError) {
        let leaf = try CertificateHandle(der: leaf)
        let trusted = try CertificateHandle(der: authority.der)
        guard let store = X509_STORE_new() else { throw .library("check a certificate") }
        defer { X509_STORE_free(store) }
        guard let context = X509_STORE_CTX_new() else { throw .library("check a certificate") }
        defer { X509_STORE_CTX_free(context) }
        guard X509_STORE_add_cert(store, trusted.raw) == 1, X509_STORE_CTX_init(context, store, leaf.raw, nil) == 1
        else { throw .library("check a certificate") }
        try configure(context, purpose, time)
        let answer = X509_verify_cert(context)
        let code = X509_STORE_CTX_get_error(context)
        ERR_clear_error()
        if answer != 1 || code != X509_V_OK { throw refusal(code) }
    }

    /// The authority itself is the end of the chain, also where it is not its own issuer: whatever else a company's
    /// root has signed is not of this fleet.
    private static func configure(
        _ context: OpaquePointer, _ purpose: CertificatePurpose, _ time: Timestamp
    ) throws(IdentityError) {
        guard let options = X509_STORE_CTX_get0_param(context) else { throw .library("check a certificate") }
        let flags = UInt(X509_V_FLAG_PARTIAL_CHAIN | X509_V_FLAG_X509_STRICT)
        let number = purpose == .client ? X509_PURPOSE_SSL_CLIENT : X509_PURPOSE_SSL_SERVER
        guard X509_VERIFY_PARAM_set_flags(options, flags) == 1, X509_VERIFY_PARAM_set_purpose(options, number) == 1
        else { throw .library("check a certificate") }
        X509_VERIFY_PARAM_set_depth(options, 0)  // No certificate between the leaf and the authority.
        X509_VERIFY_PARAM_set_time(options, time.wholeSeconds)
    }

    /// X509_STORE_CTX_get_error(3).
    private static func refusal(_ code: Int32) -> IdentityError {
        let reason = X509_verify_cert_error_string(Int(code)).map { String(cString: $0) } ?? "error \(code)"
        let (kind, hint): (IdentityError.Code, String) =
            switch code {
            case X509_V_ERR_CERT_HAS_EXPIRED: (.expired, "Get a new one with `rebound login`.")
            case X509_V_ERR_CERT_NOT_YET_VALID: (.notYetValid, "Compare the clocks of both machines.")
            case X509_V_ERR_INVALID_PURPOSE, X509_V_ERR_INVALID_CA:
                (.wrongPurpose, "Use a certificate that was issued for this.")
            default: (.untrusted, "Use a certificate of this fleet's authority.")
            }
        return IdentityError(kind, "The certificate is not accepted: \(reason).", hint: hint)
    }
}

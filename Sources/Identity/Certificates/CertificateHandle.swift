import COpenSSL
// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import Digests
import Glibc

/// One X509, freed with its owner. It lives for one call and stays on its thread.
struct CertificateHandle: ~Copyable {
    let raw: OpaquePointer

    /// An empty certificate, to be filled and signed.
    init() throws(IdentityError) {
        guard let raw = X509_new() else { throw .library("make a certificate") }
        self.raw = raw
    }

    /// Trailing bytes and more than `Certificate.mostBytes` are refused.
    init(der: [UInt8]) throws(IdentityError) {
        let hint = "Give one X.509 certificate."
        guard der.count <= Certificate.mostBytes else {
            throw .malformed("A certificate of \(der.count) bytes is too long", hint: hint)
        }
        let parsed = der.withUnsafeBufferPointer { bytes -> OpaquePointer? in
            var position = bytes.baseAddress
            guard let certificate = d2i_X509(nil, &position, bytes.count) else { return nil }
            guard position == bytes.baseAddress.map({ $0 + bytes.count }) else {
                X509_free(certificate)
                return nil
            }
            return certificate
        }
        guard let parsed else { throw .malformed("The certificate cannot be read", hint: hint) }
        raw = parsed
    }

    deinit { X509_free(raw) }

    func der() throws(IdentityError) -> [UInt8] { try encoded("encode a certificate") { i2d_X509(raw, &$0) } }

    /// The values of one attribute of the subject, in their order. Throws `.malformed` for one that is no safe text: a
    /// NUL or an escape inside a name must never reach a comparison, a log or a terminal.
    func subjectValues(_ attribute: Int32) throws(IdentityError) -> [String] {
        let name = X509_get_subject_name(raw)
        var values: [String] = []
        var index = X509_NAME_get_index_by_NID(name, attribute, -1)
        while index >= 0 {
            guard let text = Self.text(X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, index))),
                text.unicodeScalars.allSatisfy({ $0.value >= 0x20 && $0.value != 0x7F })
            else {
                throw .malformed("The certificate's subject is no plain text", hint: "Use printable names.")
            }
            values.append(text)
            index = X509_NAME_get_index_by_NID(name, attribute, index)
        }
        return values
    }

    private static func text(_ string: UnsafeMutablePointer<ASN1_STRING>?) -> String? {
        guard let string else { return nil }
        var start: UnsafeMutablePointer<UInt8>?
        let count = ASN1_STRING_to_UTF8(&start, string)
        guard count >= 0, let start else {
            ERR_clear_error()
            return nil
        }
        defer { CRYPTO_free(start, nil, 0) }
        return String(validating: UnsafeBufferPointer(start: start, count: Int(count)), as: UTF8.self)
    }

    /// In hex without leading zeros; negative numbers, which RFC 5280 forbids, are refused.
    func serial() throws(IdentityError) -> String {
        guard let number = X509_get0_serialNumber(raw), let start = ASN1_STRING_get0_data(number),
            ASN1_STRING_type(number) == V_ASN1_INTEGER
        else { throw .malformed("The certificate's serial number is not positive", hint: "Issue it anew.") }
        let bytes = UnsafeBufferPointer(start: start, count: Int(ASN1_STRING_length(number)))
        return Hex.text(Array(bytes))
    }

    func notBefore() throws(IdentityError) -> Timestamp { try Self.timestamp(X509_get0_notBefore(raw)) }
    func notAfter() throws(IdentityError) -> Timestamp { try Self.timestamp(X509_get0_notAfter(raw)) }

    private static func timestamp(_ time: UnsafePointer<ASN1_TIME>?) throws(IdentityError) -> Timestamp {
        var parts = tm()
        // Within the years that a Timestamp can hold, with room to count.
        guard let time, ASN1_TIME_to_tm(time, &parts) == 1, (70...350).contains(parts.tm_year) else {
            throw .malformed("The certificate's dates cannot be read", hint: "Issue it anew.")
        }
        return Timestamp(nanosecondsSinceEpoch: Int64(timegm(&parts)) * 1_000_000_000)
    }
}

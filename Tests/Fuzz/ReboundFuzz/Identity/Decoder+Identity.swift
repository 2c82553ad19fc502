// SPDX-License-Identifier: Apache-2.0
@testable import ChaosModel
@testable import Identity

extension Decoder {
    /// What proves who somebody is.
    static let identity = [Decoder("certificates", certificates), .text("tokens", tokens)]

    /// PEM, and, where that is none, the DER in it.
    private static func certificates(_ bytes: [UInt8]) throws {
        if let request = try? CertificateRequest(pem: bytes) {  // Or something else.
            must(request.publicKey.kind.isFleetKey, "a request has a key that we take")
        }
        _ = try? CertificateRequest(der: bytes)
        _ = try? PrivateKey(pem: bytes, name: "It")
        if let key = try? PublicKey(pem: bytes, name: "It") {
            must(
                try PublicKey(pem: Array(key.pem().utf8), name: "It") == key, "a key is the same when written and read")
            must(try !key.accepts([1, 2, 3], over: [4]), "a signature of three bytes is none")
        }
        if let certificate = try? Certificate(der: bytes) { try check(certificate) }
        for certificate in try Certificate.read(pem: bytes, name: "It") { try check(certificate) }
    }

    private static func check(_ certificate: Certificate) throws {
        must(certificate.der.count <= Certificate.mostBytes, "a certificate is bounded")
        let again = try Certificate.read(pem: Array(certificate.pem().utf8), name: "It")
        must(again == [certificate], "a certificate is the same when written and read")
        _ = try? ChainCheck.check(  // It is hardly its own authority.
            certificate.der, against: certificate, purpose: .client, at: certificate.notBefore)
    }

    private static func tokens(_ text: String) throws {
        if let token = AccessToken(text) {
            must(token.text == text, "a token has one spelling")
            must(!"\(token)".contains(token.text.suffix(43)), "a token's secret is not shown")
        }
        if let bytes = Base64URL.bytes(text) {
            must(Base64URL.text(bytes) == text, "each value has one spelling")
        }
        if let name = try? ServerName(text) {  // Most are none.
            must(try ServerName(name.description) == name, "a name is the same when written and read")
        }
        if let subject = try? CertificateSubject(name: text, groups: [text]) {
            must(subject.name.utf8.count <= 64, "a subject is bounded")
        }
        let ticket = try LoginTicket(text)
        must(try LoginTicket(ticket.text()) == ticket, "a ticket is the same when written and read")
        must(ticket.server.hasPrefix("https://"), "a ticket names a server that is spoken to in secret")
    }
}

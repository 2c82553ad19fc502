// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import FoundationEssentials
import Identity

/// What a server would do with the messages, by hand.
enum LoginMessages {
    static func request(_ body: [UInt8]) throws -> CertificateRequest {
        let request = try JSONDecoder().decode(LoginRequest.self, from: Data(body))
        return try CertificateRequest(pem: Array(request.certificateRequest.utf8))
    }

    static func answer(_ leaf: Certificate, _ authority: CertificateAuthority) throws -> [UInt8] {
        let answer = LoginAnswer(
            certificate: try leaf.pem(), authority: try authority.trustPEM(), name: leaf.commonName ?? "",
            groups: leaf.organizations, expiresAt: leaf.notAfter.description)
        return Array(try JSONEncoder().encode(answer))
    }
}

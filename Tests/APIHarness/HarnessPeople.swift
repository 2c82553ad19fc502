// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import ControllerAPI
import Foundation
import Identity
import ResourceStore
import SQLiteStore

/// An authority and those who have credentials by it.
struct HarnessPeople {
    let authority: CertificateAuthority
    private let folder: String
    private let now: Timestamp
    private static let day = Duration.seconds(86_400)

    init(folder: String, now: Timestamp) throws {
        self.folder = folder
        self.now = now
        authority = try CertificateAuthority.make(at: now)
        try write("ca.pem", try authority.trustPEM())
    }

    func serverIdentity() throws -> ServerIdentity {
        let key = try PrivateKey.make(.p256)
        let certificate = try authority.serverCertificate(
            names: [.dns("localhost"), .address("127.0.0.1")], key: key.publicKey, at: now, lifetime: Self.day)
        return ServerIdentity(
            certificateChain: try certificate.pem() + authority.trustPEM(), privateKey: try key.pem())
    }

    /// Issues a token and a certificate in this name, and writes them down.
    func add(_ name: String, groups: [String], to store: SQLiteStore) async throws {
        let token = try AccessToken.make()
        try await store.issue(
            IssuedCredential(
                id: "token:\(token.id)", kind: .token, name: name, groups: groups, secretHash: token.secretHash,
                issuedAt: now, expiresAt: now.advanced(by: Self.day)))
        let key = try PrivateKey.make(.p256)
        let certificate = try authority.clientCertificate(
            for: try CertificateSubject(name: name, groups: groups), key: key.publicKey, at: now, lifetime: Self.day)
        try write("\(name).token", token.text)
        try write("\(name).pem", try certificate.pem())
        try write("\(name).key", try key.pem())
    }

    private func write(_ name: String, _ text: String) throws {
        try text.write(toFile: "\(folder)/\(name)", atomically: true, encoding: .utf8)
    }
}

import ChaosModel
// SPDX-License-Identifier: Apache-2.0
import Digests
import Identity
import Synchronization

/// Remembers which leaves the authority has signed, so that the many requests of one connection check one signature.
/// Dates are looked at every time; revocations are the store's. Bounded: when it is full it forgets everything.
final class VerifiedCertificates: Sendable {
    private static let most = 4_096
    private let known = Mutex<[[UInt8]: Certificate]>([:])

    func certificate(
        _ leaf: [UInt8], authority: CertificateAuthority, at now: Timestamp
    ) throws(Denial) -> Certificate {
        let key = SHA256.digest(leaf)
        if let certificate = known.withLock({ $0[key] }) {
            guard now >= certificate.notBefore, now <= certificate.notAfter else { throw .expired }
            return certificate
        }
        do {
            let certificate = try authority.verify(leaf, purpose: .client, at: now)
            known.withLock { known in
                if known.count >= Self.most { known = [:] }
                known[key] = certificate
            }
            return certificate
        } catch {
            throw Denial(error)
        }
    }
}

extension Denial {
    init(_ error: IdentityError) {
        switch error.code {
        case .expired, .notYetValid: self = .expired
        case .untrusted: self = .foreign
        case .malformed, .unsupportedKey, .keyMismatch, .notAnAuthority, .wrongPurpose, .badName, .unreadableFile,
            .unsafeFile, .cannotWrite, .library:
            self = .wrong
        }
    }
}

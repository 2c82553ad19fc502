// SPDX-License-Identifier: Apache-2.0
package import ChaosModel
import Synchronization

/// What a server shows: its certificate with what leads to a root, and the key.
package struct ServerPair: Sendable, Equatable {
    /// The leaf first; a root is left out, as clients have it.
    package var chainPEM: String
    /// A secret.
    package var keyPEM: String
    package var notBefore: Timestamp
    package var notAfter: Timestamp
}

/// The server's certificate, renewed without a restart: one of the fleet's authority when a third of its life is left,
/// or the one in files when those have changed.
package final class ServerCertificates: Sendable {
    package enum Source: Sendable {
        /// Short certificates with a new key each time.
        case authority(CertificateAuthority, names: [ServerName], lifetime: Duration)
        /// A certificate that somebody else renews.
        case files(IdentityFolder.Files)
    }

    /// How often it is looked whether there is something to renew; a clock that was set is noticed as soon.
    package static let lookInterval = Duration.seconds(60)

    private let source: Source
    private let clock: any Clock<Duration>
    private let now: @Sendable () -> Timestamp
    private let onProblem: @Sendable (IdentityError) -> Void
    private let held: Mutex<ServerPair>

    /// Makes or reads the first pair. Throws what is wrong with it. `onProblem` is told why a later one could not be
    /// had; the old one stays.
    package init(
        _ source: Source, clock: any Clock<Duration>, now: @escaping @Sendable () -> Timestamp,
        onProblem: @escaping @Sendable (IdentityError) -> Void
    ) throws(IdentityError) {
        self.source = source
        self.clock = clock
        self.now = now
        self.onProblem = onProblem
        held = Mutex(try Self.pair(source, at: now()))
    }

    /// The pair that is shown now.
    package var current: ServerPair { held.withLock { $0 } }

    /// The pair of now, then each new one, until the task is cancelled. Several streams give the same pairs.
    package func pairs() -> AsyncStream<ServerPair> {
        let last = Mutex<ServerPair?>(nil)
        return AsyncStream { [self] in
            while true {
                let pair = current
                let isNew = last.withLock { last in
                    defer { last = pair }
                    return last != pair
                }
                if isNew { return pair }
                do { try await clock.sleep(for: Self.lookInterval) } catch { return nil }
                look()
            }
        }
    }

    /// Takes a new pair if it is time. Called by each stream; of several at once one makes it.
    private func look() {
        do throws(IdentityError) {
            let time = now()
            try held.withLock { pair throws(IdentityError) in
                switch source {
                case .authority(_, _, let lifetime):
                    if pair.notAfter.since(time) < lifetime / 3 || time < pair.notBefore {
                        pair = try Self.pair(source, at: time)
                    }
                case .files: pair = try Self.pair(source, at: time)
                }
            }
        } catch {
            onProblem(error)
        }
    }

    private static func pair(_ source: Source, at now: Timestamp) throws(IdentityError) -> ServerPair {
        switch source {
        case .authority(let authority, let names, let lifetime):
            let key = try PrivateKey.make(.p256)
            let leaf = try authority.serverCertificate(names: names, key: key.publicKey, at: now, lifetime: lifetime)
            let chain = [leaf, authority.certificate] + authority.issuers
            return try ServerPair(chain, key)
        case .files(let files):
            let chain = try Certificate.read(
                pem: try IdentityFolder.required(files.certificate), name: files.certificate)
            let key = try PrivateKey(pem: try IdentityFolder.required(files.key), name: files.key)
            try check(chain[0], key, files, at: now)
            return try ServerPair(chain, key)
        }
    }

    private static func check(
        _ leaf: Certificate, _ key: PrivateKey, _ files: IdentityFolder.Files, at now: Timestamp
    ) throws(IdentityError) {
        try DurableFile.checkMode(files.key, forbidden: 0o007)
        guard key.publicKey.der == leaf.publicKey.der else {
            throw IdentityError(
                .keyMismatch, "The key in \(files.key) is not the key of the certificate in \(files.certificate).",
                hint: "Give the two files that were made together.")
        }
        guard now < leaf.notAfter else {
            throw IdentityError(
                .expired, "The server certificate in \(files.certificate) expired at \(leaf.notAfter).",
                hint: "Renew it.")
        }
    }
}

extension ServerPair {
    fileprivate init(_ chain: [Certificate], _ key: PrivateKey) throws(IdentityError) {
        var text = ""
        for (index, certificate) in chain.enumerated() where index == 0 || !certificate.isSelfIssued {
            text += try certificate.pem()
        }
        chainPEM = text
        keyPEM = try key.pem()
        notBefore = chain[0].notBefore
        notAfter = chain[0].notAfter
    }
}

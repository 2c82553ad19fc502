// SPDX-License-Identifier: Apache-2.0
import HummingbirdHTTP2
import NIOCore
import NIOSSL
import Synchronization

/// TLS as this server speaks it: 1.3 only, with a certificate that may be renewed while connections are open, and
/// client certificates that are asked for and not required.
///
/// The handshake proves that the client holds the key of the certificate it shows; who signed it, whether it is in time
/// and whether it was taken back is for `AccessControl`, so that a bad one is answered with 401 and a reason, and not
/// with a broken connection.
final class ServerTLS: Sendable {
    private let current: Mutex<Loaded>

    private struct Loaded {
        var chain: [NIOSSLCertificateSource]
        var key: NIOSSLPrivateKeySource
    }

    /// Throws what NIOSSL throws for PEM that cannot be read.
    init(_ identity: ServerIdentity) throws {
        current = Mutex(try Self.load(identity))
    }

    /// New connections are shown this identity from now on. Throws for PEM that cannot be read, and keeps the old.
    func replace(with identity: ServerIdentity) throws {
        let loaded = try Self.load(identity)
        current.withLock { $0 = loaded }
    }

    private static func load(_ identity: ServerIdentity) throws -> Loaded {
        let chain = try NIOSSLCertificate.fromPEMBytes(Array(identity.certificateChain.utf8))
        let key = try NIOSSLPrivateKey(bytes: Array(identity.privateKey.utf8), format: .pem)
        return Loaded(chain: chain.map { .certificate($0) }, key: .privateKey(key))
    }

    var configuration: TLSChannelConfiguration {
        let first = current.withLock { $0 }
        var tls = TLSConfiguration.makeServerConfiguration(certificateChain: first.chain, privateKey: first.key)
        tls.minimumTLSVersion = .tlsv13
        tls.certificateVerification = .optionalVerification
        tls.trustRoots = .certificates([])
        tls.sslContextCallback = { [self] _, promise in
            var override = NIOSSLContextConfigurationOverride()
            let now = current.withLock { $0 }
            override.certificateChain = now.chain
            override.privateKey = now.key
            promise.succeed(override)
        }
        return TLSChannelConfiguration(
            tlsConfiguration: tls,
            customVerificationCallback: { _, promise in
                promise.succeed(.certificateVerified)
            })
    }
}

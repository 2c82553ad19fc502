// SPDX-License-Identifier: Apache-2.0
package import Identity

/// What the server is told from outside.
package struct APIServerConfiguration: Sendable {
    /// The address to listen on: an IP address.
    package var address: String
    /// 0 takes a free one.
    package var port: Int
    /// Names by which clients may call this server, besides IP addresses and `localhost`. Others are refused, so that
    /// a web page cannot reach it by a name of its own (DNS rebinding).
    package var allowedHosts: [String]
    /// The certificate and key that are shown now, and later ones. The first is awaited before listening.
    package var certificates: AsyncStream<ServerIdentity>
    package var limits: APIServerLimits
    /// What `/version` says.
    package var programVersion: String
    /// The keys that sign or signed the audit, as `GET …/audit` tells them.
    package var signingKeys: [PublicKey] = []

    package init(
        address: String, port: Int, allowedHosts: [String], certificates: AsyncStream<ServerIdentity>,
        limits: APIServerLimits, programVersion: String
    ) {
        self.address = address
        self.port = port
        self.allowedHosts = allowedHosts
        self.certificates = certificates
        self.limits = limits
        self.programVersion = programVersion
    }
}

/// A certificate with its chain, and its key.
package struct ServerIdentity: Sendable {
    /// The leaf first, then what signed it, in PEM.
    package var certificateChain: String
    /// In PEM.
    package var privateKey: String

    package init(certificateChain: String, privateKey: String) {
        self.certificateChain = certificateChain
        self.privateKey = privateKey
    }
}

/// The bounds on what strangers can make the server do.
package struct APIServerLimits: Sendable {
    /// Bodies, in bytes. Manifests have a bound of their own, which is the same.
    package var bodyBytes = 1 << 20
    /// All header fields of a request together, in bytes.
    package var headerBytes = 16 * 1_024
    package var headerFields = 100
    package var connections = 12_000
    /// A body must have come whole within this.
    package var bodyTimeout = Duration.seconds(30)
    /// A request that is no watch must be answered within this.
    package var requestTimeout = Duration.seconds(60)
    /// A connection without a request is closed after this.
    package var idleTimeout = Duration.seconds(120)
    /// How long a watch lasts when the client does not say; also the most it may ask for.
    package var watchTimeout = Duration.seconds(3_600)
    /// The distance of bookmarks on a watch that asks for them.
    package var bookmarkInterval = Duration.seconds(5)
    /// How long requests under way may take when the server is told to end.
    package var drainTimeout = Duration.seconds(10)

    package init() {}
}

/// One thing that must be in order before requests are sent here.
package struct ReadinessCheck: Sendable, Equatable {
    package var name: String
    package var isReady: Bool
    /// Why not, for those who are allowed to know.
    package var message: String

    package init(name: String, isReady: Bool, message: String = "") {
        self.name = name
        self.isReady = isReady
        self.message = message
    }
}

/// The figures of this process, in the format that a client accepts (the value of its `Accept` header).
package typealias MetricsSource = @Sendable (_ accept: String?) async -> MetricsPage

/// Figures as they are answered.
package struct MetricsPage: Sendable, Equatable {
    package var contentType: String
    package var text: String

    package init(contentType: String, text: String) {
        self.contentType = contentType
        self.text = text
    }
}

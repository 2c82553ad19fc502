// SPDX-License-Identifier: Apache-2.0

/// How the other side of a TLS connection is checked, and who we are there.
package struct TLSOptions: Sendable, Hashable {
    /// The oldest protocol version that is accepted.
    package enum Version: String, Sendable, Hashable, CaseIterable {
        case tls12 = "1.2"
        case tls13 = "1.3"
    }

    /// PEM file of the trusted authorities; nil means the system's.
    package var caFile: String?
    /// PEM file of our certificate with its chain.
    package var clientCertificateFile: String?
    /// PEM file of the key to `clientCertificateFile`; nil means it lies in the same file.
    package var clientKeyFile: String?
    /// PEM text of the trusted authorities, used instead of `caFile` and of the system's.
    package var caPEM: [UInt8]?
    /// PEM text of our certificate with its chain, used instead of `clientCertificateFile`: a key that is in memory
    /// need not be written to a disk.
    package var clientCertificatePEM: [UInt8]?
    /// PEM text of the key to `clientCertificatePEM`.
    package var clientKeyPEM: [UInt8]?
    /// False accepts any certificate of any name: for probes of hosts whose certificate is not the question.
    package var verifiesPeer: Bool = true
    /// The name asked for (SNI) and checked in the certificate instead of the URL's host.
    package var serverName: String?
    package var minimumVersion: Version = .tls12

    /// The system's authorities, full verification, TLS 1.2 or later.
    package init() {}
}

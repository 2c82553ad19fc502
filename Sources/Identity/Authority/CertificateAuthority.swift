import COpenSSL
// SPDX-License-Identifier: Apache-2.0
package import ChaosModel

/// The fleet's own authority: a certificate that may sign others, and its key.
package struct CertificateAuthority: Sendable {
    package let certificate: Certificate
    /// What clients need beside it to reach a root they know, for a company's own authority; may be empty.
    package let issuers: [Certificate]
    /// Others whose client certificates are accepted beside its own, while one authority takes the place of another.
    /// They sign nothing here.
    package private(set) var beside: [Certificate] = []
    private let key: PrivateKey

    /// Certificates are good from a little before they were made, for clocks that are behind.
    package static let clockAllowance = Duration.seconds(300)
    /// How long an authority made here lasts: ten years.
    package static let ownLifetime = Duration.seconds(10 * 365 * 86_400)

    /// A new authority with a P-256 key, which every TLS library takes.
    package static func make(at now: Timestamp) throws(IdentityError) -> CertificateAuthority {
        let key = try PrivateKey.make(.p256)
        let draft = CertificateDraft(
            commonName: "Rebound fleet \(key.publicKey.id.prefix(8))", publicKey: key.publicKey,
            notBefore: now.advanced(by: .zero - clockAllowance), notAfter: now.advanced(by: ownLifetime),
            extensions: [
                (NID_basic_constraints, "critical,CA:TRUE,pathlen:0"), (NID_key_usage, "critical,keyCertSign,cRLSign"),
                (NID_subject_key_identifier, "hash"), (NID_authority_key_identifier, "keyid:always"),
            ])
        return CertificateAuthority(
            certificate: try draft.signed(with: key, issuer: nil), issuers: [], key: key)
    }

    private init(certificate: Certificate, issuers: [Certificate], key: PrivateKey) {
        self.certificate = certificate
        self.issuers = issuers
        self.key = key
    }

    /// An authority from its files' contents: the certificate first, then its issuers, if any. `certificateName` and
    /// `keyName` are for messages. Throws `.notAnAuthority`, `.keyMismatch`, `.expired`, `.notYetValid`,
    /// `.unsupportedKey`, `.malformed`.
    package init(
        certificatePEM: [UInt8], certificateName: String, keyPEM: [UInt8], keyName: String, at now: Timestamp
    ) throws(IdentityError) {
        let chain = try Certificate.read(pem: certificatePEM, name: certificateName)
        let key = try PrivateKey(pem: keyPEM, name: keyName)
        try Self.check(chain[0], certificateName, at: now)
        guard key.kind.isAuthorityKey else {
            throw IdentityError(
                .unsupportedKey, "The key in \(keyName) is of kind \(key.kind).",
                hint: "Use an authority with a P-256, P-384, P-521, Ed25519 or RSA key (2048 bits or more).")
        }
        guard key.publicKey.der == chain[0].publicKey.der else {
            throw IdentityError(
                .keyMismatch, "The key in \(keyName) is not the key of the certificate in \(certificateName).",
                hint: "Give the two files that were made together.")
        }
        self.init(certificate: chain[0], issuers: Array(chain.dropFirst()), key: key)
        try tryOut(certificateName, at: now)
    }

    /// Signs a leaf and checks it as a caller's is checked: what an authority's extensions forbid shows here, and not
    /// when the first operator wants to log in.
    private func tryOut(_ name: String, at now: Timestamp) throws(IdentityError) {
        do throws(IdentityError) {
            let leaf = try clientCertificate(
                for: CertificateSubject(name: "trial", groups: []), key: try PrivateKey.make(.p256).publicKey, at: now,
                lifetime: .seconds(60))
            _ = try verify(leaf.der, purpose: .client, at: now)
        } catch {
            throw IdentityError(
                .notAnAuthority, "What the authority in \(name) signs is not accepted. \(error.message)",
                hint: "Give an authority with a subject key identifier, keyUsage keyCertSign, no name constraints, and "
                    + "no extended key usage without clientAuth.", cause: error)
        }
    }

    private static func check(
        _ certificate: Certificate, _ name: String, at now: Timestamp
    ) throws(IdentityError) {
        guard certificate.isAuthority else {
            throw IdentityError(
                .notAnAuthority, "The certificate in \(name) may not sign others.",
                hint: "Give an authority's certificate: basicConstraints CA:TRUE and keyUsage keyCertSign.")
        }
        guard now < certificate.notAfter else {
            throw IdentityError(
                .expired, "The authority in \(name) expired at \(certificate.notAfter).",
                hint:
                    "Put a current one in its place. One that the controller made itself: move \(name) away, start it "
                    + "again, and log in anew with `rebound-controller authority ticket`.")
        }
        guard now >= certificate.notBefore else {
            throw IdentityError(
                .notYetValid, "The authority in \(name) is not valid before \(certificate.notBefore).",
                hint: "Compare this machine's clock, or give another authority.")
        }
    }

    /// The PEM of the authority, its issuers and those beside it: what a client trusts.
    package func trustPEM() throws(IdentityError) -> String {
        var text = ""
        for certificate in [certificate] + issuers + beside { text += try certificate.pem() }
        return text
    }

    /// The same authority with others beside it. Throws `.notAnAuthority`; `name` is for the message.
    package func accepting(_ others: [Certificate], name: String) throws(IdentityError) -> CertificateAuthority {
        guard others.allSatisfy(\.isAuthority) else {
            throw IdentityError(
                .notAnAuthority, "A certificate in \(name) may not sign others.",
                hint: "Put back what `rebound-controller authority` wrote there, or move the file away.")
        }
        var wider = self
        wider.beside += others.filter { !(wider.beside + [certificate]).contains($0) }
        return wider
    }

    /// The private key in PEM, to be kept in a file of mode 0600.
    func keyPEM() throws(IdentityError) -> String { try key.pem() }
}

extension CertificateAuthority {
    /// A server certificate; its dates end with the authority's at the latest. Throws `.badName` for no name.
    package func serverCertificate(
        names: [ServerName], key: PublicKey, at now: Timestamp, lifetime: Duration
    ) throws(IdentityError) -> Certificate {
        guard let first = names.first else {
            throw IdentityError(
                .badName, "A server certificate needs a name.", hint: "Name the hosts and addresses it is reached by.")
        }
        let list = names.map { name in
            switch name {
            case .dns(let host): "DNS:\(host)"
            case .address(let address): "IP:\(address)"
            }
        }
        let subject = first.description.utf8.count <= CertificateSubject.longest ? first.description : "rebound"
        return try issue(
            name: subject, groups: [], key: key, at: now, lifetime: lifetime,
            extensions: [
                (NID_ext_key_usage, "serverAuth"), (NID_subject_alt_name, list.joined(separator: ",")),
            ])
    }

    /// A client certificate; its dates end with the authority's at the latest.
    package func clientCertificate(
        for subject: CertificateSubject, key: PublicKey, at now: Timestamp, lifetime: Duration
    ) throws(IdentityError) -> Certificate {
        try issue(
            name: subject.name, groups: subject.groups, key: key, at: now, lifetime: lifetime,
            extensions: [(NID_ext_key_usage, "clientAuth")])
    }

    private func issue(
        name: String, groups: [String], key: PublicKey, at now: Timestamp, lifetime: Duration,
        extensions: [(nid: Int32, value: String)]
    ) throws(IdentityError) -> Certificate {
        guard key.kind.isFleetKey else {
            throw IdentityError(
                .unsupportedKey, "No certificate is issued for a key of kind \(key.kind).",
                hint: "Use a P-256 or Ed25519 key.")
        }
        guard now < certificate.notAfter else {
            throw IdentityError(
                .expired, "The fleet's authority expired at \(certificate.notAfter).", hint: "Give it a new one.")
        }
        let common: [(nid: Int32, value: String)] = [
            (NID_basic_constraints, "critical,CA:FALSE"), (NID_key_usage, "critical,digitalSignature"),
            (NID_subject_key_identifier, "hash"), (NID_authority_key_identifier, "keyid:always"),
        ]
        let draft = CertificateDraft(
            commonName: name, organizations: groups, publicKey: key,
            notBefore: max(now.advanced(by: .zero - Self.clockAllowance), certificate.notBefore),
            notAfter: min(now.advanced(by: lifetime), certificate.notAfter), extensions: common + extensions)
        return try draft.signed(with: self.key, issuer: certificate)
    }

    /// The leaf, once it is sure that this authority itself signed it, or one beside it that is in time, for this
    /// purpose, and that it is valid now. Throws `.malformed`, `.untrusted`, `.expired`, `.notYetValid`,
    /// `.wrongPurpose`. Costs about 0.2 ms.
    package func verify(
        _ der: [UInt8], purpose: CertificatePurpose, at now: Timestamp
    ) throws(IdentityError) -> Certificate {
        let leaf = try Certificate(der: der)
        let others = beside.filter { $0.notBefore <= now && now < $0.notAfter }
        for (index, signer) in ([certificate] + others).enumerated() {
            do throws(IdentityError) {
                try ChainCheck.check(der, against: signer, purpose: purpose, at: now)
                return leaf
            } catch {
                // Not of this one; what else is wrong with a leaf is for the authority that signed it to say.
                if error.code != .untrusted || index == others.count { throw error }
            }
        }
        return leaf  // Not reached: the last turn returns or throws.
    }
}

// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import Identity
import TestSupport
import Testing

@Suite("Which leaves are of the fleet")
struct VerificationTests {
    let authority: CertificateAuthority
    let leaf: Certificate

    init() throws {
        authority = try CertificateAuthority.make(at: someDay)
        let key = try PrivateKey.make(.p256)
        leaf = try authority.clientCertificate(
            for: CertificateSubject(name: "alice", groups: ["ops"]), key: key.publicKey, at: someDay,
            lifetime: .hours(12))
    }

    private func verdict(_ der: [UInt8], at time: Timestamp = someDay) -> IdentityError.Code? {
        code { () throws(IdentityError) in _ = try authority.verify(der, purpose: .client, at: time) }
    }

    @Test("a leaf is good from five minutes before it was made until its end, by the date that is given")
    func dates() {
        #expect(verdict(leaf.der) == nil)
        #expect(verdict(leaf.der, at: someDay.advanced(by: .seconds(-299))) == nil)
        #expect(verdict(leaf.der, at: someDay.advanced(by: .seconds(-301))) == .notYetValid)
        #expect(verdict(leaf.der, at: leaf.notAfter.advanced(by: .seconds(-1))) == nil)
        #expect(verdict(leaf.der, at: leaf.notAfter.advanced(by: .seconds(1))) == .expired)
    }

    @Test("another fleet's leaf is foreign, also one with our authority's name")
    func foreign() throws {
        let key = try PrivateKey.make(.p256)
        let other = try CertificateAuthority.make(at: someDay)
        let theirs = try other.clientCertificate(
            for: CertificateSubject(name: "alice", groups: ["ops"]), key: key.publicKey, at: someDay,
            lifetime: .hours(12))
        #expect(verdict(theirs.der) == .untrusted)
        let folder = try ScratchFolder()
        let name = "/CN=\(authority.certificate.commonName ?? "")"
        let impostor = try ToolAuthority(folder, "impostor", subject: name, key: .curve("P-256"))
        let forged = try impostor.authority(at: machineTime()).clientCertificate(
            for: CertificateSubject(name: "alice", groups: []), key: key.publicKey, at: someDay, lifetime: .hours(1))
        #expect(verdict(forged.der) == .untrusted)
    }

    @Test("the authority itself, and a certificate that signed itself, are no clients")
    func notLeaves() throws {
        #expect(verdict(authority.certificate.der) == .wrongPurpose)
        let folder = try ScratchFolder()
        let own = try ToolAuthority(folder, "own", subject: "/CN=alice", key: .curve("P-256"), isAuthority: false)
        let alone = try Certificate.read(pem: Array(folder.read("own.pem").utf8), name: "own")[0]
        #expect(verdict(alone.der, at: machineTime()) == .untrusted)
        #expect(own.name == "own")
    }

    @Test("what else a company's root has signed is not of the fleet whose authority it signed too")
    func siblings() throws {
        let folder = try ScratchFolder()
        let root = try ToolAuthority(folder, "root", subject: "/CN=Company root", key: .rsa)
        let ours = try ToolAuthority(folder, "ours", subject: "/CN=Rebound at Company", key: .curve("P-256"), by: root)
        let theirs = try ToolAuthority(folder, "theirs", subject: "/CN=Printers", key: .curve("P-256"), by: root)
        let now = machineTime()
        let fleet = try ours.authority(at: now)
        let key = try PrivateKey.make(.p256).publicKey
        let subject = try CertificateSubject(name: "alice", groups: [])
        for (signer, isOurs) in [(ours, true), (theirs, false), (root, false)] {
            let leaf = try signer.authority(at: now).clientCertificate(
                for: subject, key: key, at: now, lifetime: .hours(1))
            let found = code { () throws(IdentityError) in
                _ = try fleet.verify(leaf.der, purpose: .client, at: now)
            }
            #expect(found == (isOurs ? nil : .untrusted), "\(signer.name)")
        }
    }

    @Test("a leaf with any byte changed or cut is never of the fleet, and never crashes")
    func mangled() throws {
        for changed in Mangling.all(of: leaf.der) {
            #expect(verdict(changed) != nil)
        }
    }
}

/// An authority made by `openssl`, as a company has one.
struct ToolAuthority {
    enum Key: Sendable { case curve(String), rsa, shortRSA, ed25519 }
    let folder: ScratchFolder
    let name: String

    init(
        _ folder: ScratchFolder, _ name: String, subject: String, key: Key, by signer: ToolAuthority? = nil,
        isAuthority: Bool = true, options: [String] = ["-days", "30"]
    ) throws {
        self.folder = folder
        self.name = name
        let algorithm =
            switch key {
            case .curve(let curve): ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:\(curve)"]
            case .rsa: ["-newkey", "rsa:2048"]
            case .shortRSA: ["-newkey", "rsa:1024"]
            case .ed25519: ["-newkey", "ed25519"]
            }
        let extensions =
            isAuthority
            ? ["-addext", "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=critical,keyCertSign,cRLSign"]
            : ["-addext", "basicConstraints=critical,CA:FALSE", "-addext", "keyUsage=critical,digitalSignature"]
        let signing = signer.map { ["-CA", folder.file("\($0.name).pem"), "-CAkey", folder.file("\($0.name).key")] }
        let identifiers = ["-addext", "subjectKeyIdentifier=hash", "-addext", "authorityKeyIdentifier=keyid"]
        let configuration = try folder.write("[req]\ndistinguished_name = dn\n[dn]\n", to: "openssl.cnf")
        try OpenSSLTool.run(
            ["req", "-x509", "-config", configuration, "-nodes", "-subj", subject] + algorithm + extensions
                + identifiers + (signing ?? []) + options + [
                    "-keyout", folder.file("\(name).key"), "-out", folder.file("\(name).pem"),
                ])
    }

    func authority(at now: Timestamp) throws -> CertificateAuthority {
        try CertificateAuthority(
            certificatePEM: Array(folder.read("\(name).pem").utf8), certificateName: "\(name).pem",
            keyPEM: Array(folder.read("\(name).key").utf8), keyName: "\(name).key", at: now)
    }
}

// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import Identity
import TestSupport
import Testing

@Suite("An authority that somebody brings")
struct OwnAuthorityTests {
    let folder: ScratchFolder
    /// A little on, as openssl makes its certificates valid from the second in which they are made.
    let now = machineTime().advanced(by: .seconds(120))

    init() throws { folder = try ScratchFolder() }

    @Test(
        "RSA, P-256, P-384, P-521 and Ed25519 authorities sign leaves that openssl accepts",
        arguments: [
            ToolAuthority.Key.rsa, .curve("P-256"), .curve("P-384"), .curve("P-521"), .ed25519,
        ])
    func kinds(key: ToolAuthority.Key) throws {
        let authority = try ToolAuthority(folder, "ca", subject: "/CN=Company", key: key).authority(at: now)
        let leaf = try authority.clientCertificate(
            for: CertificateSubject(name: "alice", groups: ["ops"]), key: PrivateKey.make(.p256).publicKey, at: now,
            lifetime: .hours(1))
        let path = try folder.write(try leaf.pem(), to: "leaf.pem")
        try OpenSSLTool.run(["verify", "-purpose", "sslclient", "-CAfile", folder.file("ca.pem"), path])
        #expect(try authority.verify(leaf.der, purpose: .client, at: now).commonName == "alice")
    }

    @Test("an intermediate authority goes with its issuers, so that clients reach the root they know")
    func intermediate() throws {
        let root = try ToolAuthority(folder, "root", subject: "/CN=Root", key: .rsa)
        _ = try ToolAuthority(folder, "ours", subject: "/CN=Ours", key: .curve("P-256"), by: root)
        let chain = try folder.write(try folder.read("ours.pem") + folder.read("root.pem"), to: "chain.pem")
        let opened = try IdentityFolder.open(
            folder.file("state"), authority: .init(certificate: chain, key: folder.file("ours.key")), at: now)
        #expect(opened.authority.issuers.count == 1)
        let certificates = try ServerCertificates(
            .authority(opened.authority, names: [ServerName("rebound.example")], lifetime: .hours(24)),
            clock: ContinuousClock(), now: { machineTime() }, onProblem: { _ in })
        let shown = try Certificate.read(pem: Array(certificates.current.chainPEM.utf8), name: "shown")
        #expect(shown.map(\.commonName) == ["rebound.example", "Ours"])
        try folder.write(certificates.current.chainPEM, to: "shown.pem")
        try OpenSSLTool.run([
            "verify", "-purpose", "sslserver", "-verify_hostname", "rebound.example", "-CAfile",
            folder.file("root.pem"),
            "-untrusted", folder.file("shown.pem"), folder.file("shown.pem"),
        ])
    }

    @Test("a certificate that may not sign, a key of another, a short key and a passphrase are told apart")
    func refusals() throws {
        let good = try ToolAuthority(folder, "good", subject: "/CN=Good", key: .curve("P-256"))
        let leaf = try ToolAuthority(folder, "leaf", subject: "/CN=Leaf", key: .curve("P-256"), isAuthority: false)
        let weak = try ToolAuthority(folder, "weak", subject: "/CN=Weak", key: .shortRSA)
        #expect(refusal("good", "good") == nil)
        #expect(refusal("leaf", "leaf")?.code == .notAnAuthority)
        #expect(refusal("good", "leaf")?.code == .keyMismatch)
        #expect(refusal("weak", "weak")?.code == .unsupportedKey)
        try OpenSSLTool.run([
            "pkey", "-in", folder.file("good.key"), "-aes256", "-passout", "pass:secret", "-out",
            folder.file("locked.key"),
        ])
        #expect(refusal("good", "locked")?.code == .unsupportedKey)
        for name in [good, leaf, weak].map(\.name) {
            let error = refusal(name, "absent")
            #expect(error?.code == .unreadableFile && error?.message.contains("absent.key") == true)
        }
    }

    @Test("an authority out of its dates is refused, with the date")
    func dates() throws {
        _ = try ToolAuthority(folder, "ca", subject: "/CN=Dated", key: .curve("P-256"))
        let late = refusal("ca", "ca", at: now.advanced(by: .days(31)))
        #expect(late?.code == .expired && late?.message.contains("expired at 20") == true)
        let early = refusal("ca", "ca", at: now.advanced(by: .zero - .days(1)))
        #expect(early?.code == .notYetValid && early?.message.contains("before 20") == true)
    }

    @Test("a key that everybody may read is refused with what to do; one that a group may read is taken")
    func modes() throws {
        _ = try ToolAuthority(folder, "ca", subject: "/CN=Open", key: .curve("P-256"))
        let key = try folder.read("ca.key")
        try folder.write(key, to: "ca.key", mode: 0o644)
        let error = refusal("ca", "ca")
        #expect(error?.code == .unsafeFile && error?.hint.contains("chmod 600") == true)
        try folder.write(key, to: "ca.key", mode: 0o640)
        #expect(refusal("ca", "ca") == nil)
    }

    private func refusal(_ certificate: String, _ key: String, at time: Timestamp? = nil) -> IdentityError? {
        let files = IdentityFolder.Files(
            certificate: folder.file("\(certificate).pem"), key: folder.file("\(key).key"))
        do {
            _ = try IdentityFolder.open(folder.file("state"), authority: files, at: time ?? now)
            return nil
        } catch {
            return error
        }
    }
}

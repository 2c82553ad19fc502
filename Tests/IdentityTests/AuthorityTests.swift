// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import HTTPTransport
import Identity
import TestSupport
import Testing

@Suite("The fleet's authority, judged by openssl")
struct AuthorityTests {
    let folder: ScratchFolder
    let authority: CertificateAuthority
    let now = machineTime()

    init() throws {
        folder = try ScratchFolder()
        authority = try CertificateAuthority.make(at: now)
        try folder.write(try authority.trustPEM(), to: "ca.pem")
    }

    private func text(_ certificate: Certificate) throws -> String {
        let path = try folder.write(try certificate.pem(), to: "shown.pem")
        return try OpenSSLTool.run(["x509", "-in", path, "-noout", "-text", "-nameopt", "RFC2253"])
    }

    private func isVerified(_ certificate: Certificate, _ options: [String]) throws -> Bool {
        let path = try folder.write(try certificate.pem(), to: "leaf.pem")
        return try OpenSSLTool.result(["verify", "-x509_strict", "-CAfile", folder.file("ca.pem")] + options + [path])
            .isGood
    }

    @Test("the authority may sign leaves and no further authority")
    func authorityItself() throws {
        #expect(try isVerified(authority.certificate, []))
        let text = try text(authority.certificate)
        #expect(text.contains("CA:TRUE, pathlen:0"))
        #expect(text.contains("Certificate Sign, CRL Sign"))
        #expect(text.contains("prime256v1"))
        #expect(authority.certificate.isAuthority && authority.certificate.isSelfIssued)
    }

    @Test(
        "a server certificate is good for each of its names, for no other, and for no client",
        arguments: [
            PrivateKey.Algorithm.p256, .ed25519,
        ])
    func server(algorithm: PrivateKey.Algorithm) throws {
        let key = try PrivateKey.make(algorithm)
        let names = try ["rebound.example.com", "10.1.2.3", "fd00::5"].map { name throws in try ServerName(name) }
        let leaf = try authority.serverCertificate(names: names, key: key.publicKey, at: now, lifetime: .hours(24))
        let server = ["-purpose", "sslserver"]
        #expect(try isVerified(leaf, server + ["-verify_hostname", "rebound.example.com"]))
        #expect(try isVerified(leaf, server + ["-verify_ip", "10.1.2.3"]))
        #expect(try isVerified(leaf, server + ["-verify_ip", "fd00::5"]))
        #expect(try !isVerified(leaf, server + ["-verify_hostname", "other.example.com"]))
        #expect(try !isVerified(leaf, server + ["-verify_ip", "10.1.2.4"]))
        #expect(try !isVerified(leaf, ["-purpose", "sslclient"]))
        #expect(try authority.verify(leaf.der, purpose: .server, at: now) == leaf)
        #expect(
            code { () throws(IdentityError) in _ = try authority.verify(leaf.der, purpose: .client, at: now) }
                == .wrongPurpose)
    }

    @Test("a client certificate names its holder and groups, and is good for no server")
    func client() throws {
        let key = try PrivateKey.make(.ed25519)
        let subject = try CertificateSubject(name: "alice@example.com", groups: ["rebound:admins", "storefront"])
        let leaf = try authority.clientCertificate(
            for: subject, key: key.publicKey, at: now, lifetime: .hours(12))
        #expect(try isVerified(leaf, ["-purpose", "sslclient"]))
        #expect(try !isVerified(leaf, ["-purpose", "sslserver"]))
        let text = try text(leaf)
        #expect(text.contains("CN=alice@example.com"))
        #expect(text.contains("O=rebound:admins") && text.contains("O=storefront"))
        #expect(text.contains("TLS Web Client Authentication") && !text.contains("TLS Web Server Authentication"))
        #expect(text.contains("CA:FALSE"))
        #expect(leaf.commonName == "alice@example.com")
        #expect(leaf.organizations == ["rebound:admins", "storefront"])
        #expect(leaf.notAfter.since(now) == .hours(12))
        #expect(leaf.notBefore.since(now) == .zero - CertificateAuthority.clockAllowance)
        #expect(try authority.verify(leaf.der, purpose: .client, at: now) == leaf)
    }

    @Test("serial numbers are of 128 bits and never the same, and openssl reads the same number")
    func serials() throws {
        let key = try PrivateKey.make(.p256)
        let subject = try CertificateSubject(name: "bob", groups: [])
        var seen: Set<String> = []
        for _ in 0..<100 {
            let leaf = try authority.clientCertificate(
                for: subject, key: key.publicKey, at: now, lifetime: .hours(1))
            #expect(leaf.serial.utf8.count == 32)
            #expect(seen.insert(leaf.serial).inserted)
        }
        let leaf = try authority.clientCertificate(for: subject, key: key.publicKey, at: now, lifetime: .hours(1))
        let path = try folder.write(try leaf.pem(), to: "serial.pem")
        #expect(
            try OpenSSLTool.run(["x509", "-in", path, "-noout", "-serial"]).lowercased() == "serial=\(leaf.serial)")
        let printed = try OpenSSLTool.run(["x509", "-in", path, "-noout", "-fingerprint", "-sha256"])
        #expect(printed.lowercased().replacing(":", with: "").hasSuffix(leaf.fingerprint))
    }

    @Test("no certificate lasts longer than the authority, and none is made after its end")
    func ends() throws {
        let key = try PrivateKey.make(.p256).publicKey
        let subject = try CertificateSubject(name: "bob", groups: [])
        let end = authority.certificate.notAfter
        let late = end.advanced(by: .zero - .hours(1))
        let leaf = try authority.clientCertificate(for: subject, key: key, at: late, lifetime: .days(30))
        #expect(leaf.notAfter == end)
        #expect(
            code { () throws(IdentityError) in
                _ = try authority.clientCertificate(for: subject, key: key, at: end, lifetime: .hours(1))
            } == .expired)
    }

    @Test(
        "names that could fool a reader or a parser stand in no certificate",
        arguments: [
            "", " ", "a\nb", "a\0b", "\u{1B}[31mroot", "é", String(repeating: "a", count: 65), " alice", "alice ",
        ])
    func unsafeNames(name: String) {
        #expect(code { () throws(IdentityError) in _ = try CertificateSubject(name: name, groups: []) } == .badName)
        #expect(code { () throws(IdentityError) in _ = try CertificateSubject(name: "a", groups: [name]) } == .badName)
    }

    @Test(
        "what is no host name and no address is no server name",
        arguments: [
            "", "a b", "a,DNS:evil.example", "a\nb", "-a.example", "a-.example", "a..b", "1.2.3", "1.2.3.4.5",
            "300.1.1.1",
            "*", "*.", "a.*.example", "[::1]", "fe80::1%eth0", "https://a", "a:443", "é.example", "a\0.example",
            String(repeating: "a", count: 64) + ".example", String(repeating: "a.", count: 127) + "aa",
        ])
    func badServerNames(name: String) {
        #expect(code { () throws(IdentityError) in _ = try ServerName(name) } == .badName)
    }
}

@Suite("Real handshakes with our certificates")
struct HandshakeTests {
    private struct Party {
        var folder: ScratchFolder
        var authority: CertificateAuthority

        init() throws {
            folder = try ScratchFolder()
            authority = try CertificateAuthority.make(at: machineTime())
            try folder.write(try authority.trustPEM(), to: "ca.pem")
        }

        func issue(_ name: String, client: Bool, at time: Timestamp = machineTime()) throws {
            let key = try PrivateKey.make(.p256)
            let leaf =
                try client
                ? authority.clientCertificate(
                    for: CertificateSubject(name: name, groups: []), key: key.publicKey, at: time, lifetime: .hours(1))
                : authority.serverCertificate(
                    names: [ServerName("localhost"), ServerName("127.0.0.1")], key: key.publicKey, at: time,
                    lifetime: .hours(1))
            try folder.write(try leaf.pem(), to: "\(name).pem")
            try folder.write(try key.pem(), to: "\(name).key")
        }
    }

    @Test("libcurl and openssl s_server, both with certificates of ours, trust each other by TLS 1.3")
    func mutual() async throws {
        let fleet = try Party()
        try fleet.issue("server", client: false)
        try fleet.issue("alice", client: true)
        let server = try ListeningServer(fleet.folder, ["-Verify", "1", "-verify_return_error", "-tls1_3"])
        let client = try HTTPClient()
        #expect(try await client.send(request(server, fleet.folder, "alice", fleet.folder)).status == 200)
    }

    @Test("a client of another authority, an expired one, and a server certificate as client are refused")
    func refused() async throws {
        let fleet = try Party()
        let other = try Party()
        try fleet.issue("server", client: false)
        try other.issue("mallory", client: true)
        try fleet.issue("old", client: true, at: machineTime().advanced(by: .zero - .days(2)))
        let server = try ListeningServer(fleet.folder, ["-Verify", "1", "-verify_return_error", "-tls1_2"])
        let client = try HTTPClient()
        for (name, holder) in [("mallory", other), ("old", fleet), ("server", fleet)] {
            let request = request(server, fleet.folder, name, holder.folder)
            await #expect(throws: TransportError.self, "\(name)") { try await client.send(request) }
        }
    }

    @Test("a server of another authority is refused before anything is sent")
    func foreignServer() async throws {
        let fleet = try Party()
        let other = try Party()
        try other.issue("server", client: false)
        try fleet.issue("alice", client: true)
        let server = try ListeningServer(other.folder, [])
        let client = try HTTPClient()
        let request = request(server, fleet.folder, "alice", fleet.folder)
        let error = await #expect(throws: TransportError.self) { try await client.send(request) }
        #expect(error?.code == .tls && error?.requestMayHaveBeenSent == false)
    }

    private func request(
        _ server: ListeningServer, _ trusted: ScratchFolder, _ name: String, _ holder: ScratchFolder
    ) -> HTTPRequest {
        let timeouts = HTTPTimeouts(connect: .seconds(30), total: .seconds(60))
        var request = HTTPRequest(url: "https://127.0.0.1:\(server.port)/", timeouts: timeouts)
        request.tls.caFile = trusted.file("ca.pem")
        request.tls.clientCertificateFile = holder.file("\(name).pem")
        request.tls.clientKeyFile = holder.file("\(name).key")
        request.connection = .fresh
        return request
    }
}

/// `openssl s_server` with `server.pem` of a folder.
private final class ListeningServer {
    let port: Int
    private let process: ChildProcess

    init(_ folder: ScratchFolder, _ options: [String]) throws {
        let files = ["-cert", folder.file("server.pem"), "-key", folder.file("server.key")]
        let trust = ["-CAfile", folder.file("ca.pem")]
        process = try ChildProcess(
            "/usr/bin/openssl", ["s_server", "-accept", "127.0.0.1:0", "-www"] + files + trust + options)
        while let line = process.readLine() {
            guard line.hasPrefix("ACCEPT"), let port = line.split(separator: ":").last.flatMap({ Int($0) }) else {
                continue
            }
            self.port = port
            return
        }
        throw TestToolFailure(command: "openssl s_server")
    }
}

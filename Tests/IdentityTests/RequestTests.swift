// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import Identity
import TestSupport
import Testing

@Suite("Requests for certificates")
struct RequestTests {
    private func made(_ folder: ScratchFolder, _ options: [String]) throws -> [UInt8] {
        let files = ["-keyout", folder.file("key.pem"), "-out", folder.file("request.pem")]
        try OpenSSLTool.run(["req", "-new", "-nodes", "-subj", "/CN=admin/O=rebound:admins"] + options + files)
        return Array(try folder.read("request.pem").utf8)
    }

    @Test(
        "openssl's requests with P-256 and Ed25519 keys are taken, for the key alone",
        arguments: [
            ["-newkey", "ed25519"], ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"],
        ])
    func openssl(options: [String]) throws {
        let folder = try ScratchFolder()
        let request = try CertificateRequest(pem: made(folder, options))
        let key = try PrivateKey(pem: Array(folder.read("key.pem").utf8), name: "key")
        #expect(request.publicKey == key.publicKey)
        let now = machineTime()
        let leaf = try CertificateAuthority.make(at: now).clientCertificate(
            for: CertificateSubject(name: "bob", groups: []), key: request.publicKey, at: now, lifetime: .hours(1))
        #expect(leaf.commonName == "bob" && leaf.organizations == [])
    }

    @Test(
        "other keys are refused, and the message says which and what to do",
        arguments: [
            ["-newkey", "rsa:2048"], ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-384"], ["-newkey", "ed448"],
        ])
    func otherKeys(options: [String]) throws {
        let request = try made(ScratchFolder(), options)
        do throws(IdentityError) {
            _ = try CertificateRequest(pem: request)
            Issue.record("accepted")
        } catch {
            #expect(error.code == .unsupportedKey && error.hint.contains("ed25519"))
        }
    }

    @Test("our requests are good for openssl", arguments: PrivateKey.Algorithm.allCases)
    func ours(algorithm: PrivateKey.Algorithm) throws {
        let folder = try ScratchFolder()
        let key = try PrivateKey.make(algorithm)
        let path = try folder.write(try CertificateRequest.make(with: key), to: "request.pem")
        try OpenSSLTool.run(["req", "-in", path, "-verify", "-noout"])
        #expect(try CertificateRequest(pem: Array(folder.read("request.pem").utf8)).publicKey == key.publicKey)
    }

    @Test(
        "every cut and every changed bit of a request is refused and never crashes",
        arguments: [
            PrivateKey.Algorithm.p256, .ed25519,
        ])
    func mangled(algorithm: PrivateKey.Algorithm) throws {
        let key = try PrivateKey.make(algorithm)
        let pem = Array(try CertificateRequest.make(with: key).utf8)
        let der = try PEM.blocks(in: pem, name: "request")[0].bytes
        #expect(try CertificateRequest(der: der).publicKey == key.publicKey)
        for changed in Mangling.all(of: der) {
            #expect(code { () throws(IdentityError) in _ = try CertificateRequest(der: changed) } != nil)
        }
    }

    @Test("every cut and changed byte of a request's PEM is refused, or means the same key")
    func mangledText() throws {
        let key = try PrivateKey.make(.ed25519)
        let pem = Array(try CertificateRequest.make(with: key).utf8)
        for changed in Mangling.all(of: pem) {
            do throws(IdentityError) {
                let request = try CertificateRequest(pem: changed)
                #expect(request.publicKey == key.publicKey)
            } catch {
                #expect(!error.message.isEmpty && !error.hint.isEmpty)
            }
        }
    }

    @Test(
        "what is no request is refused with a hint",
        arguments: [
            "", "hello", "-----BEGIN CERTIFICATE REQUEST-----",
            "-----BEGIN CERTIFICATE REQUEST-----\n-----END CERTIFICATE REQUEST-----\n",
            "-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----\n",
            "-----BEGIN CERTIFICATE REQUEST-----\n!!!!\n-----END CERTIFICATE REQUEST-----\n",
            "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g"
                + "\n-----END PRIVATE KEY-----\n",
            String(repeating: "A", count: 300_000),
            String(repeating: "-----BEGIN CERTIFICATE REQUEST-----\n", count: 1_000),
            "-----BEGIN CERTIFICATE REQUEST-----\n" + String(repeating: "AAAA", count: 50_000)
                + "\n-----END CERTIFICATE REQUEST-----\n",
            "\0\0\0\0",
        ])
    func garbage(text: String) {
        #expect(code { () throws(IdentityError) in _ = try CertificateRequest(pem: Array(text.utf8)) } == .malformed)
    }

    @Test("random bytes are no request, no certificate and no key", arguments: [UInt64(1), 2, 3])
    func random(seed: UInt64) {
        var state = seed
        for length in stride(from: 0, to: 2_000, by: 7) {
            let bytes = (0..<length).map { _ in
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                return UInt8(truncatingIfNeeded: state >> 33)
            }
            // The first bytes of a long DER sequence, so that the parser goes in.
            let framed = [0x30, 0x82, UInt8(length >> 8), UInt8(length & 255)] + bytes
            for candidate in [bytes, framed] {
                #expect(code { () throws(IdentityError) in _ = try CertificateRequest(der: candidate) } != nil)
                #expect(code { () throws(IdentityError) in _ = try Certificate(der: candidate) } != nil)
            }
        }
    }
}

@Suite("Tokens")
struct AccessTokenTests {
    @Test("a token is of 256 bits, survives its text, and matches its own hash only")
    func roundTrip() throws {
        var texts: Set<String> = []
        for _ in 0..<200 {
            let token = try AccessToken.make()
            #expect(texts.insert(token.text).inserted)
            let read = try #require(AccessToken(token.text))
            #expect(read.id == token.id && read.matches(token.secretHash))
            #expect(try !read.matches(AccessToken.make().secretHash))
        }
        #expect(AccessToken.secretBytes * 8 == 256)
    }

    @Test("every changed or cut character of a token's text is another token or none, never this one")
    func mangled() throws {
        let token = try AccessToken.make()
        for changed in Mangling.all(of: Array(token.text.utf8)) {
            guard let other = AccessToken(String(decoding: changed, as: UTF8.self)) else { continue }
            #expect(other.id != token.id || !other.matches(token.secretHash))
        }
    }

    @Test(
        "what is no token is none",
        arguments: [
            "", "rebound_", "Bearer x", String(repeating: "a", count: 1_000_000), "rebound_0123456789abcdef_",
            "rebound_0123456789ABCDEF_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
            "rebound_0123456789abcdef-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        ])
    func notTokens(text: String) {
        #expect(AccessToken(text) == nil)
    }

    @Test("no listing shows the secret")
    func secrecy() throws {
        let token = try AccessToken.make()
        let secret = token.text.suffix(43)
        var dumped = ""
        dump(token, to: &dumped)
        for shown in ["\(token)", String(reflecting: token), dumped] { #expect(!shown.contains(secret)) }
    }

    @Test("a hash of another length never matches")
    func lengths() throws {
        let token = try AccessToken.make()
        for count in [0, 1, 31, 33, 64] { #expect(!token.matches([UInt8](repeating: 0, count: count))) }
        #expect(!isEqualInConstantTime(token.secretHash, Array(token.secretHash.dropLast())))
    }
}

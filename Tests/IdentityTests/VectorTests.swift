// SPDX-License-Identifier: Apache-2.0
import Digests
import FoundationEssentials
import Identity
import Testing

@Suite("Digests and signatures against published values")
struct VectorTests {
    @Test(
        "SHA-256 gives what FIPS 180 says",
        arguments: [
            ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
            ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        ])
    func sha256(message: String, digest: String) {
        #expect(Hex.text(SHA256.digest(Array(message.utf8))) == digest)
    }

    @Test("HMAC-SHA256 gives what RFC 4231, case 2, says")
    func authenticationCode() {
        let code = SHA256.authenticationCode(key: Array("Jefe".utf8), Array("what do ya want for nothing?".utf8))
        #expect(Hex.text(code) == "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843")
    }

    /// RFC 8032, section 7.1, tests 1 to 3: secret seed, message, signature.
    static let published: [(seed: String, message: String, signature: String)] = [
        (
            "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60", "",
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0"
                + "595bbe24655141438e7a100b"
        ),
        (
            "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb", "72",
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2e"
                + "aeb4302aeeb00d291612bb0c00"
        ),
        (
            "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7", "af82",
            "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c1"
                + "5e9716ed28dc027beceea1ec40a"
        ),
    ]

    @Test("Ed25519 signs as RFC 8032 says", arguments: published.indices)
    func ed25519(index: Int) throws {
        let (seed, message, signature) = Self.published[index]
        let key = try Self.key(seed: bytes(seed))
        #expect(key.kind == .ed25519)
        #expect(Hex.text(try key.signature(over: bytes(message))) == signature)
        #expect(try key.publicKey.accepts(bytes(signature), over: bytes(message)))
        #expect(try !key.publicKey.accepts(bytes(signature), over: bytes(message) + [0]))
    }

    @Test(
        "Base64 for URLs spells the values of RFC 4648, section 10, without padding",
        arguments: [
            ("", ""), ("f", "Zg"), ("fo", "Zm8"), ("foo", "Zm9v"), ("foob", "Zm9vYg"), ("foobar", "Zm9vYmFy"),
        ])
    func base64(plain: String, text: String) {
        #expect(Base64URL.text(Array(plain.utf8)) == text)
        #expect(Base64URL.bytes(text) == Array(plain.utf8))
    }

    @Test("Base64 with another spelling is refused", arguments: ["Zg==", "Zh", "Z", "Zm9v+", "Zm 9v", "Zm9v\n", "é"])
    func otherSpellings(text: String) {
        #expect(Base64URL.bytes(text) == nil)
    }

    /// RFC 8410: PKCS #8 around the 32 bytes of the seed.
    private static func key(seed: [UInt8]) throws -> PrivateKey {
        let pkcs8 = bytes("302e020100300506032b657004220420") + seed
        let text = "-----BEGIN PRIVATE KEY-----\n\(Data(pkcs8).base64EncodedString())\n-----END PRIVATE KEY-----\n"
        return try PrivateKey(pem: Array(text.utf8), name: "vector")
    }
}

private func bytes(_ hex: String) -> [UInt8] {
    let digits = Array(hex.utf8).map { $0 < 58 ? $0 - 48 : $0 - 87 }
    return stride(from: 0, to: digits.count, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
}

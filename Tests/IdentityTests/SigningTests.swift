// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import Identity
import TestSupport
import Testing

@Suite("Keys and signatures")
struct SigningTests {
    @Test("openssl accepts our signatures, and none over another message", arguments: PrivateKey.Algorithm.allCases)
    func checkedByOpenSSL(algorithm: PrivateKey.Algorithm) throws {
        let folder = try ScratchFolder()
        let key = try PrivateKey.make(algorithm)
        let message = Array("checkpoint 17".utf8)
        let signature = try key.signature(over: message)
        let publicKey = try folder.write(try key.publicKey.pem(), to: "key.pub")
        try folder.write("checkpoint 17", to: "message")
        try folder.write("checkpoint 18", to: "other")
        try folder.write(bytes: signature, to: "signature")
        let digest = algorithm == .p256 ? ["-digest", "sha256"] : []
        for (name, isGood) in [("message", true), ("other", false)] {
            let arguments =
                ["pkeyutl", "-verify", "-pubin", "-inkey", publicKey, "-rawin", "-in", folder.file(name), "-sigfile"]
                + [folder.file("signature")] + digest
            #expect(try OpenSSLTool.result(arguments).isGood == isGood, "\(name)")
        }
    }

    @Test("a signature for one purpose is none for another", arguments: StatementPurpose.allCases)
    func purposes(purpose: StatementPurpose) throws {
        let key = try PrivateKey.make(.ed25519)
        let statement = Array("sequence 4, hash ab".utf8)
        let signature = try key.sign(statement, as: purpose)
        for other in StatementPurpose.allCases {
            #expect(try key.publicKey.accepts(signature, for: statement, as: other) == (other == purpose))
        }
        let stranger = try PrivateKey.make(.ed25519)
        #expect(try !stranger.publicKey.accepts(signature, for: statement, as: purpose))
        #expect(try !key.publicKey.accepts(signature, over: statement))
    }

    @Test("a signature with any byte changed, cut or added is refused")
    func changedSignatures() throws {
        let statement = Array("sequence 4".utf8)
        for algorithm in PrivateKey.Algorithm.allCases {
            let key = try PrivateKey.make(algorithm)
            let signature = try key.sign(statement, as: .auditCheckpoint)
            #expect(try key.publicKey.accepts(signature, for: statement, as: .auditCheckpoint))
            for changed in Mangling.all(of: signature) {
                #expect(try !key.publicKey.accepts(changed, for: statement, as: .auditCheckpoint))
            }
        }
    }

    @Test("a private key survives its PEM, and no listing shows it")
    func secrecy() throws {
        for algorithm in PrivateKey.Algorithm.allCases {
            let key = try PrivateKey.make(algorithm)
            let pem = try key.pem()
            #expect(try PrivateKey(pem: Array(pem.utf8), name: "test").publicKey == key.publicKey)
            let body = pem.split(separator: "\n").dropFirst().dropLast().joined()
            for shown in ["\(key)", String(describing: key), String(reflecting: key)] {
                #expect(shown.contains("not shown"))
                #expect(!shown.contains(body.prefix(16)))
            }
            var dumped = ""
            dump(key, to: &dumped)
            #expect(!dumped.contains("0x") && dumped.utf8.count < 100)
        }
    }
}

/// Every cut and many single-byte changes of some bytes.
enum Mangling {
    static func all(of bytes: [UInt8]) -> [[UInt8]] {
        let cuts = bytes.indices.map { Array(bytes[..<$0]) }
        let flips = bytes.indices.flatMap { index in
            (0..<8).map { bit in
                var changed = bytes
                changed[index] ^= 1 << UInt8(bit)
                return changed
            }
        }
        let extremes = bytes.indices.flatMap { index in
            [0x00, 0x7F, 0x80, 0xFF].compactMap { (value: UInt8) -> [UInt8]? in
                guard bytes[index] != value else { return nil }
                var changed = bytes
                changed[index] = value
                return changed
            }
        }
        return cuts + flips + extremes + [bytes + [0], bytes + bytes]
    }
}

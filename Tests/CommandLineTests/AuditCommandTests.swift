// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import CommandLineInterface
import Digests
import FoundationEssentials
import Glibc
import Identity
import ResourceStore
import SQLiteStore
import TestSupport
import Testing

/// A store with a signed audit, and its identity beside it, attacked in the store's file.
@Suite("rebound audit, attacked")
struct AuditCommandTests {
    private let desk = Desk()
    private let key: PrivateKey

    init() async throws {
        key = try IdentityFolder.open(Self.made(desk.folder) + "/identity", authority: nil, at: Samples.at(0))
            .signingKey
        let store = try await SQLiteStore.open(path: desk.path, options: SQLiteStoreOptions(environment: .system))
        for number in 1...6 {
            try await store.record(
                AuditEntry(
                    at: Samples.at(Int64(number)), action: "aws:ec2:StopInstances", object: "i-\(number)",
                    result: "accepted"))
            if number.isMultiple(of: 3) { try await sign(store, with: key) }
        }
        await store.close()
    }

    private static func made(_ folder: String) -> String {
        mkdir(folder, 0o700)
        return folder
    }

    private func sign(_ store: SQLiteStore, with key: PrivateKey) async throws {
        _ = try await store.checkpoint(key: key.publicKey.id, at: Samples.at(9)) { try key.signature(over: $0) }
    }

    /// Does things to the audit that no product code does.
    private func attack(_ sql: String) throws {
        let tool = try ChildProcess("/usr/bin/python3", ["-c", Self.script, desk.path, sql])
        #expect(tool.waitForExit() == 0)
    }

    private static let script =
        "import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); c.executescript(sys.argv[2]); c.commit(); c.close()"

    @Test("a sound chain is signed up to its last checkpoint, by the key beside the store or by one that is given")
    func sound() async throws {
        #expect(await desk.run("audit", "verify") == .pass)
        #expect(desk.output.hasPrefix("sound: 8 records, 2 checkpoints\nhead 8:"))
        #expect(desk.output.contains("signed up to record 7 by \(key.publicKey.id), as the keeper of the audit tells"))
        #expect(await desk.run("audit", "verify", "--key", desk.folder + "/identity/signing.pub") == .pass)
        #expect(desk.output.contains("signed up to record 7 by \(key.publicKey.id), which you gave"))
        #expect(await desk.run("audit", "verify", "--key", desk.folder + "/identity/authority.crt") == .usage)
        #expect(desk.errors.contains("holds no public key"))
    }

    @Test("without any key nothing is said to be signed")
    func noKey() async throws {
        #expect(unlink(desk.folder + "/identity/signing.pub") == 0)
        #expect(await desk.run("audit", "verify") == .pass)
        #expect(desk.output.contains("the signatures were not judged"))
    }

    @Test(
        "what was done to a chain is found where it was done",
        arguments: [
            ("UPDATE audit SET record = replace(record, 'i-2', 'i-9')", 2),
            ("UPDATE audit SET record = replace(record, 'accepted', 'refused')", 1),
            ("DELETE FROM audit WHERE sequence = 3", 3), ("DELETE FROM audit WHERE sequence = 4", 4),
            (
                "UPDATE audit SET sequence = -1 WHERE sequence = 5; UPDATE audit SET sequence = 5 WHERE sequence = 6; "
                    + "UPDATE audit SET sequence = 6 WHERE sequence = -1", 5
            ),
            ("UPDATE audit SET sequence = sequence + 1 WHERE sequence = 8", 8),
        ])
    func attacked(sql: String, first: Int) async throws {
        try attack(sql)
        #expect(await desk.run("audit", "verify") == .fail)
        #expect(desk.output.hasPrefix("BAD at record \(first): "), "\(desk.output)")
    }

    @Test("a tail that was cut off is found by a head that was kept")
    func cutOff() async throws {
        #expect(await desk.run("audit", "verify") == .pass)
        let lines = desk.output.split(separator: "\n")
        let head = try #require(lines.first { $0.hasPrefix("head ") }?.dropFirst("head ".count))
        try attack("DELETE FROM audit WHERE sequence > 5")
        #expect(await desk.run("audit", "verify") == .pass)
        #expect(await desk.run("audit", "verify", "--head", String(head)) == .fail)
        #expect(desk.output.hasSuffix("BAD at record 6: records 6 to 8 were removed from the end\n"))
    }

    /// The whole chain anew, with one record changed, and checkpoints by whoever has `key`.
    private func forge(with key: PrivateKey, named id: String) async throws {
        let old = try await SQLiteStore.open(path: desk.path, options: SQLiteStoreOptions(environment: .system))
        let entries = try await old.auditEntries(after: 0, limit: 100).map { try AuditChain.entry(of: $0) }
        await old.close()
        for suffix in ["", "-wal", "-shm"] { unlink(desk.path + suffix) }
        let new = try await SQLiteStore.open(path: desk.path, options: SQLiteStoreOptions(environment: .system))
        for var entry in entries {
            if entry.action == AuditCheckpoint.action {
                _ = try await new.checkpoint(key: id, at: Samples.at(9)) { try key.signature(over: $0) }
            } else {
                if entry.object == "i-2" { entry.object = "i-7" }
                try await new.record(entry)
            }
        }
        await new.close()
    }

    @Test("a chain made anew by somebody without the key is told by its first checkpoint")
    func forged() async throws {
        try await forge(with: try PrivateKey.make(.ed25519), named: key.publicKey.id)
        #expect(await desk.run("audit", "verify") == .fail)
        #expect(desk.output == "BAD at record 4: the signature of checkpoint 4 is not good\n")
    }

    @Test("a swapped key convinces nobody who kept the one before; a key that was replaced goes on counting")
    func swapped() async throws {
        let pinned = desk.folder + "/kept.pub"
        try key.publicKey.pem().write(toFile: pinned, atomically: true, encoding: .utf8)
        defer { unlink(pinned) }
        #expect(unlink(desk.folder + "/identity/signing.pem") == 0)
        let thief = try IdentityFolder.open(desk.folder + "/identity", authority: nil, at: Samples.at(0))
        #expect(thief.signers == [thief.signingKey.publicKey, key.publicKey])
        #expect(await desk.run("audit", "verify") == .pass)
        #expect(desk.output.contains("signed up to record 7 by"))
        try await forge(with: thief.signingKey, named: thief.signingKey.publicKey.id)
        #expect(await desk.run("audit", "verify") == .pass, "its keeper is believed")
        #expect(await desk.run("audit", "verify", "--key", pinned) == .fail)
        #expect(desk.output.hasSuffix("which is not the given key\n"))
    }
}

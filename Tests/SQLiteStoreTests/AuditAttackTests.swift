// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import FoundationEssentials
import ResourceStore
import SQLiteStore
import Synchronization
import Testing

/// Chains of some two hundred records, attacked in every way that one record can be.
@Suite("The audit, attacked")
struct AuditAttackTests {
    /// As the store chains.
    private static let digest = SQLiteStoreOptions(environment: .system).digest
    /// A signature that only its holder makes; a keyed digest stands for it.
    private static func sign(_ message: [UInt8]) -> [UInt8] { digest(Array("the key".utf8) + message) }
    private static let checkSignature: AuditVerification.CheckSignature = { key, message, signature in
        key == "k1" ? signature == sign(message) : nil
    }

    /// 200 records through a real store: resource writes, other records, and a checkpoint after every 40.
    private func chain() async throws -> [ChainedAuditEntry] {
        let store = try await SQLiteStore.open(path: ":memory:", options: SQLiteStoreOptions(environment: .system))
        for number in 0..<65 {
            var policy = Policy(metadata: ObjectMetadata(name: "p\(number)"), spec: PolicySpec())
            policy = try await WriteOrigin.$current.withValue(WriteOrigin(actor: "user:\(number)", reason: "why")) {
                try await store.create(policy)
            }
            try await store.record(
                AuditEntry(
                    at: Timestamp(nanosecondsSinceEpoch: Int64(number)), action: "aws:ec2:StopInstances",
                    object: "1/eu-west-1/i-\(number)", result: "intent", detail: "d"))
            if number % 13 == 12 {
                _ = try await store.checkpoint(key: "k1", at: Timestamp(nanosecondsSinceEpoch: 1)) { Self.sign($0) }
            }
            try await store.delete(policy.key)
        }
        let entries = try await store.auditEntries(after: 0, limit: 1_000)
        await store.close()
        return entries
    }

    private func finding(
        _ entries: [ChainedAuditEntry], kept: [AuditHead] = [],
        checkSignature: AuditVerification.CheckSignature? = AuditAttackTests.checkSignature
    ) -> AuditFinding? {
        var verification = AuditVerification(digest: Self.digest, kept: kept, checkSignature: checkSignature)
        do throws(AuditFinding) {
            try verification.check(entries)
            try verification.finish()
            return nil
        } catch { return error }
    }

    @Test("a chain that nobody touched is sound, and its checkpoints are signed")
    func sound() async throws {
        let entries = try await chain()
        #expect(entries.count == 200)
        #expect(finding(entries) == nil)
        let last = try #require(entries.last)
        #expect(finding(entries, kept: [AuditHead(sequence: last.sequence, hash: last.hash)]) == nil)
        #expect(finding(entries, checkSignature: { _, _, _ in false })?.message.contains("not good") == true)
        #expect(finding(entries, checkSignature: { _, _, _ in nil })?.message.contains("k1") == true)
    }

    @Test("each field of each record, changed, is found at that record")
    func changed() async throws {
        let entries = try await chain()
        for place in entries.indices {
            for attacked in try Self.alterations(of: entries[place]) {
                var chain = entries
                chain[place] = attacked
                #expect(finding(chain)?.sequence == entries[place].sequence)
            }
        }
    }

    @Test("each record, removed, doubled, moved or changed places, is found where it was first")
    func rearranged() async throws {
        let entries = try await chain()
        for place in entries.indices.dropLast() {
            let sequence = entries[place].sequence
            var removed = entries
            removed.remove(at: place)
            #expect(finding(removed)?.sequence == sequence)
            // Removed, and those after it numbered anew in the columns.
            let renumbered = removed.enumerated().map { number, entry in
                var entry = entry
                entry.sequence = Int64(number + 1)
                return entry
            }
            #expect(finding(renumbered)?.sequence == sequence)
            var doubled = entries
            doubled.insert(entries[place], at: place + 1)
            #expect(finding(doubled)?.sequence == sequence)
            var swapped = entries
            swapped.swapAt(place, place + 1)
            #expect(finding(swapped)?.sequence == sequence)
            // Changed places, each under the other's number.
            swapped[place].sequence = sequence
            swapped[place + 1].sequence = sequence + 1
            #expect(finding(swapped)?.sequence == sequence)
            var moved = entries
            moved.append(moved.remove(at: place))
            #expect(finding(moved)?.sequence == sequence)
        }
    }

    @Test("a record put in anywhere, with a hash that fits it, is found right after it")
    func putIn() async throws {
        let entries = try await chain()
        for place in 1..<entries.count {
            var forged = try AuditChain.entry(of: entries[place])
            forged.origin.actor = "user:mallory"
            let record = try AuditChain.record(forged)
            let hash = AuditChain.hash(of: record, after: entries[place - 1].hash, Self.digest)
            var chain = entries
            chain.insert(ChainedAuditEntry(sequence: forged.sequence, record: record, hash: hash), at: place)
            let found = try #require(finding(chain))
            #expect(found.sequence <= forged.sequence + 1)
            #expect(found.sequence >= forged.sequence)
        }
    }

    @Test("an end cut off anywhere is told by a head that was kept, naming the first record that is gone")
    func cutOff() async throws {
        let entries = try await chain()
        let last = try #require(entries.last)
        let kept = AuditHead(sequence: last.sequence, hash: last.hash)
        for length in entries.indices {
            #expect(finding(Array(entries[..<length]), kept: [kept])?.sequence == Int64(length + 1))
        }
    }

    @Test("a chain made anew from a changed record on is told by the next signed checkpoint, or by a kept head")
    func madeAnew() async throws {
        let entries = try await chain()
        let last = try #require(entries.last)
        let kept = AuditHead(sequence: last.sequence, hash: last.hash)
        for place in entries.indices {
            let forged = try Self.madeAnew(entries, from: place)
            #expect(finding(forged, kept: [kept]) != nil)
            let next = try entries[(place + 1)...].first {
                try AuditChain.entry(of: $0).action == AuditCheckpoint.action
            }
            if let next { #expect(finding(forged)?.sequence == next.sequence) }
        }
    }

    /// Everything that can be changed in one record, and in the columns beside it.
    private static func alterations(of chained: ChainedAuditEntry) throws -> [ChainedAuditEntry] {
        let entry = try AuditChain.entry(of: chained)
        let changes: [(inout AuditEntry) -> Void] = [
            { $0.sequence += 1 }, { $0.at = $0.at.advanced(by: .nanoseconds(1)) }, { $0.origin.actor += "x" },
            { $0.origin.reason = ($0.origin.reason ?? "") + "x" },
            { $0.origin.request = ($0.origin.request ?? "") + "x" },
            { $0.action += "x" }, { $0.object += "x" }, { $0.result += "x" }, { $0.detail = ($0.detail ?? "") + "x" },
        ]
        var altered = try changes.map { change in
            var entry = entry
            change(&entry)
            return ChainedAuditEntry(
                sequence: chained.sequence, record: try AuditChain.record(entry), hash: chained.hash)
        }
        // The same meaning in other bytes, another hash, and each byte's lowest bit.
        altered.append(
            ChainedAuditEntry(sequence: chained.sequence, record: chained.record + [32], hash: chained.hash))
        for place in stride(from: 0, to: chained.record.count, by: 17) {
            var copy = chained
            copy.record[place] ^= 1
            altered.append(copy)
        }
        for place in chained.hash.indices {
            var copy = chained
            copy.hash[place] ^= 1
            altered.append(copy)
        }
        return altered
    }

    /// What somebody who can write the store, but not sign, would leave: a record changed, all hashes after it anew.
    private static func madeAnew(_ entries: [ChainedAuditEntry], from place: Int) throws -> [ChainedAuditEntry] {
        var chain = entries
        var changed = try AuditChain.entry(of: entries[place])
        changed.origin.actor = "user:nobody"
        chain[place].record = try AuditChain.record(changed)
        for index in place..<chain.count {
            let before = index == 0 ? AuditHead.empty.hash : chain[index - 1].hash
            var entry = try AuditChain.entry(of: chain[index])
            if index > place, var checkpoint = AuditCheckpoint(entry) {
                checkpoint.head.hash = before
                entry.detail = try checkpoint.detail()
                chain[index].record = try AuditChain.record(entry)
            }
            chain[index].hash = AuditChain.hash(of: chain[index].record, after: before, digest)
        }
        return chain
    }
}

import ChaosModel
// SPDX-License-Identifier: Apache-2.0
import Digests
import FoundationEssentials

/// Digests bytes: SHA-256 in the product.
package typealias AuditDigest = @Sendable ([UInt8]) -> [UInt8]

/// How records are chained, and how a chain is checked.
///
/// hash(n) = digest(hash(n-1) ‖ record(n)), with 32 zero bytes before the first. A record holds its own sequence, so
/// changing, removing, inserting or moving one breaks the chain at that place; only cutting off the end leaves a sound
/// chain, and that is told by a head or a signed checkpoint that was kept elsewhere.
package enum AuditChain {
    /// The record of an entry, as it is hashed and kept.
    package static func record(_ entry: AuditEntry) throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return [UInt8](try encoder.encode(entry))
    }

    package static func hash(of record: [UInt8], after previous: [UInt8], _ digest: AuditDigest) -> [UInt8] {
        digest(previous + record)
    }

    /// The entry that a record holds. Throws what `JSONDecoder` does.
    package static func entry(of chained: ChainedAuditEntry) throws -> AuditEntry {
        try JSONDecoder().decode(AuditEntry.self, from: Data(chained.record))
    }
}

/// A signature over the chain up to and including one record.
package struct AuditCheckpoint: Sendable, Codable, Equatable {
    /// The last record that is signed for, and the chain's hash there.
    package var head: AuditHead
    /// Names the key, so that the verifier finds it.
    package var key: String
    package var signature: [UInt8]

    package init(head: AuditHead, key: String, signature: [UInt8]) {
        self.head = head
        self.key = key
        self.signature = signature
    }

    /// The action of the record that holds a checkpoint, as JSON in its detail.
    package static let action = "checkpoint"

    /// What is signed: a fixed word, the sequence in decimal, and the hash in hexadecimal, so that a signature made for
    /// anything else is none for this.
    package static func message(for head: AuditHead) -> [UInt8] {
        Array("rebound-audit-v1 \(head.sequence) \(Hex.text(head.hash))".utf8)
    }

    /// The checkpoint that an entry holds; nil when it is none, or not readable.
    package init?(_ entry: AuditEntry) {
        guard entry.action == Self.action, let detail = entry.detail,
            let read = try? JSONDecoder().decode(CheckpointText.self, from: Data(detail.utf8)),
            let hash = Hex.bytes(read.hash), let signature = Hex.bytes(read.signature)
        else { return nil }  // Not readable is told by the caller, with the sequence.
        self.init(head: AuditHead(sequence: read.sequence, hash: hash), key: read.key, signature: signature)
    }

    /// As it is kept in a record's detail.
    package func detail() throws -> String {
        let text = CheckpointText(
            sequence: head.sequence, hash: Hex.text(head.hash), key: key, signature: Hex.text(signature))
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(text), as: UTF8.self)
    }
}

private struct CheckpointText: Codable {
    var sequence: Int64
    var hash: String
    var key: String
    var signature: String
}

package import ChaosModel
// SPDX-License-Identifier: Apache-2.0
import Digests

/// One thing that was done: who, what, on what, why, and what came of it.
package struct AuditEntry: Sendable, Codable, Equatable {
    /// Counts from 1 without a gap; given by the store.
    package var sequence: Int64
    package var at: Timestamp
    package var origin: WriteOrigin
    /// `create`, `update`, `updateStatus`, `delete`, `aws:ec2:TerminateInstances`, `halt`, `login`, …
    package var action: String
    /// What it was done to: a resource's key, or an instance.
    package var object: String
    /// `resourceVersion 17`, `intent`, `accepted`, `refused: …`.
    package var result: String
    package var detail: String?

    package init(
        at: Timestamp, origin: WriteOrigin = .current, action: String, object: String, result: String,
        detail: String? = nil
    ) {
        sequence = 0
        self.at = at
        self.origin = origin
        self.action = action
        self.object = object
        self.result = result
        self.detail = detail
    }
}

/// An entry as it lies in the chain.
package struct ChainedAuditEntry: Sendable, Equatable {
    /// The place in the chain that the store keeps beside the record.
    package var sequence: Int64
    /// The record as it was hashed: JSON with sorted keys.
    package var record: [UInt8]
    /// Digest over the hash before and `record`.
    package var hash: [UInt8]

    package init(sequence: Int64, record: [UInt8], hash: [UInt8]) {
        self.sequence = sequence
        self.record = record
        self.hash = hash
    }
}

/// Where the chain ends. Written down elsewhere, it shows whether the end was cut off later.
package struct AuditHead: Sendable, Codable, Equatable {
    package var sequence: Int64
    package var hash: [UInt8]

    package init(sequence: Int64, hash: [UInt8]) {
        self.sequence = sequence
        self.hash = hash
    }

    /// Before the first record.
    package static let empty = AuditHead(sequence: 0, hash: [UInt8](repeating: 0, count: 32))
}

/// Written as `NUMBER:HEXADECIMAL`.
extension AuditHead: LosslessStringConvertible {
    package var description: String { "\(sequence):\(Hex.text(hash))" }

    package init?(_ text: String) {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 2, let sequence = Int64(parts[0]), sequence >= 0,
            let hash = Hex.bytes(parts[1]),
            hash.count == 32
        else { return nil }
        self.init(sequence: sequence, hash: hash)
    }
}

/// The log of what was done, append-only and chained by hashes. Every resource write has its record in the same
/// transaction; others are given by `record`.
package protocol AuditTrail: Sendable {
    /// Appends one record; its sequence is the store's, whatever the entry says. Durable when it returns.
    func record(_ entry: AuditEntry) async throws(StoreError)
    /// The same for what a call that puts something back waits for: it goes before every write that merely came
    /// earlier and has not begun.
    func recordUndoIntent(_ entry: AuditEntry) async throws(StoreError)
    /// Records after a sequence, in order, at most `limit`.
    func auditEntries(after sequence: Int64, limit: Int) async throws(StoreError) -> [ChainedAuditEntry]
    /// Where the chain ends now.
    func auditHead() async throws(StoreError) -> AuditHead
    /// Appends a record that signs the chain up to here: `sign` is given `AuditCheckpoint.message` and is called within
    /// the transaction, so it must be quick. Nil when nothing but checkpoints was recorded since the last one.
    func checkpoint(
        key: String, at: Timestamp, sign: @escaping @Sendable ([UInt8]) throws -> [UInt8]
    ) async throws(StoreError) -> AuditCheckpoint?
}

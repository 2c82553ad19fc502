// SPDX-License-Identifier: Apache-2.0

/// What is wrong with a chain, and where it begins to be.
package struct AuditFinding: Error, Sendable, Equatable {
    /// The first record that is not as it was written, or is not there.
    package var sequence: Int64
    package var message: String

    package init(sequence: Int64, message: String) {
        self.sequence = sequence
        self.message = message
    }
}

/// Checks a chain from its first record on, page by page, so that a log of any length needs no memory.
///
/// A chain whose end was cut off, or that somebody made anew with all its hashes, is sound in itself. The first is told
/// by `kept`, a head that was written down elsewhere; the second by the checkpoints, which only the holder of the key
/// could have signed.
package struct AuditVerification: Sendable {
    /// Whether a signature over a message is good; nil when the key is not known.
    package typealias CheckSignature = @Sendable (_ key: String, _ message: [UInt8], _ signature: [UInt8]) -> Bool?

    /// The last record that was checked.
    package private(set) var head = AuditHead.empty
    /// The last checkpoint whose signature was found good.
    package private(set) var lastSigned: AuditHead?
    package private(set) var checkpoints = 0
    private let digest: AuditDigest
    private let kept: [AuditHead]
    private let checkSignature: CheckSignature?

    /// Without `checkSignature` checkpoints are only held against the chain.
    package init(digest: @escaping AuditDigest, kept: [AuditHead] = [], checkSignature: CheckSignature? = nil) {
        self.digest = digest
        self.kept = kept
        self.checkSignature = checkSignature
    }

    /// Goes on with the next records in the order in which they lie.
    package mutating func check(_ entries: [ChainedAuditEntry]) throws(AuditFinding) {
        for entry in entries { try check(entry) }
    }

    /// To be called after the last record.
    package func finish() throws(AuditFinding) {
        for kept in kept where kept.sequence > head.sequence {
            throw AuditFinding(
                sequence: head.sequence + 1,
                message: "records \(head.sequence + 1) to \(kept.sequence) were removed from the end")
        }
    }

    private mutating func check(_ chained: ChainedAuditEntry) throws(AuditFinding) {
        let expected = head.sequence + 1
        guard chained.sequence == expected else {
            throw AuditFinding(
                sequence: min(expected, chained.sequence),
                message: chained.sequence > expected
                    ? "record \(expected) is not there; the next is \(chained.sequence)"
                    : "record \(chained.sequence) is there a second time")
        }
        guard AuditChain.hash(of: chained.record, after: head.hash, digest) == chained.hash else {
            throw AuditFinding(
                sequence: expected, message: "record \(expected) is not the one that was written after \(head.sequence)"
            )
        }
        guard let entry = try? AuditChain.entry(of: chained), entry.sequence == expected else {
            throw AuditFinding(sequence: expected, message: "record \(expected) is not readable, or is another's")
        }
        if entry.action == AuditCheckpoint.action { try checkCheckpoint(entry) }
        head = AuditHead(sequence: expected, hash: chained.hash)
        if kept.contains(where: { $0.sequence == expected && $0.hash != chained.hash }) {
            throw AuditFinding(
                sequence: expected, message: "record \(expected) has another hash than the one that was kept")
        }
    }

    private mutating func checkCheckpoint(_ entry: AuditEntry) throws(AuditFinding) {
        guard let checkpoint = AuditCheckpoint(entry), checkpoint.head == head else {
            throw AuditFinding(
                sequence: entry.sequence, message: "checkpoint \(entry.sequence) does not sign what is before it")
        }
        checkpoints += 1
        guard let checkSignature else { return }
        switch checkSignature(checkpoint.key, AuditCheckpoint.message(for: head), checkpoint.signature) {
        case true?: lastSigned = head
        case false?:
            throw AuditFinding(
                sequence: entry.sequence, message: "the signature of checkpoint \(entry.sequence) is not good")
        case nil:
            throw AuditFinding(
                sequence: entry.sequence,
                message: "checkpoint \(entry.sequence) is signed with \(checkpoint.key), which is not the given key")
        }
    }
}

extension AuditVerification {
    /// Checks the whole chain, page by page; `page` gives the records after a sequence, and none at the end. What is
    /// wrong is returned, as it is an answer. Throws what `page` does.
    package mutating func checkAll<Failure: Error>(
        _ page: (_ after: Int64) async throws(Failure) -> [ChainedAuditEntry]
    ) async throws(Failure) -> AuditFinding? {
        // Also what stands before the first: a record that is put in there has no place in the chain.
        var after: Int64 = .min
        while true {
            let entries = try await page(after)
            do throws(AuditFinding) {
                try check(entries)
                guard let last = entries.last else {
                    try finish()
                    return nil
                }
                after = last.sequence
            } catch {
                return error
            }
        }
    }
}

extension AuditTrail {
    /// Checks the whole chain, a thousand records at a time. What is wrong is returned, as it is an answer.
    package func verifyAudit(
        _ verification: AuditVerification
    ) async throws(StoreError) -> (checked: AuditVerification, finding: AuditFinding?) {
        var verification = verification
        let finding = try await verification.checkAll { (after) async throws(StoreError) in
            try await auditEntries(after: after, limit: 1_000)
        }
        return (verification, finding)
    }
}

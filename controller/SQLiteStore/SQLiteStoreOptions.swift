// SPDX-License-Identifier: Apache-2.0

import Digests
package import ResourceStore

/// What a store is told from outside.
package struct SQLiteStoreOptions: Sendable {
    /// Where time and names come from.
    package var environment: StoreEnvironment
    /// How often a watch looks for changes that other processes made. Those of this process are seen at
    /// once. A look costs some 50 µs; a halt that another process orders waits for the next.
    package var pollInterval: Duration
    /// How many changes are kept for watchers that fall behind; older ones end a watch with `.expired`.
    package var changesKept: Int64
    /// How many bytes of documents the kept changes hold at most, give or take a few hundred changes.
    package var changeBytesKept: Int64
    /// Chains the audit's records: SHA-256.
    package var digest: AuditDigest
    /// How much room is set aside on the store's disk for writing down what is put back when the disk is full; 0 for
    /// none. What controls faults sets some: a run's end writes about 1 MiB.
    package var reserveBytes: Int64
    /// Whether opening reads the whole file to see that it is sound. Costs about a second for each gigabyte.
    package var checksIntegrity: Bool
    /// How long writes that come at the same time go on being put into one transaction: the first of them waits so long
    /// for the others before it is flushed.
    package var longestGroup = Duration.milliseconds(5)
    /// Called on the writing thread around each commit. The crash tests end the process here.
    package var writeObserver: StoreWriteObserver?

    package init(
        environment: StoreEnvironment, pollInterval: Duration = .milliseconds(25), changesKept: Int64 = 10_000,
        changeBytesKept: Int64 = 64 << 20, reserveBytes: Int64 = 0, checksIntegrity: Bool = true,
        writeObserver: StoreWriteObserver? = nil,
        digest: @escaping AuditDigest = { SHA256.digest($0) }
    ) {
        precondition(changesKept > 0 && changeBytesKept > 0, "a store that keeps no change cannot be watched")
        self.environment = environment
        self.pollInterval = pollInterval
        self.changesKept = changesKept
        self.changeBytesKept = changeBytesKept
        self.digest = digest
        self.reserveBytes = reserveBytes
        self.checksIntegrity = checksIntegrity
        self.writeObserver = writeObserver
    }
}

/// Hears of each write twice, with the write's number in this process.
package typealias StoreWriteObserver = @Sendable (StoreWrite.Moment, StoreWrite) -> Void

/// One transaction that changed the store. Calls that change nothing (a repeat, a refusal) are no writes.
package struct StoreWrite: Sendable, Equatable {
    /// When the observer is called: with everything written but not durable, and with it durable.
    package enum Moment: String, Sendable, CaseIterable { case aboutToCommit, committed }

    /// The call that wrote.
    package enum Operation: String, Sendable, CaseIterable {
        case create, update, updateStatus, delete, reserve, release, finish, enqueue, updateOutbox, append
        case acquireLease, releaseLease, record, upkeep
        case issueCredential, noteCredentialUse, revokeCredential

        /// Whether it may lead to a fault, or is bulk: refused while there is no room set aside.
        var isNewWork: Bool {
            switch self {
            case .create, .reserve, .append, .noteCredentialUse: true
            case .update, .updateStatus, .delete, .release, .finish, .enqueue, .updateOutbox: false
            case .acquireLease, .releaseLease, .record, .upkeep: false
            // Whoever wants to stop something must be able to log in.
            case .issueCredential, .revokeCredential: false
            }
        }

        /// Whether watchers have something to see.
        var changesResources: Bool {
            switch self {
            case .create, .update, .updateStatus, .delete, .upkeep: true
            case .reserve, .release, .finish, .enqueue, .updateOutbox, .append, .acquireLease, .releaseLease, .record,
                .issueCredential, .noteCredentialUse, .revokeCredential:
                false
            }
        }
    }

    /// Counts from 1.
    package var number: Int
    package var operation: Operation

    package init(number: Int, operation: Operation) {
        self.number = number
        self.operation = operation
    }
}

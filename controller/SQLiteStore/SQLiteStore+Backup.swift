// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import Dispatch
import GRDB
package import ResourceStore

/// Backup and restore.
extension SQLiteStore {
    /// Writes a copy of the store as it is now into a new file, while it is in use, and checks the copy. Throws
    /// `.alreadyExists` when something is there. Needs as much room as the store; a stopped backup leaves no file of
    /// that name.
    package func backup(to path: String) async throws(StoreError) {
        try await Self.onThread(path) { [writer] in try StoreCopy.copy(writer, to: path) }
    }

    /// Makes a store at a path where none is from a backup, or from the file of a store that nobody uses.
    ///
    /// A restored store is of the past: what is under way in it was ended, or went on, without it. So its runs are
    /// asked to abort, which puts back what they may have changed and harms nothing again; and its versions and tokens
    /// go on from far above, so that none that was given after the backup is ever given to anything else. Returns the
    /// runs that were asked to abort.
    package static func restore(
        from backup: String, to path: String, options: SQLiteStoreOptions
    ) async throws(StoreError) -> [String] {
        try await onThread(path) {
            guard StoreCopy.exists(backup) else { throw StoreError(errno: 2, opening: backup) }
            var configuration = Configuration()
            configuration.readonly = true
            let source = try DatabaseQueue(path: backup, configuration: configuration)
            try source.read { try Schema.checkIsStore($0, backup) }
            var aborted: [String] = []
            try StoreCopy.copy(source, to: path) { database in
                try Schema.migrateInTransaction(database, backup)
                aborted = try database.goOnAfterRestore(options, from: backup)
            }
            try source.close()
            return aborted
        }
    }

    /// What blocks runs on a thread of its own.
    static func onThread<T: Sendable>(
        _ path: String, _ body: @escaping @Sendable () throws -> T
    ) async throws(StoreError) -> T {
        let result: Result<T, StoreError> = await withCheckedContinuation { continuation in
            DispatchQueue(label: "rebound.store.copy").async {
                do { continuation.resume(returning: .success(try body())) } catch {
                    continuation.resume(returning: .failure(StoreError(wrapping: error, path: path)))
                }
            }
        }
        return try result.get()
    }
}

extension Database {
    /// More versions and tokens than a store gives between a backup and the loss of the store.
    private static let leap = 1_000_000_000

    fileprivate func goOnAfterRestore(_ options: SQLiteStoreOptions, from backup: String) throws -> [String] {
        try execute(sql: "UPDATE counters SET value = value + \(Self.leap)")
        // No watcher of the lost store can go on here, and no lease of it is held.
        try execute(sql: "DELETE FROM changes")
        try execute(sql: "DELETE FROM leases")
        let origin = WriteOrigin(actor: "system:restore", reason: "the store was restored from a backup")
        let writing = options.writing(self, by: origin)
        let request = AbortRequest(
            requestedBy: origin.actor, reason: origin.reason ?? "", at: options.environment.now())
        var aborted: [String] = []
        for stored in try StoredResource.fetchAll(.run, namespace: nil, labels: [:], self) {
            var run = try stored.resource(Run.self)
            guard run.status?.phase != .done, run.spec.abort == nil else { continue }
            run.spec.abort = request
            _ = try writing.update(run)
            aborted.append(run.key.description)
        }
        try writing.log.audit.append(
            AuditEntry(
                at: options.environment.now(), origin: origin, action: "restore", object: "store",
                result: "\(aborted.count) runs asked to abort"))
        return aborted
    }
}

// SPDX-License-Identifier: Apache-2.0
import Dispatch
import GRDB
package import ResourceStore
import Synchronization

/// The resources in one SQLite file in WAL mode, which several processes may open at once.
///
/// Every write is one IMMEDIATE transaction with `synchronous=FULL`, so what a call returned is on the disk and is seen
/// by every other process. SQLite runs on GRDB's own queues: nothing here blocks the shared pool, and cancelling a task
/// does not stop its write.
package final class SQLiteStore: ResourceStore {
    let writer: any DatabaseWriter
    let options: SQLiteStoreOptions
    let changes: ChangeSignal
    let hub: ChangeHub
    private let writeCount = Atomic<Int>(0)

    /// Where the file is; `:memory:` for none.
    package var path: String { writer.path }

    private init(writer: any DatabaseWriter, options: SQLiteStoreOptions) {
        self.writer = writer
        self.options = options
        changes = ChangeSignal(pollInterval: options.pollInterval) {
            try await Self.read(writer) { try $0.storeVersion() }
        }
        hub = ChangeHub(signal: changes, tick: options.pollInterval) { (position, most) throws(StoreError) in
            try await Self.read(writer) { try $0.changes(in: nil, after: position, most: most) }
        }
    }

    /// Opens the store, making its folder (0700) and file (0600) where they are missing, checks it, and brings its
    /// schema up to date. `:memory:` is SQLite's own store in memory, for tests.
    ///
    /// Throws `.corrupt`, `.readOnly`, `.full`, `.unavailable`, and `.invalid` for a database that is not a store or is
    /// of a later version.
    package static func open(path: String, options: SQLiteStoreOptions) async throws(StoreError) -> SQLiteStore {
        let result: Result<SQLiteStore, StoreError> = await withCheckedContinuation { continuation in
            DispatchQueue(label: "rebound.store.open").async {
                continuation.resume(returning: openBlocking(path: path, options: options))
            }
        }
        return try result.get()
    }

    private static func openBlocking(path: String, options: SQLiteStoreOptions) -> Result<SQLiteStore, StoreError> {
        do {
            if path != SQLiteFile.memory { try SQLiteFile.prepare(path) }
            let writer = try SQLiteFile.connect(path)
            try Schema.prepare(writer, checkingIntegrity: options.checksIntegrity)
            return .success(SQLiteStore(writer: writer, options: options))
        } catch {
            return .failure(StoreError(wrapping: error, path: path))
        }
    }

    /// Finishes what was begun and closes the file. Calls after this throw `.unavailable`. Twice is as once.
    package func close() async {
        changes.close()
        hub.close()
        await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
            DispatchQueue(label: "rebound.store.close").async { [writer] in
                try? writer.close()  // Nothing is left to write; an unclosed file is closed when the store goes.
                continuation.resume()
            }
        }
    }

    /// Reads one snapshot.
    func read<T: Sendable>(_ body: @escaping @Sendable (Database) throws -> T) async throws(StoreError) -> T {
        try await Self.read(writer, body)
    }

    private static func read<T: Sendable>(
        _ writer: any DatabaseWriter, _ body: @escaping @Sendable (Database) throws -> T
    ) async throws(StoreError) -> T {
        let path = writer.path
        let result: Result<T, StoreError> = await withCheckedContinuation { continuation in
            writer.asyncRead { database in
                do {
                    continuation.resume(returning: .success(try body(database.get())))
                } catch {
                    continuation.resume(returning: .failure(StoreError(wrapping: error, path: path)))
                }
            }
        }
        return try result.get()
    }

    /// Writes in one transaction; a body that throws, or changes no row, leaves everything as it was.
    func write<T: Sendable>(
        _ operation: StoreWrite.Operation, _ body: @escaping @Sendable (Database) throws -> T
    ) async throws(StoreError) -> T {
        let result: Result<T, StoreError> = await withCheckedContinuation { continuation in
            writer.asyncWriteWithoutTransaction { [self] database in
                continuation.resume(returning: transact(database, operation, body))
            }
        }
        return try result.get()
    }

    private func transact<T>(
        _ database: Database, _ operation: StoreWrite.Operation, _ body: (Database) throws -> T
    ) -> Result<T, StoreError> {
        do {
            var value: T?
            var write: StoreWrite?
            try database.inTransaction(.immediate) {
                let rowsBefore = database.totalChangesCount
                value = try body(database)
                guard database.totalChangesCount != rowsBefore else { return .rollback }
                let number = writeCount.add(1, ordering: .relaxed).newValue
                write = StoreWrite(number: number, operation: operation)
                if let write { options.writeObserver?(.aboutToCommit, write) }
                return .commit
            }
            if let write {
                options.writeObserver?(.committed, write)
                if operation.changesResources { changes.publish(try database.storeVersion()) }
            }
            guard let value else { return .failure(.closed) }
            return .success(value)
        } catch {
            return .failure(StoreError(wrapping: error, path: writer.path))
        }
    }
}

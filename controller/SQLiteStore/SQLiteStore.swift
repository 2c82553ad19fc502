// SPDX-License-Identifier: Apache-2.0
import Dispatch
import GRDB
package import ResourceStore
import Synchronization

/// The resources in one SQLite file in WAL mode, which several processes may open at once.
///
/// Every write is in an IMMEDIATE transaction with `synchronous=FULL`, so what a call returned is on the disk and is
/// seen by every other process; writes that come at the same time share one (see `WriteQueue`). SQLite runs on GRDB's
/// own queues: nothing here blocks the shared pool, and cancelling a task does not stop its write.
package final class SQLiteStore: ResourceStore {
    let writer: any DatabaseWriter
    let options: SQLiteStoreOptions
    let changes: ChangeSignal
    let hub: ChangeHub
    let decoded = DecodedResources()
    let reports = DecodedReports()
    /// Nil when no room is set aside.
    let reserve: SpaceReserve?
    let writes = WriteQueue()
    let writeCount = Atomic<Int>(0)

    /// Where the file is; `:memory:` for none.
    package var path: String { writer.path }

    private init(writer: any DatabaseWriter, options: SQLiteStoreOptions) {
        self.writer = writer
        self.options = options
        let isSetAside = options.reserveBytes > 0 && writer.path != SQLiteFile.memory
        reserve = isSetAside ? SpaceReserve(store: writer.path, bytes: options.reserveBytes) : nil
        changes = ChangeSignal(pollInterval: options.pollInterval) {
            try await Self.look(writer) { try $0.storeVersion() }
        }
        hub = ChangeHub(signal: changes, tick: .milliseconds(100), limits: options.changeLimits) {
            (position, most) throws(StoreError) in
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
            let store = SQLiteStore(writer: writer, options: options)
            _ = store.reserve?.hasRoom()  // Without room the store works on, and refuses what would need an undo.
            return .success(store)
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

    /// Reads by single statements, each of which sees the newest commit; two of them may see different ones. Costs less
    /// than `read`, which begins and ends a transaction.
    func look<T: Sendable>(_ body: @escaping @Sendable (Database) throws -> T) async throws(StoreError) -> T {
        try await Self.look(writer, body)
    }

    private static func look<T: Sendable>(
        _ writer: any DatabaseWriter, _ body: @escaping @Sendable (Database) throws -> T
    ) async throws(StoreError) -> T {
        let path = writer.path
        if path == SQLiteFile.memory { return try await read(writer, body) }
        let result: Result<T, StoreError> = await withCheckedContinuation { continuation in
            writer.asyncUnsafeRead { database in
                do {
                    continuation.resume(returning: .success(try body(database.get())))
                } catch {
                    continuation.resume(returning: .failure(StoreError(wrapping: error, path: path)))
                }
            }
        }
        return try result.get()
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
            @Sendable func finish(_ database: Result<Database, any Error>) {
                do { continuation.resume(returning: .success(try body(database.get()))) } catch {
                    continuation.resume(returning: .failure(StoreError(wrapping: error, path: path)))
                }
            }
            // In memory there is one connection, which sees no one else's writes; and GRDB's reading asserts when such
            // a store was closed.
            if path == SQLiteFile.memory {
                writer.asyncWriteWithoutTransaction { finish(.success($0)) }
            } else {
                writer.asyncRead { finish($0) }
            }
        }
        return try result.get()
    }
}

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
    let decoded = DecodedResources()
    /// Nil when no room is set aside.
    let reserve: SpaceReserve?
    private let writeCount = Atomic<Int>(0)

    /// Where the file is; `:memory:` for none.
    package var path: String { writer.path }

    private init(writer: any DatabaseWriter, options: SQLiteStoreOptions) {
        self.writer = writer
        self.options = options
        let isSetAside = options.reserveBytes > 0 && writer.path != SQLiteFile.memory
        reserve = isSetAside ? SpaceReserve(store: writer.path, bytes: options.reserveBytes) : nil
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
        let path = writer.path
        if path == SQLiteFile.memory { return try await read(body) }
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

    /// Writes in one transaction; a body that throws, or changes no row, leaves everything as it was.
    func write<T: Sendable>(
        _ operation: StoreWrite.Operation, isNewWork: Bool? = nil,
        _ body: @escaping @Sendable (Database) throws -> T
    ) async throws(StoreError) -> T {
        let isNewWork = isNewWork ?? operation.isNewWork
        let result: Result<T, StoreError> = await withCheckedContinuation { continuation in
            writer.asyncWriteWithoutTransaction { [self] database in
                continuation.resume(returning: transactInRoom(database, operation, isNewWork: isNewWork, body))
            }
        }
        return try result.get()
    }

    /// On a full disk new work is refused, and what ends work under way is written into the room that was set aside.
    private func transactInRoom<T>(
        _ database: Database, _ operation: StoreWrite.Operation, isNewWork: Bool, _ body: (Database) throws -> T
    ) -> Result<T, StoreError> {
        guard let reserve else { return transact(database, operation, body) }
        if isNewWork, let lack = reserve.lack() { return .failure(StoreError(lack, store: writer.path)) }
        var result = transact(database, operation, body)
        if case .failure(let error) = result, error.code == .full, !isNewWork, reserve.release() {
            result = transact(database, operation, body)
        }
        if !isNewWork, !reserve.isFilled {
            // The log's place is used again at once, instead of growing to its usual 4 MiB. Losing the error is right:
            // what was committed is, and the next write tries again.
            _ = try? Row.fetchAll(database, sql: "PRAGMA wal_checkpoint(PASSIVE)")
        }
        return result
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

// SPDX-License-Identifier: Apache-2.0
import GRDB
import ResourceStore
import Synchronization

/// Writing: alone, or with the others that came at the same time.
extension SQLiteStore {
    /// Writes whole or not at all, durably; a body that throws, or changes no row, leaves everything as it was. The
    /// body may be called twice, the first time in vain. An urgent write goes before those that are not.
    func write<T: Sendable>(
        _ operation: StoreWrite.Operation, isNewWork: Bool? = nil, isUrgent: Bool = false,
        _ body: @escaping @Sendable (Database) throws -> T
    ) async throws(StoreError) -> T {
        let isNewWork = isNewWork ?? operation.isNewWork
        let result: Result<T, StoreError> = await withCheckedContinuation { continuation in
            let write = PendingWrite(
                operation: operation, isNewWork: isNewWork, isUrgent: isUrgent,
                perform: { database in
                    let value = try body(database)
                    return { continuation.resume(returning: .success(value)) }
                }, fail: { continuation.resume(returning: .failure($0)) })
            if writes.add(write) { writeWaiting() }
        }
        return try result.get()
    }

    /// One group at a time, so that what is urgent by then goes before the rest.
    private func writeWaiting() {
        writer.asyncWriteWithoutTransaction { [self] database in
            let taken = writes.take()
            let left = writeFirst(of: reserve == nil ? taken : withRoom(taken), database)
            if writes.putBack(left) { writeWaiting() }
        }
    }

    /// Writes as many as go into one group, and answers them; returns the others.
    private func writeFirst(of all: [PendingWrite], _ database: Database) -> ArraySlice<PendingWrite> {
        let written = all.count > 1 ? writeTogether(all[...], database) : 0
        if written > 0 { return all.dropFirst(written) }
        for write in all { writeAlone(write, database) }
        return []
    }

    private func writeAlone(_ write: PendingWrite, _ database: Database) {
        switch transactInRoom(database, write) {
        case .success(let succeed): succeed()
        case .failure(let error): write.fail(error)
        }
    }

    /// On a full disk new work is refused, and what ends work under way is written into the room that was set aside.
    private func withRoom(_ all: [PendingWrite]) -> [PendingWrite] {
        guard let reserve, all.contains(where: \.isNewWork), let lack = reserve.lack() else { return all }
        for write in all where write.isNewWork { write.fail(StoreError(lack, store: writer.path)) }
        return all.filter { !$0.isNewWork }
    }

    // MARK: Alone

    private typealias Succeed = @Sendable () -> Void

    private func transactInRoom(_ database: Database, _ write: PendingWrite) -> Result<Succeed, StoreError> {
        guard let reserve else { return transact(database, write) }
        var result = transact(database, write)
        if case .failure(let error) = result, error.code == .full, !write.isNewWork, reserve.release() {
            result = transact(database, write)
        }
        if !write.isNewWork { checkpointIfTight(database) }
        return result
    }

    private func transact(_ database: Database, _ write: PendingWrite) -> Result<Succeed, StoreError> {
        do {
            var succeed: Succeed?
            var made: [StoreWrite] = []
            try database.inTransaction(.immediate) {
                let rowsBefore = database.totalChangesCount
                succeed = try write.perform(database)
                guard database.totalChangesCount != rowsBefore else { return .rollback }
                made = aboutToCommit([write.operation])
                return .commit
            }
            try committed(made, database)
            guard let succeed else { return .failure(.closed) }
            return .success(succeed)
        } catch {
            return .failure(StoreError(wrapping: error, path: writer.path))
        }
    }

    // MARK: Together

    /// What one of several came to: its changes are in the transaction, or it was refused and has none.
    private enum Outcome {
        case made(Succeed, hasChanges: Bool)
        case refused(StoreError)
    }

    /// Writes the first of these, as many as can be in the time that the first may wait for the others, and answers
    /// them; fewer when something urgent comes. Returns how many; 0 when nothing was written: then each is to be
    /// written alone, and has its own error.
    private func writeTogether(_ all: ArraySlice<PendingWrite>, _ database: Database) -> Int {
        var outcomes: [Outcome] = []
        let end = ContinuousClock.now + options.longestGroup
        do {
            var made: [StoreWrite] = []
            try database.inTransaction(.immediate) {
                for write in all {
                    outcomes.append(try perform(write, database))
                    if ContinuousClock.now >= end || (!write.isUrgent && writes.hasUrgent) { break }
                }
                made = aboutToCommit(
                    zip(all, outcomes).compactMap { write, outcome in
                        if case .made(_, hasChanges: true) = outcome { write.operation } else { nil }
                    })
                return made.isEmpty ? .rollback : .commit
            }
            try committed(made, database)
        } catch {
            return 0
        }
        for (write, outcome) in zip(all, outcomes) {
            switch outcome {
            case .made(let succeed, _): succeed()
            case .refused(let error): write.fail(error)
            }
        }
        if !all.prefix(outcomes.count).allSatisfy(\.isNewWork) { checkpointIfTight(database) }
        return outcomes.count
    }

    /// Throws when the database itself is in trouble: such an error may have ended the transaction of all
    /// (sqlite.org/lang_transaction.html, "Response To Errors Within A Transaction").
    private func perform(_ write: PendingWrite, _ database: Database) throws -> Outcome {
        let rowsBefore = database.totalChangesCount
        var succeed: Succeed?
        do {
            try database.inSavepoint {
                succeed = try write.perform(database)
                return .commit
            }
        } catch let error as StoreError {
            return .refused(error)
        }
        guard let succeed else { throw StoreError.closed }
        return .made(succeed, hasChanges: database.totalChangesCount != rowsBefore)
    }

    // MARK: Around a commit

    private func aboutToCommit(_ operations: [StoreWrite.Operation]) -> [StoreWrite] {
        operations.map { operation in
            let write = StoreWrite(
                number: writeCount.add(1, ordering: .relaxed).newValue, operation: operation)
            options.writeObserver?(.aboutToCommit, write)
            return write
        }
    }

    private func committed(_ made: [StoreWrite], _ database: Database) throws {
        for write in made { options.writeObserver?(.committed, write) }
        if made.contains(where: \.operation.changesResources) { changes.publish(try database.storeVersion()) }
    }

    /// While the room is used up, the log's place is used again at once, instead of growing to its usual 4 MiB. Losing
    /// the error is right: what was committed is, and the next write tries again.
    private func checkpointIfTight(_ database: Database) {
        guard let reserve, !reserve.isFilled else { return }
        _ = try? Row.fetchAll(database, sql: "PRAGMA wal_checkpoint(PASSIVE)")
    }
}

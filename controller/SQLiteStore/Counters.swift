// SPDX-License-Identifier: Apache-2.0
import GRDB

/// The two counters of a store. They only grow, in the transaction of the write that needs the number.
extension Database {
    /// The version of the last change.
    func storeVersion() throws -> Int64 {
        let statement = try cachedStatement(sql: "SELECT value FROM counters WHERE name = 'version'")
        return try Int64.fetchOne(statement) ?? 0
    }

    /// The next version, for one change.
    func nextVersion() throws -> Int64 { try advance("version") }

    /// A token larger than every token before, for reservations and leases.
    func nextToken() throws -> Int64 { try advance("token") }

    private func advance(_ counter: String) throws -> Int64 {
        let statement = try cachedStatement(
            sql: "UPDATE counters SET value = value + 1 WHERE name = ? RETURNING value")
        guard let value = try Int64.fetchOne(statement, arguments: [counter]) else {
            throw DatabaseError(resultCode: .SQLITE_CORRUPT, message: "the counter \(counter) is missing")
        }
        return value
    }
}

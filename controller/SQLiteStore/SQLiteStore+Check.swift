// SPDX-License-Identifier: Apache-2.0
import GRDB
package import ResourceStore

/// What a check of a store found.
package struct StoreCheck: Sendable, Codable, Equatable {
    package var schemaVersion: Int
    package var bytes: Int64
    package var freeBytes: Int64
    /// How many resources there are of each kind.
    package var resources: [String: Int]
    package var changes: Int
    package var auditRecords: Int64
    /// Nil when the file is sound.
    package var damage: String?
}

extension SQLiteStore {
    /// Reads the whole file, indexes included. Takes about a second for each gigabyte; others go on meanwhile.
    package func check() async throws(StoreError) -> StoreCheck {
        try await read { database in
            let page = try Int64.fetchOne(database, sql: "PRAGMA page_size") ?? 0
            var resources: [String: Int] = [:]
            for row in try Row.fetchAll(database, sql: "SELECT kind, count(*) AS n FROM resources GROUP BY kind") {
                resources[row["kind"]] = row["n"]
            }
            return StoreCheck(
                schemaVersion: try Int.fetchOne(database, sql: "PRAGMA user_version") ?? 0,
                bytes: page * (try Int64.fetchOne(database, sql: "PRAGMA page_count") ?? 0),
                freeBytes: page * (try Int64.fetchOne(database, sql: "PRAGMA freelist_count") ?? 0),
                resources: resources, changes: try Int.fetchOne(database, sql: "SELECT count(*) FROM changes") ?? 0,
                auditRecords: try Int64.fetchOne(database, sql: "SELECT max(sequence) FROM audit") ?? 0,
                damage: try database.integrityFinding(isQuick: false))
        }
    }
}

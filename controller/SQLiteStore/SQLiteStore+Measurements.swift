// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials
import GRDB
package import ResourceStore

/// Bulk measurements: one row for each chunk, written with one insert and one flush to the disk.
extension SQLiteStore {
    package func append(chunk: MeasurementChunk) async throws(StoreError) {
        try await write(.append) { database in
            let sql = "INSERT INTO measurements (run, content, data) VALUES (?, ?, ?)"
            try database.cachedStatement(sql: sql).execute(
                arguments: [chunk.run, chunk.content.rawValue, Data(chunk.data)])
        }
    }

    package func chunks(run: String) async throws(StoreError) -> [MeasurementChunk] {
        try await chunks(run: run, after: 0, most: -1)
    }

    package func chunks(
        run: String, after count: Int, most: Int
    ) async throws(StoreError) -> [MeasurementChunk] {
        try await read { database in
            // What OFFSET skips is walked over in the index; its data is not read.
            let sql = "SELECT content, data FROM measurements WHERE run = ? ORDER BY number LIMIT ? OFFSET ?"
            return try Row.fetchAll(database, sql: sql, arguments: [run, most, count]).map { row in
                guard let content = MeasurementChunk.Content(rawValue: row["content"]) else {
                    throw StoreError.unreadable("a measurement of run \(run)", cause: nil)
                }
                let data: Data = row["data"]
                return MeasurementChunk(run: run, content: content, data: [UInt8](data))
            }
        }
    }
}

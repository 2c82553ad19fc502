// SPDX-License-Identifier: Apache-2.0
import GRDB
package import ResourceStore

/// What a store holds of changes, and how well this process remembers what it decoded.
package struct StoreCondition: Sendable, Equatable {
    /// The newest version.
    package var newest: Int64
    /// Who watches from before this is told 410. One more than the newest when no change is kept.
    package var oldestChange: Int64
    package var changesKept: Int
    /// Resources that this process keeps decoded; those of lists are counted there.
    package var decodedKept: Int
    /// Reads of resources and lists that were answered without decoding, and the others, since the store was opened.
    package var decodedHits: Int
    package var decodedMisses: Int
}

extension SQLiteStore {
    /// Counts the kept changes, of which there are ten thousand at most: costs about a millisecond.
    package func condition() async throws(StoreError) -> StoreCondition {
        let counts = decoded.counts
        return try await read { database in
            let newest = try database.storeVersion()
            return StoreCondition(
                newest: newest, oldestChange: try database.oldestChange() ?? newest + 1,
                changesKept: try Int.fetchOne(database, sql: "SELECT count(*) FROM changes") ?? 0,
                decodedKept: counts.kept, decodedHits: counts.hits, decodedMisses: counts.misses)
        }
    }
}

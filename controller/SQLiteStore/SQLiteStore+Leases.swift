// SPDX-License-Identifier: Apache-2.0
package import ChaosModel
import GRDB
package import ResourceStore

/// Leases. One that is let go leaves nothing behind: its next holder's token is larger all the same, as all tokens come
/// from one counter. One that was never given back goes with upkeep, a day after its end.
extension SQLiteStore {
    package func acquireLease(
        _ name: String, holder: String, for duration: Duration, now: Timestamp
    ) async throws(StoreError) -> LeaseOutcome {
        let until = now.advanced(by: duration).nanosecondsSinceEpoch
        return try await write(.acquireLease) { database in
            let sql = "SELECT holder, token, until_nanoseconds FROM leases WHERE name = ?"
            let row = try Row.fetchOne(database, sql: sql, arguments: [name])
            var token: Int64?
            if let row {
                let other: String = row["holder"]
                let end = Timestamp(nanosecondsSinceEpoch: row["until_nanoseconds"])
                if other == holder {
                    token = row["token"]
                } else if now < end {
                    // Nobody takes a lease for longer than is asked here: an end further away is of a clock that was
                    // ahead. From now on it runs out as any other; a holder that lives renews it before.
                    if end.nanosecondsSinceEpoch > until {
                        let cut = "UPDATE leases SET until_nanoseconds = ? WHERE name = ?"
                        try database.execute(sql: cut, arguments: [until, name])
                    }
                    return .heldByOther(holder: other, until: min(end, Timestamp(nanosecondsSinceEpoch: until)))
                }
            }
            let held = try token ?? database.nextToken()
            try database.execute(
                sql: "INSERT OR REPLACE INTO leases VALUES (?, ?, ?, ?)", arguments: [name, holder, held, until])
            return .held(token: held)
        }
    }

    package func releaseLease(_ name: String, holder: String) async throws(StoreError) {
        try await write(.releaseLease) { database in
            try database.execute(
                sql: "DELETE FROM leases WHERE name = ? AND holder = ?", arguments: [name, holder])
        }
    }
}

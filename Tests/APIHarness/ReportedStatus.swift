// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import Foundation
import ResourceStore
import SQLiteStore

/// What a controller would have seen of a run. The API takes no status of a run, from nobody; whoever drives runs
/// writes it into the store, and so does this program, in place of one that drives.
struct ReportedStatus: Decodable {
    let namespace: String
    let name: String
    let status: RunStatus

    /// Writes one line of JSON that says all three, and answers `WRITTEN resourceVersion`, or `FAILED why`.
    static func written(_ line: String, to store: SQLiteStore) async -> String {
        do {
            let report = try JSONDecoder().decode(ReportedStatus.self, from: Data(line.utf8))
            guard var run = try await store.get(Run.self, namespace: report.namespace, name: report.name) else {
                return "FAILED there is no run \(report.namespace)/\(report.name)"
            }
            run.status = report.status
            return "WRITTEN \(try await store.updateStatus(run).metadata.resourceVersion ?? "")"
        } catch {
            return "FAILED \(error)"
        }
    }
}

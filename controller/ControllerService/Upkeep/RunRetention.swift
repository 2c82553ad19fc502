// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import CommandLineInterface
import ExperimentControl
import Logging
import ResourceStore

/// Removes runs that are over and older, or more, than the settings keep. One that owes an undo or a report stays.
struct RunRetention: Sendable {
    /// The annotation by which a person says that a failed undo was dealt with.
    static let acknowledgement = "rebound.chaos/undo-acknowledged"

    let store: any ResourceStore
    let reloader: Reloader
    let clock: any ControlClock
    let logger: Logger

    /// Looks once an hour, until cancelled.
    func run() async {
        while !Task.isCancelled {
            await keep()
            do { try await clock.sleep(for: .seconds(3_600)) } catch { return }
        }
    }

    /// One round. What cannot be read or removed is left for the next.
    func keep() async {
        let settings = await reloader.settings
        do throws(StoreError) {
            let runs = try await store.list(Run.self, namespace: nil, labels: [:]).items
            let pending = Set(try await store.pendingReports(run: nil).map(\.run))
            let due = Self.due(
                runs.filter { !pending.contains($0.metadata.uid ?? "") }, olderThan: settings.runsKeptFor.duration,
                perExperiment: settings.runsKept, now: clock.wall())
            for run in due { try await store.delete(run.key) }
            if !due.isEmpty { logger.info("old runs were removed", metadata: ["runs": "\(due.count)"]) }
        } catch {
            logger.warning("old runs were not removed", metadata: ["reason": "\(error.message)"])
        }
    }

    /// The runs that are to go now: done, clean or dealt with, and either older or, counted from the newest of their
    /// experiment, one too many.
    static func due(_ runs: [Run], olderThan age: Duration, perExperiment most: Int, now: Timestamp) -> [Run] {
        let over = runs.filter(mayGo).sorted { ended($0) > ended($1) }
        var kept: [String: Int] = [:]
        return over.filter { run in
            let experiment = "\(run.key.namespace)/\(run.spec.experiment)"
            if now.since(ended(run)) > age || kept[experiment, default: 0] >= most { return true }
            kept[experiment, default: 0] += 1
            return false
        }
    }

    private static func mayGo(_ run: Run) -> Bool {
        guard let status = run.status, status.phase == .done, status.endedAt != nil else { return false }
        return status.undo != .dirty || run.metadata.annotations?[acknowledgement] != nil
    }

    private static func ended(_ run: Run) -> Timestamp { run.status?.endedAt ?? Timestamp(nanosecondsSinceEpoch: .max) }
}

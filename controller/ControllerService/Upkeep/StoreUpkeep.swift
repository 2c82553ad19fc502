// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import CommandLineInterface
import ExperimentControl
import Logging
import ResourceStore
import SQLiteStore

/// Keeps the store small: runs that are over go when their time is, old changes too, and the disk gets the room back.
struct StoreUpkeep: Sendable {
    /// Long enough for a watcher that was away over night.
    private static let changesKeptFor = Duration.seconds(86_400)

    let store: SQLiteStore
    let reloader: Reloader
    let clock: any ControlClock
    let figures: UpkeepFigures
    let logger: Logger

    /// Looks once an hour, until cancelled. Of several controllers one does it.
    func run() async {
        while !Task.isCancelled {
            await keep()
            do { try await clock.sleep(for: .seconds(3_600)) } catch { return }
        }
    }

    /// One round. What cannot be read or removed is left for the next.
    func keep() async {
        let settings = await reloader.settings
        let policy = RetentionPolicy(
            runsFor: settings.runsKeptFor.duration, runsPerExperiment: settings.runsKept,
            changesFor: Self.changesKeptFor)
        do throws(StoreError) {
            guard let report = try await store.upkeep(policy, holder: Holder.name) else {
                return figures.note(.elsewhere)
            }
            figures.note(report)
            guard !report.runsRemoved.isEmpty else { return }
            logger.info(
                "old runs were removed",
                metadata: ["runs": "\(report.runsRemoved.count)", "bytes": "\(report.bytesAfter)"])
        } catch {
            figures.note(.failed)
            logger.warning("old runs were not removed", metadata: ["reason": "\(error.message)"])
        }
    }
}

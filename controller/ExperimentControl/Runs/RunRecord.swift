// SPDX-License-Identifier: Apache-2.0
package import ChaosModel
package import Logging
package import Measurement
package import ResourceStore

/// Reads back what was measured in one run.
package struct RunRecord: Sendable {
    private let run: String
    private let store: any ResourceStore
    private let logger: Logger

    package init(run: String, store: any ResourceStore, logger: Logger) {
        self.run = run
        self.store = store
        self.logger = logger
    }

    /// All observations and sightings, on the clock of `anchor`. What cannot be read is left out: its slots are then
    /// missing, which the report shows, and the run still comes to its end.
    package func everything(
        anchor: ClockAnchor
    ) async throws(StoreError) -> (observations: [Observation], sightings: [Sighting]) {
        var observations: [Observation] = []
        var sightings: [Sighting] = []
        for chunk in try await store.chunks(run: run) {
            do {
                switch chunk.content {
                case .observations: observations += try ChunkCodec.decode(chunk.data, onto: anchor)
                case .sightings: sightings += try SightingCodec.decode(chunk.data, onto: anchor)
                }
            } catch {
                logger.error(
                    "measurements not readable",
                    metadata: ["run": "\(run)", "bytes": "\(chunk.data.count)", "reason": "\(error)"])
            }
        }
        return (observations, sightings)
    }
}

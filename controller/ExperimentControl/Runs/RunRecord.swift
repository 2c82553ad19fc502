// SPDX-License-Identifier: Apache-2.0
package import ChaosModel
package import Measurement
package import ResourceStore

/// Reads back what was measured in one run.
package struct RunRecord: Sendable {
    let run: String
    let store: any ResourceStore

    package init(run: String, store: any ResourceStore) {
        self.run = run
        self.store = store
    }

    /// All observations and sightings, on the clock of `anchor`.
    package func everything(anchor: ClockAnchor) async throws -> (observations: [Observation], sightings: [Sighting]) {
        var observations: [Observation] = []
        var sightings: [Sighting] = []
        for chunk in try await store.chunks(run: run) {
            switch chunk.content {
            case .observations: observations += try ChunkCodec.decode(chunk.data, onto: anchor)
            case .sightings: sightings += try SightingCodec.decode(chunk.data, onto: anchor)
            }
        }
        return (observations, sightings)
    }

}

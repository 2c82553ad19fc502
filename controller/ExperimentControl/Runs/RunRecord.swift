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

    /// The newest slot of each probe, and when the last attempt ended; nil when nothing was measured yet.
    func lastSlots(anchor: ClockAnchor) async throws -> (slots: [String: Int64], lastEnded: MonotonicInstant?) {
        let observations = try await everything(anchor: anchor).observations
        var slots: [String: Int64] = [:]
        for one in observations { slots[one.probe] = max(slots[one.probe] ?? -1, one.slot) }
        return (slots, observations.map(\.ended).max())
    }
}

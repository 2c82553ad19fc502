// SPDX-License-Identifier: Apache-2.0
package import ChaosModel
import FoundationEssentials
package import Measurement

/// Writes sightings, which are few, as JSON with the anchor of their clock.
package enum SightingCodec {
    private struct Document: Codable {
        var anchor: ClockAnchor
        var sightings: [Sighting]
    }

    package static func encode(_ sightings: [Sighting], anchor: ClockAnchor) throws -> [UInt8] {
        Array(try JSONEncoder().encode(Document(anchor: anchor, sightings: sightings)))
    }

    /// The sightings on the clock of `anchor`.
    package static func decode(_ bytes: [UInt8], onto anchor: ClockAnchor) throws -> [Sighting] {
        let document = try JSONDecoder().decode(Document.self, from: Data(bytes))
        let shift = ClockShift.nanoseconds(from: document.anchor, to: anchor)
        func moved(_ instant: MonotonicInstant) -> MonotonicInstant { .init(nanoseconds: instant.nanoseconds &+ shift) }
        return document.sightings.map { sighting in
            Sighting(
                fact: sighting.fact, low: sighting.low.map(moved), high: moved(sighting.high), source: sighting.source)
        }
    }
}

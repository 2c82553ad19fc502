// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import Measurement
import Probes

/// Reads from the buffer until `isEnough` says so, and returns everything read so far.
func observations(
    from buffer: ObservationBuffer, until isEnough: ([Observation]) -> Bool
) async -> [Observation] {
    var all: [Observation] = []
    while !isEnough(all), let batch = await buffer.next() { all += batch }
    return all
}

/// Everything that is left until the engine finished the buffer.
func rest(of buffer: ObservationBuffer) async -> [Observation] {
    await observations(from: buffer) { _ in false }
}

extension [Observation] {
    /// The observations of one probe, by slot.
    func of(_ probe: String) -> [Observation] {
        filter { $0.probe == probe }.sorted { $0.slot < $1.slot }
    }
}

extension Observation {
    /// The outcome as one word, with the reason where there is one: `failure status`.
    var word: String {
        switch outcome {
        case .success: "success"
        case .failure(let reason): "failure \(reason)"
        case .unknown(let reason): "unknown \(reason)"
        case .missed(let reason): "missed \(reason)"
        }
    }
}

extension WrittenDuration {
    static let ample = WrittenDuration(.seconds(900))
    static let brief = WrittenDuration(.milliseconds(50))
}

// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import ExperimentControl
import Measurement
import ResourceStore
import SQLiteStore
import Testing

@testable import ControllerService

@Suite("the observations of a run, as lines")
struct ObservationLinesTests {
    @Test("a long run comes in steps of a bounded size, each line once and in order")
    func steps() async throws {
        let scratch = try await ScratchStore()
        let clock = StandingClock()
        var status = RunStatus(phase: .done)
        let anchor = clock.anchor()
        status.anchor = anchor
        let run = try await scratch.run("long", status)
        for slot in 0..<100 {
            let at = anchor.monotonic.advanced(by: .milliseconds(slot * 20))
            let one = Observation(
                probe: "site", slot: Int64(slot), planned: at, begun: at, ended: at, outcome: .success)
            try await scratch.store.append(
                chunk: MeasurementChunk(
                    run: try #require(run.metadata.uid), content: .observations,
                    data: try ChunkCodec.encode([one], anchor: anchor)))
        }
        var pieces: [Int] = []
        var text = ""
        for try await piece in ObservationLines(store: scratch.store, clock: clock, key: run.key).stream() {
            pieces.append(piece.count { $0 == UInt8(ascii: "\n") })
            text += String(decoding: piece, as: UTF8.self)
        }
        #expect(pieces.reduce(0, +) == 100)
        #expect(pieces.count > 5 && pieces.allSatisfy { $0 <= 16 }, "\(pieces)")
        let lines = text.split(separator: "\n")
        #expect(lines.enumerated().allSatisfy { $0.element.contains("\"slot\":\($0.offset)") })
        await scratch.store.close()
    }
}

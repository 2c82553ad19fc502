// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import ExperimentControl
import FoundationEssentials
import Measurement
import ResourceStore

/// The observations of one run as lines of JSON, from its first to the one that is its last when it is done.
struct ObservationLines: Sendable {
    let store: any ResourceStore
    let clock: any ControlClock
    let key: ResourceKey

    /// What is read at once. A chunk holds half a second, so that a long run comes in many steps.
    private static let mostChunks = 16

    /// One line.
    private struct Line: Encodable {
        var at: Timestamp
        var probe: String
        var slot: Int64
        var outcome: String
        var reason: String?
        var durationSeconds: Double
        var detail: String?

        init(_ one: Observation, _ anchor: ClockAnchor) {
            at = anchor.timestamp(of: one.begun)
            probe = one.probe
            slot = one.slot
            durationSeconds = Double(one.ended.nanoseconds - one.begun.nanoseconds) / 1e9
            detail = one.detail
            switch one.outcome {
            case .success: outcome = "success"
            case .failure(let why): (outcome, reason) = ("failure", why)
            case .unknown(let why): (outcome, reason) = ("unknown", why)
            case .missed(let why): (outcome, reason) = ("missed", why)
            }
        }
    }

    /// A few chunks of the store at a time; looks for more twice a second while the run is under way. Bounded by its
    /// reader: the next are read when the last were taken.
    func stream() -> AsyncThrowingStream<[UInt8], any Error> {
        let reading = ObservationReading(lines: self)
        return AsyncThrowingStream { try await reading.next() }
    }

    /// The lines of chunks, and how many chunks were looked at; nil when the run is gone.
    fileprivate func read(after count: Int) async throws -> (lines: [UInt8], chunks: Int, isOver: Bool)? {
        // Asked before the chunks: what a run that is done wrote is all there.
        guard let run = try await store.get(Run.self, namespace: key.namespace, name: key.name) else { return nil }
        let isOver = run.status?.phase == .done
        guard let anchor = run.status?.anchor, let uid = run.metadata.uid else { return ([], 0, isOver) }
        let chunks = try await store.chunks(run: uid, after: count, most: Self.mostChunks)
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        var lines: [UInt8] = []
        for chunk in chunks where chunk.content == .observations {
            for one in try ChunkCodec.decode(chunk.data, onto: anchor) {
                lines += try encoder.encode(Line(one, anchor)) + [UInt8(ascii: "\n")]
            }
        }
        return (lines, chunks.count, isOver && chunks.count < Self.mostChunks)
    }
}

/// Where one reader is.
private actor ObservationReading {
    private let lines: ObservationLines
    private var taken = 0
    private var isOver = false

    init(lines: ObservationLines) { self.lines = lines }

    /// Nil at the end.
    func next() async throws -> [UInt8]? {
        while !isOver {
            guard let step = try await lines.read(after: taken) else { return nil }
            taken += step.chunks
            isOver = step.isOver
            if !step.lines.isEmpty { return step.lines }
            if step.chunks == 0, !isOver { try await lines.clock.sleep(for: .milliseconds(500)) }
        }
        return nil
    }
}

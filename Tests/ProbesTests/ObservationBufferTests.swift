// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import Measurement
import Testing

@testable import Probes

@Suite("ObservationBuffer")
struct ObservationBufferTests {
    private func one(_ slot: Int64) -> ObservationBuffer.Entry {
        let instant = MonotonicInstant(nanoseconds: slot * 10)
        return .one(
            Observation(
                probe: "p", slot: slot, planned: instant, begun: instant, ended: instant, outcome: .success))
    }

    private func missed(_ slots: Range<Int64>, _ reason: ProbeReason = .starved) -> ObservationBuffer.Entry {
        .missed(.init(probe: "p", clock: SlotClock(start: 0, interval: 10), slots: slots, reason: reason))
    }

    @Test("observations come out in the order they went in, at most the limit at a time")
    func order() {
        let buffer = ObservationBuffer(capacity: 100)
        buffer.add((0..<5).map(one))
        buffer.add((5..<10).map(one))
        #expect(buffer.take(7).observations.map(\.slot) == Array(0..<7))
        #expect(buffer.take(7).observations.map(\.slot) == [7, 8, 9])
        #expect(buffer.take(7).observations.isEmpty)
    }

    @Test("a million missed slots cost one entry and read as one observation each, planned on the grid")
    func missedRuns() {
        let buffer = ObservationBuffer(capacity: 10)
        buffer.add([one(0), missed(1..<500_000), missed(500_000..<1_000_001)])
        #expect(!buffer.isFull)
        var next: Int64 = 0
        while case let batch = buffer.take(4096).observations, !batch.isEmpty {
            let slots = next..<next + Int64(batch.count)
            let isAsPlanned = zip(batch, slots).allSatisfy { $0.slot == $1 && $0.planned.nanoseconds == $1 * 10 }
            #expect(isAsPlanned, "slots \(slots)")
            next = slots.upperBound
        }
        #expect(next == 1_000_001)
    }

    @Test("missed slots of another reason or with a hole between them stay apart")
    func runsApart() {
        let buffer = ObservationBuffer(capacity: 10)
        buffer.add([missed(0..<1), missed(1..<2, .bufferFull), missed(5..<6, .bufferFull)])
        let observations = buffer.take(10).observations
        #expect(observations.map(\.slot) == [0, 1, 5])
        #expect(observations.first?.outcome == .missed(reason: "starved"))
        #expect(observations.last?.outcome == .missed(reason: "bufferFull"))
    }

    @Test("it is full at its capacity and empty again when read")
    func full() {
        let buffer = ObservationBuffer(capacity: 3)
        buffer.add((0..<3).map(one))
        #expect(buffer.isFull)
        _ = buffer.take(1)
        #expect(!buffer.isFull)
    }

    @Test("a waiting reader gets what comes, and the end")
    func reader() async {
        let buffer = ObservationBuffer(capacity: 10)
        async let slots = Self.readAll(buffer)
        buffer.add([one(0)])
        buffer.add([one(1), one(2)])
        buffer.finish()
        #expect(await slots == [0, 1, 2])
    }

    private static func readAll(_ buffer: ObservationBuffer) async -> [Int64] {
        var slots: [Int64] = []
        while let batch = await buffer.next() { slots += batch.map(\.slot) }
        return slots
    }

    @Test("cancelling a waiting reader lets it go")
    func cancelledReader() async {
        let buffer = ObservationBuffer(capacity: 10)
        let reader = Task { await buffer.next() }
        reader.cancel()
        #expect(await reader.value == [])
    }
}

// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import Probes

@Suite("SlotClock")
struct SlotClockTests {
    @Test("planned instants lie on the grid however late the clock was looked at")
    func grid() {
        var clock = SlotClock(start: 1000, interval: 10)
        var sent: [Int64] = []
        var random = SplitMix(seed: 7)
        var now: Int64 = 990
        while sent.count < 1000 {
            now += Int64(random.next() % 15)
            if let slot = clock.advance(to: now).send {
                sent.append(slot)
                #expect(clock.planned(slot) == 1000 + 10 * slot)
                #expect(clock.planned(slot) <= now && now < clock.planned(slot + 1))
            }
        }
    }

    @Test("every slot is handed out once, as sent or as missed, whatever the clock does", arguments: [1, 2, 3, 4, 5])
    func everySlotOnce(seed: UInt64) {
        var random = SplitMix(seed: seed)
        var clock = SlotClock(start: 0, interval: 7, firstSlot: 3)
        var handedOut: [Int64] = []
        var now: Int64 = 0
        for _ in 0..<2000 {
            now += Int64(random.next() % (random.next() % 50 == 0 ? 5000 : 9))
            let due = clock.advance(to: now)
            handedOut += due.missed
            if let slot = due.send { handedOut.append(slot) }
        }
        #expect(handedOut == Array(3..<clock.next))
    }

    struct Case: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var now: Int64
        var missed: Range<Int64>
        var send: Int64?
        var next: Int64
    }

    @Test(
        "what is due depends only on the instant",
        arguments: [
            Case(testDescription: "before the first slot", now: 99, missed: 0..<0, send: nil, next: 100),
            Case(testDescription: "exactly on the first", now: 100, missed: 0..<0, send: 0, next: 110),
            Case(testDescription: "late within the first", now: 109, missed: 0..<0, send: 0, next: 110),
            Case(testDescription: "one interval late", now: 110, missed: 0..<1, send: 1, next: 120),
            Case(
                testDescription: "stopped for a thousand slots", now: 10_105, missed: 0..<1000, send: 1000, next: 10_110
            ),
        ])
    func due(_ example: Case) {
        var clock = SlotClock(start: 100, interval: 10)
        #expect(clock.advance(to: example.now) == .init(missed: example.missed, send: example.send))
        #expect(clock.nextInstant == example.next)
    }
}

/// A small seeded generator (Steele, Lea and Flood: Fast splittable pseudorandom number generators, 2014).
struct SplitMix: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}

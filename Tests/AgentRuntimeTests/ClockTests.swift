// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import Testing

@testable import AgentRuntime

/// Two clocks whose truth is known: the controller's date is a line over the host's boot clock.
private struct TwoClocks {
    /// The controller's date at boot, in nanoseconds.
    var begin: Int64
    /// How much faster the controller's clock goes, in parts of a million.
    var drift: Int64

    func date(at boot: Int64) -> Int64 { begin + boot + boot / 1_000_000 * drift }

    /// What an exchange shows whose question is on the way for `there` and whose answer for `back`.
    func exchange(sent: Int64, there: Int64, inside: Int64, back: Int64) -> ClockExchange? {
        let (received, answered) = (sent + there, sent + there + inside)
        return ClockExchange(
            sent: sent, received: Timestamp(nanosecondsSinceEpoch: date(at: received)),
            answered: Timestamp(nanosecondsSinceEpoch: date(at: answered)), arrived: answered + back)
    }
}

@Suite("Clocks of two hosts")
struct ClockTests {
    private static let start: Int64 = 1_790_000_000_000_000_000

    @Test("the true difference lies in the bounds, whatever the delays and however clocks drift", arguments: 0..<200)
    func truth(seed: Int) throws {
        var chance = Chance(seed: UInt64(seed))
        let clocks = TwoClocks(
            begin: Self.start + chance.number(-4_000_000_000_000...4_000_000_000_000),
            drift: chance.number(-990...990))
        var comparison = ClockComparison()
        var boot = chance.number(0...1_000_000_000_000)
        for _ in 0..<50 {
            // One way may take two seconds and the other nothing.
            let there = chance.number(0...(chance.number(0...3) == 0 ? 2_000_000_000 : 1_000_000))
            let back = chance.number(0...(chance.number(0...3) == 0 ? 2_000_000_000 : 1_000_000))
            let inside = chance.number(0...50_000_000)
            comparison.add(try #require(clocks.exchange(sent: boot, there: there, inside: inside, back: back)))
            boot += there + inside + back
            for _ in 0..<4 {
                let bounds = try #require(comparison.difference(at: boot))
                let truth = clocks.date(at: boot) - boot
                #expect(bounds.low <= truth && truth <= bounds.high, "seed \(seed)")
                boot += chance.number(0...10_000_000_000)
            }
        }
    }

    @Test("the exchange with the least delay counts, until its age has made it the wider one")
    func leastDelay() throws {
        let clocks = TwoClocks(begin: Self.start, drift: 0)
        var comparison = ClockComparison()
        comparison.add(try #require(clocks.exchange(sent: 0, there: 100_000, inside: 5, back: 100_000)))
        comparison.add(try #require(clocks.exchange(sent: 1_000_000, there: 0, inside: 5, back: 40_000_000)))
        let early = try #require(comparison.difference(at: 1_000_000))
        #expect(early.high - early.low < 250_000)
        let late = try #require(comparison.difference(at: 60_000_000_000))
        #expect(late.high - late.low > 100_000_000, "a minute of drift is in it")
        comparison.add(try #require(clocks.exchange(sent: 60_000_000_000, there: 0, inside: 5, back: 40_000_000)))
        let fresh = try #require(comparison.difference(at: 60_000_000_000))
        #expect(fresh.high - fresh.low < 41_000_000)
    }

    @Test("after the controller's clock was set, only what was seen since counts")
    func set() throws {
        let before = TwoClocks(begin: Self.start, drift: 0)
        let after = TwoClocks(begin: Self.start + 3_600_000_000_000, drift: 0)
        var comparison = ClockComparison()
        for beat in 0..<8 {
            let sent = Int64(beat) * 10_000_000_000
            comparison.add(try #require(before.exchange(sent: sent, there: 1_000, inside: 0, back: 1_000)))
        }
        let now: Int64 = 80_000_000_000
        comparison.add(try #require(after.exchange(sent: now, there: 5_000_000, inside: 0, back: 90_000_000)))
        let bounds = try #require(comparison.difference(at: now))
        #expect(bounds.low <= after.begin && after.begin <= bounds.high)
    }

    @Test("the host's date may be set at any time: only its offset changes, and by exactly so much")
    func hostDate() throws {
        let clocks = TwoClocks(begin: Self.start, drift: 0)
        var comparison = ClockComparison()
        comparison.add(try #require(clocks.exchange(sent: 0, there: 200_000, inside: 0, back: 200_000)))
        for ahead in [0, 3, -86_400, 1_000_000_000] {
            let date = Timestamp(nanosecondsSinceEpoch: Self.start + 1_000_000 + Int64(ahead) * 1_000_000_000)
            let reading = HostClockReading(before: 999_000, after: 1_001_000, date: date)
            let clock = try #require(comparison.hostClock(reading))
            #expect(clock.lowSeconds <= -Double(ahead) && -Double(ahead) <= clock.highSeconds)
            #expect(clock.highSeconds - clock.lowSeconds < 0.000_41)
            #expect(abs(comparison.date(reading).nanosecondsSinceEpoch - Self.start - 1_000_000) < 250_000)
        }
    }

    @Test("before the first exchange nothing is said, and instants that cannot be are no exchange")
    func impossible() {
        let one = Timestamp(nanosecondsSinceEpoch: Self.start)
        let other = Timestamp(nanosecondsSinceEpoch: Self.start + 1_000_000)
        #expect(ClockComparison().difference(at: 0) == nil)
        #expect(ClockExchange(sent: 0, received: other, answered: one, arrived: 10) == nil, "sent before received")
        #expect(ClockExchange(sent: 0, received: one, answered: other, arrived: 999_999) == nil, "longer than the way")
        #expect(ClockExchange(sent: 5, received: one, answered: one, arrived: 4) == nil)
        let far = Timestamp(nanosecondsSinceEpoch: .min)
        #expect(ClockExchange(sent: 1, received: far, answered: far, arrived: 2) == nil)
    }
}

/// xorshift64*, so that a seed says everything.
private struct Chance {
    private var state: UInt64

    init(seed: UInt64) { state = (seed &+ 1) &* 0x9E37_79B9_7F4A_7C15 }

    mutating func number(_ range: ClosedRange<Int64>) -> Int64 {
        state ^= state >> 12
        state ^= state << 25
        state ^= state >> 27
        let word = state &* 0x2545_F491_4F6C_DD1D
        return range.lowerBound + Int64(word % UInt64(range.upperBound - range.lowerBound + 1))
    }
}

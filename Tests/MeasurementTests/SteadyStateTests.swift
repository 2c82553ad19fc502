// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import Measurement
import Testing

@Suite("The steady state is judged live, on evidence")
struct SteadyStateTests {
    private func state(_ drawings: [String: String]) -> SteadyState {
        var state = SteadyState(probes: drawings.keys.sorted().map { probe($0) })
        for (name, drawing) in drawings { for attempt in attempts(drawing, of: name) { state.add(attempt) } }
        return state
    }

    @Test(
        "the baseline holds when every probe has gone without a failure for long enough",
        arguments: [
            ("SSSSSSSSSS", "SSSSSSSSSS", 95, true), ("SSSSSSSSSS", "SSSSSFSSSS", 95, false),
            ("SSSSSSSSSS", "SFSSSSSSSS", 95, true), ("SSSSSSSSSS", "SSSSSSSSSF", 95, false),
            ("SSSSSSSSSS", "SSSSSSSSFF", 95, false), ("SSSSSSSSSS", "??????????", 95, false),
            ("SSSSSSSSSS", "", 95, false), ("SSSSSSSSSS", "         S", 95, false), ("SSSSSSSSSS", "SSS", 95, false),
            ("SSSSS", "SSSSS", 45, false), ("S?S?S?S?S?", "SSSSSSSSSS", 95, true),
        ])
    func baseline(first: String, second: String, now: Int64, holds: Bool) {
        let verdict = state(["a": first, "b": second]).baseline(holdFor: .milliseconds(50), at: .ms(now))
        #expect((verdict == .held) == holds)
        if case .notHeld(let reasons) = verdict { #expect(!reasons.isEmpty) }
    }

    @Test("without probes there is no steady state")
    func noProbes() {
        let state = SteadyState(probes: [])
        #expect(state.baseline(holdFor: .zero, at: .ms(0)) != .held)
        let effect = BoundedInstant(exactly: .ms(0))
        #expect(state.recovery(from: effect, to: effect, stableFor: .zero, at: .ms(9)) == .unknown("there is no probe"))
    }

    @Test("recovery waits for the last of several injections, and for a success after it")
    func severalInjections() {
        let held = state(["a": repeated("S", 30)])
        let first = BoundedInstant(exactly: .ms(50))
        func recovery(last: Int64, now: Int64) -> SteadyState.Recovery {
            held.recovery(from: first, to: .init(exactly: .ms(last)), stableFor: .milliseconds(50), at: .ms(now))
        }
        #expect(recovery(last: 50, now: 295) == .recovered(since: nil))
        #expect(recovery(last: 260, now: 295) == .unknown("less than 50ms have passed since the last injection"))
        #expect(recovery(last: 292, now: 345) == .unknown("probe a has no success since the last injection"))
    }

    @Test("a slow probe is not asked for more than its interval can give")
    func slowProbe() {
        var state = SteadyState(probes: [probe("capacity", every: 5_000)])
        for attempt in attempts("SSFFSS", of: "capacity", every: 5_000) { state.add(attempt) }
        let effect = BoundedInstant(exactly: .ms(9_000))
        let at27 = state.recovery(from: effect, to: effect, stableFor: .seconds(3), at: .ms(27_000))
        #expect(at27 == .recovered(since: .ms(17_500, 15_000, 20_001)))
        let at45 = state.recovery(from: effect, to: effect, stableFor: .seconds(3), at: .ms(45_000))
        #expect(at45 == .unknown("probe capacity has told nothing lately"))
    }
}

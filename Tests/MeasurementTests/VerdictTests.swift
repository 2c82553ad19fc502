// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import Measurement
import Testing

/// One cause, and what it must give.
private struct Cause: Sendable, CustomTestStringConvertible {
    var name: String
    var expected: Verdict
    var says: String
    var change: @Sendable (inout VerdictInput) -> Void
    var testDescription: String { name }

    init(_ name: String, _ expected: Verdict, says: String, _ change: @escaping @Sendable (inout VerdictInput) -> Void)
    {
        self.name = name
        self.expected = expected
        self.says = says
        self.change = change
    }
}

private func second(_ value: Double, _ low: Double, _ high: Double) -> Figure {
    Figure(seconds: value, low: low, high: high)
}

/// A run that passes: killed, measured, recovered in 40 to 42 s of 60 s, nothing to undo.
private func passing() -> VerdictInput {
    let at = anchor.timestamp(of: .ms(50))
    var recovery = RecoveryReport(recovered: true, timeToRecover: second(41, 40, 42))
    recovery.timeToDetect = second(1, 0.9, 1.1)
    recovery.downtime = second(39, 38, 40)
    recovery.availability = AvailabilityReport(percent: 99.6, low: 99.55, high: 99.65, attempts: 5_000)
    recovery.probes = [
        ProbeReport(
            name: "web", expected: 5_000, samples: 4_990, failed: 20, unknown: 5, missed: 10, silentPercent: 0.3)
    ]
    let injection = InjectionReport(
        name: "inject", fault: "lose-one", action: "ec2.terminate", target: "i-1", region: "eu-west-1",
        state: .completed, acceptedAt: at, effective: BoundedTimestamp(at: at, low: at, high: at))
    return VerdictInput(
        baselineHeld: true, injections: [injection], undo: .none, recovery: recovery,
        objective: ObjectiveSpec(timeToRecover: WrittenDuration(.seconds(60))))
}

private let abort = AbortRequest(requestedBy: "ops", reason: "enough", at: anchor.wall)

private let causes: [Cause] = [
    // The causes of P40.
    Cause("recovered later than the objective", .fail, says: "exceeds the objective of 1m") {
        $0.recovery?.timeToRecover = second(122, 121, 123)
    },
    Cause("refused connections are failures of the system and no error of the run", .pass, says: "recovered in 41.0 s")
    {
        $0.recovery?.probes[0].failed = 2_000
    },
    Cause("a broken probe is not a pass", .inconclusive, says: "probe web told nothing") {
        $0.recovery?.probes[0].unknown = 4_990
        $0.recovery?.recovered = nil
    },
    Cause("an unknown result is not a pass", .inconclusive, says: "it is not known whether the steady state came back")
    {
        $0.recovery?.recovered = nil
        $0.recovery?.timeToRecover = nil
    },
    Cause("never recovered", .fail, says: "did not come back within 900.0 s") {
        $0.recovery?.recovered = false
        $0.recovery?.timeToRecover = nil
        $0.recovery?.notRecoveredForSeconds = 900
    },
    Cause("no samples", .inconclusive, says: "told nothing") {
        $0.recovery?.probes[0] = ProbeReport(name: "web", expected: 0, samples: 0, failed: 0, unknown: 0, missed: 0)
    },
    Cause("no probes", .inconclusive, says: "no probe was measured") { $0.recovery?.probes = [] },
    Cause("nothing measured", .inconclusive, says: "nothing was measured") { $0.recovery = nil },
    Cause("too few samples", .inconclusive, says: "12.5 % of the attempts of probe web told nothing") {
        $0.recovery?.probes[0].silentPercent = 12.5
    },
    Cause("enough samples", .pass, says: "recovered") { $0.recovery?.probes[0].silentPercent = 10 },
    Cause("the fault had no effect", .error, says: "ec2.terminate of i-1 took no effect") {
        $0.injections[0].state = .noEffect
        $0.injections[0].effective = nil
    },
    Cause("the service was already down", .inconclusive, says: "did not hold before the injection") {
        $0.baselineHeld = false
        $0.injections = []
        $0.recovery = nil
    },
    Cause("the service was never looked at before", .inconclusive, says: "was not looked at") { $0.baselineHeld = nil },
    // The injection.
    Cause("nothing was injected", .inconclusive, says: "nothing was injected") { $0.injections = [] },
    Cause("the API refused the call", .error, says: "ec2.terminate of i-1 failed: access denied") {
        $0.injections[0].state = .failed
        $0.injections[0].effective = nil
        $0.injections[0].message = "access denied"
    },
    Cause("a guard refused", .inconclusive, says: "was refused by a guard") {
        $0.injections[0].state = .refused
        $0.injections[0].effective = nil
    },
    Cause("accepted without a seen effect", .inconclusive, says: "its effect was not seen") {
        $0.injections[0].state = .accepted
        $0.injections[0].effective = nil
    },
    Cause("an answer that never came", .inconclusive, says: "it is not known whether") {
        $0.injections[0].state = .acting
        $0.injections[0].effective = nil
    },
    Cause("not put back yet", .inconclusive, says: "has not been put back yet") { $0.injections[0].state = .effective },
    Cause("one of two took no effect", .error, says: "took no effect") {
        var other = $0.injections[0]
        other.state = .noEffect
        other.effective = nil
        $0.injections.append(other)
    },
    // The objective, by its worse bound.
    Cause("exactly at the objective", .pass, says: "recovered") { $0.recovery?.timeToRecover = second(60, 59, 60) },
    Cause("bounds on both sides of the objective", .inconclusive, says: "59.5 s to 60.5 s, on both sides") {
        $0.recovery?.timeToRecover = second(60, 59.5, 60.5)
    },
    Cause("no objective", .pass, says: "recovered") { $0.objective = nil },
    Cause("downtime over its limit", .fail, says: "the downtime of 39.0 s exceeds") {
        $0.objective?.downtime = WrittenDuration(.seconds(30))
    },
    Cause("detected too late", .fail, says: "the time to detect of 1.0 s exceeds") {
        $0.objective?.timeToDetect = WrittenDuration(.milliseconds(500))
    },
    Cause("nothing was detected", .inconclusive, says: "there is no time to detect") {
        $0.objective?.timeToDetect = WrittenDuration(.seconds(5))
        $0.recovery?.timeToDetect = nil
    },
    Cause("available enough", .pass, says: "recovered") { $0.objective?.availability = 99.5 },
    Cause("not available enough", .fail, says: "99.6 % misses the objective of 99.9 %") {
        $0.objective?.availability = 99.9
    },
    Cause("availability on both sides", .inconclusive, says: "99.55 % to 99.65 %, on both sides") {
        $0.objective?.availability = 99.6
    },
    Cause("an availability of a handful of attempts", .inconclusive, says: "only 5 attempts tell of the availability") {
        $0.objective?.availability = 99
        $0.recovery?.availability = AvailabilityReport(percent: 40, low: 40, high: 40, attempts: 5)
    },
    Cause("an availability that hangs on one attempt", .inconclusive, says: "hangs on one attempt of 50") {
        $0.objective?.availability = 99
        $0.recovery?.availability = AvailabilityReport(percent: 98, low: 98, high: 98, attempts: 50)
    },
    Cause("two failures of few attempts are no chance", .fail, says: "96.0 % misses the objective of 99.0 %") {
        $0.objective?.availability = 99
        $0.recovery?.availability = AvailabilityReport(percent: 96, low: 96, high: 96, attempts: 50)
    },
    Cause("one failure where none is allowed", .fail, says: "98.0 % misses the objective of 100.0 %") {
        $0.objective?.availability = 100
        $0.recovery?.availability = AvailabilityReport(percent: 98, low: 98, high: 98, attempts: 50)
    },
    Cause("no availability", .inconclusive, says: "there is no availability") {
        $0.objective?.availability = 99
        $0.recovery?.availability = nil
    },
    // Ended early.
    Cause("a stop condition", .fail, says: "a stop condition was met: web failed for 30s") {
        $0.stopCondition = "web failed for 30s"
    },
    Cause("an abort", .inconclusive, says: "aborted by ops: enough") { $0.aborted = abort },
    Cause("an abort before recovery", .inconclusive, says: "aborted by ops: enough") {
        $0.aborted = abort
        $0.recovery?.recovered = false
    },
    Cause("an abort after a stop condition", .fail, says: "a stop condition was met") {
        $0.aborted = abort
        $0.stopCondition = "web failed for 30s"
    },
    Cause("an abort before anything", .inconclusive, says: "aborted by ops") {
        $0 = VerdictInput(
            baselineHeld: nil, injections: [], undo: .none, recovery: nil, objective: nil, aborted: abort)
    },
    // The undo and the run itself.
    Cause("what was changed is not put back", .error, says: "could not be put back") { $0.undo = .dirty },
    Cause("not put back, and not recovered", .fail, says: "could not be put back") {
        $0.undo = .dirty
        $0.recovery?.recovered = false
    },
    Cause("an injection that could not be reverted", .error, says: "could not be put back") {
        $0.injections[0].state = .revertFailed
    },
    Cause("put back", .pass, says: "recovered") {
        $0.injections[0].state = .reverted
        $0.undo = .clean
    },
    Cause("no plan", .error, says: "no plan could be made: page 4 failed") {
        $0 = VerdictInput(
            planProblem: "page 4 failed", baselineHeld: nil, injections: [], undo: .none, recovery: nil, objective: nil)
    },
    Cause("an error of the run", .error, says: "the store cannot be written") {
        $0.runError = "the store cannot be written"
    },
]

@Suite("A verdict needs positive evidence")
struct VerdictTests {
    @Test("each cause gives its verdict, and the first reason says why", arguments: causes)
    fileprivate func cause(_ cause: Cause) throws {
        var input = passing()
        cause.change(&input)
        let (verdict, reasons) = verdict(for: input)
        #expect(verdict == cause.expected)
        #expect(try #require(reasons.first).contains(cause.says))
    }

    @Test("every piece of evidence is needed: without any one of them there is no pass")
    func everyPiece() {
        let removals: [(inout VerdictInput) -> Void] = [
            { $0.baselineHeld = nil }, { $0.injections = [] }, { $0.injections[0].effective = nil },
            { $0.recovery = nil }, { $0.recovery?.recovered = nil }, { $0.recovery?.timeToRecover = nil },
            { $0.recovery?.probes = [] }, { $0.undo = .dirty },
        ]
        #expect(verdict(for: passing()).verdict == .pass)
        for remove in removals {
            var input = passing()
            remove(&input)
            #expect(verdict(for: input).verdict != .pass)
        }
    }

    @Test("every state of an injection but a finished one is no pass", arguments: InjectionState.allCases)
    func states(state: InjectionState) {
        var input = passing()
        input.injections[0].state = state
        let finished: [InjectionState] = [.completed, .reverted, .targetGone]
        #expect((verdict(for: input).verdict == .pass) == finished.contains(state))
    }
}

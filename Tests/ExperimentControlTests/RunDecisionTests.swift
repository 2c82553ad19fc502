// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import Testing

@testable import ExperimentControl

@Suite("what a run does next")
struct RunDecisionTests {
    static let second: Int64 = 1_000_000_000
    static let stop = Sample.fault(.ec2(.stop), name: "stop", duration: .seconds(60))
    static let kill = Sample.fault(.ec2(.terminate), name: "kill")
    static let quiet = RunFacts.Watch(
        baselineWants: [], isRecovered: false, began: .init(nanoseconds: 0), stopReason: nil)
    static let stopping = RunFacts.Watch(
        baselineWants: [], isRecovered: false, began: .init(nanoseconds: 0), stopReason: "site fails")

    static func injection(
        _ fault: FaultSpec, _ state: InjectionState, effective: Int64? = nil, name: String = "run-1-1"
    ) -> Injection {
        var injection = Sample.injection(fault, name: name)
        var status = InjectionStatus(state: state)
        status.attempts = state.isBeforeAct || state == .refused ? 0 : 1
        status.effectiveHigh = effective.map { MonotonicInstant(nanoseconds: $0 * second) }
        injection.status = status
        return injection
    }

    static func facts(
        _ phase: RunPhase, _ injections: [Injection] = [], watch: RunFacts.Watch? = quiet, abort: String? = nil,
        halt: String? = nil, isStopped: Bool = false, now: Int64 = 100, faults: [FaultSpec] = [stop, kill]
    ) -> RunFacts {
        RunFacts(
            spec: Sample.experiment(faults), phase: phase, phaseSince: .init(nanoseconds: 90 * second),
            injections: injections, watch: watch, abort: abort, halt: halt, isStopped: isStopped,
            now: .init(nanoseconds: now * second))
    }

    static func phase(of action: RunAction) -> RunPhase? {
        if case .enter(let phase, _) = action { phase } else { nil }
    }

    @Test("before anything is prepared a run plans, prepares, and leaves when it is aborted")
    func early() {
        #expect(RunDecision.next(Self.facts(.pending)) == .plan)
        #expect(RunDecision.next(Self.facts(.planned)) == .createInjections)
        for phase in [RunPhase.pending, .planned, .baseline] {
            #expect(Self.phase(of: RunDecision.next(Self.facts(phase, abort: "enough"))) == .reporting)
        }
        #expect(RunDecision.next(Self.facts(.done)) == .nothing)
        #expect(RunDecision.next(Self.facts(.reporting)) == .conclude)
    }

    @Test("the baseline is watched, waited for, given up, and only then the gates are asked")
    func baseline() {
        #expect(RunDecision.next(Self.facts(.baseline, watch: nil)) == .startWatching)
        #expect(RunDecision.next(Self.facts(.baseline)) == .checkGates)
        let wanting = RunFacts.Watch(
            baselineWants: ["site fails"], isRecovered: false, began: .init(nanoseconds: 90 * Self.second),
            stopReason: nil)
        #expect(RunDecision.next(Self.facts(.baseline, watch: wanting)) == .wait(RunDecision.easyTick))
        let late = RunDecision.next(Self.facts(.baseline, watch: wanting, now: 153))
        #expect(
            late == .enter(.reporting, reason: "the steady state did not hold before the first fault: site fails"))
    }

    @Test("abort, halt and stop condition each end the injecting and the holding", arguments: [0, 1, 2])
    func endings(which: Int) {
        for phase in [RunPhase.injecting, .holding] {
            for state in InjectionState.allCases {
                let facts = Self.facts(
                    phase, [Self.injection(Self.stop, state, effective: 99)],
                    watch: which == 2 ? Self.stopping : Self.quiet, abort: which == 0 ? "enough" : nil,
                    halt: which == 1 ? "halted" : nil)
                #expect(Self.phase(of: RunDecision.next(facts)) == .reverting)
            }
        }
    }

    @Test(
        "while injecting, each state of a held fault has its step",
        arguments: [
            (InjectionState.pending, nil as Int64?, RunAction.advance(["run-1-1"])),
            (.reserved, nil, .advance(["run-1-1"])), (.announced, nil, .advance(["run-1-1"])),
            (.armed, nil, .advance(["run-1-1"])), (.acting, nil, .advance(["run-1-1"])),
            (.accepted, nil, .advance(["run-1-1"])),
            (.effective, 41, .enter(.holding, reason: "every fault is in place")),
            (.effective, 40, .enter(.reverting, reason: "every injection is done")),
            (.noEffect, nil, .enter(.reverting, reason: "every injection is done")),
            (.reverting, 1, .enter(.reverting, reason: "every injection is done")),
            (.reverted, 1, .enter(.reverting, reason: "every injection is done")),
            (.refused, nil, .enter(.reverting, reason: "every injection is done")),
            (.failed, nil, .enter(.reverting, reason: "every injection is done")),
            (.targetGone, 1, .enter(.reverting, reason: "every injection is done")),
            (.revertFailed, 1, .enter(.reverting, reason: "every injection is done")),
        ])
    func held(state: InjectionState, effective: Int64?, expected: RunAction) {
        let facts = Self.facts(.injecting, [Self.injection(Self.stop, state, effective: effective)])
        #expect(RunDecision.next(facts) == expected)
    }

    @Test("a held fault waits in the holding phase until its duration is over")
    func holdOver() {
        let held = Self.injection(Self.stop, .effective, effective: 41)
        #expect(RunDecision.next(Self.facts(.holding, [held])) == .wait(RunDecision.tick))
        #expect(Self.phase(of: RunDecision.next(Self.facts(.holding, [held], now: 101))) == .reverting)
        let other = Self.injection(Self.stop, .effective, effective: 80, name: "run-1-2")
        #expect(
            RunDecision.next(Self.facts(.holding, [held, other], now: 101)) == .advance(["run-1-1"]),
            "the other is held for a while yet")
    }

    @Test("without a watch nothing new is harmed, and what is owed is known")
    func unwatched() {
        let due = Self.injection(Self.stop, .effective, effective: 1)
        let armed = Self.injection(Self.kill, .armed, name: "run-1-2")
        let facts = Self.facts(.injecting, [due, armed], watch: nil)
        #expect(RunDecision.next(facts) == .startWatching)
        #expect(RunDecision.owed(facts) == ["run-1-1"])
    }

    @Test(
        "a fault that follows another starts when that took effect on all targets, and is refused when it never will",
        arguments: [
            (InjectionState.accepted, nil as Int64?, RunAction.advance(["run-1-1"])),
            (.completed, 50, .advance(["run-1-2"])), (.refused, nil, .beginReverting([], refuse: ["run-1-2"])),
            (.failed, nil, .beginReverting([], refuse: ["run-1-2"])),
            (.noEffect, nil, .beginReverting([], refuse: ["run-1-2"])),
            (.targetGone, nil, .beginReverting([], refuse: ["run-1-2"])), (.targetGone, 50, .advance(["run-1-2"])),
            (.reverted, nil, .beginReverting([], refuse: ["run-1-2"])),
            (.revertFailed, nil, .beginReverting([], refuse: ["run-1-2"])),
        ])
    func after(first: InjectionState, effective: Int64?, expected: RunAction) {
        let second = Sample.fault(.ec2(.terminate), name: "second", after: "kill")
        let facts = Self.facts(
            .injecting,
            [
                Self.injection(Self.kill, first, effective: effective),
                Self.injection(second, .pending, name: "run-1-2"),
            ], faults: [Self.kill, second])
        #expect(RunDecision.next(facts) == expected)
    }

    @Test("reverting refuses what has not acted, puts back what is held, waits for the rest, and then recovers")
    func reverting() {
        let held = Self.injection(Self.stop, .effective, effective: 90)
        let waiting = Self.injection(Self.kill, .armed, name: "run-1-2")
        #expect(
            RunDecision.next(Self.facts(.reverting, [held, waiting]))
                == .beginReverting(["run-1-1"], refuse: ["run-1-2"]))
        for state in [InjectionState.acting, .accepted, .reverting] {
            let facts = Self.facts(.reverting, [Self.injection(Self.stop, state)], watch: nil, abort: "enough")
            #expect(RunDecision.next(facts) == .advance(["run-1-1"]))
        }
        let clean = [Self.injection(Self.stop, .reverted, effective: 90)]
        #expect(Self.phase(of: RunDecision.next(Self.facts(.reverting, clean))) == .recovering)
        let untouched = [Self.injection(Self.stop, .refused)]
        #expect(Self.phase(of: RunDecision.next(Self.facts(.reverting, untouched))) == .reporting)
    }

    @Test("recovering ends with the steady state, by giving up, or soon after an abort")
    func recovering() {
        let done = [Self.injection(Self.kill, .completed, effective: 95)]
        var good = Self.quiet
        good.isRecovered = true
        #expect(Self.phase(of: RunDecision.next(Self.facts(.recovering, done, watch: good))) == .reporting)
        #expect(RunDecision.next(Self.facts(.recovering, done)) == .wait(RunDecision.easyTick))
        #expect(RunDecision.next(Self.facts(.recovering, done, now: 394)) == .wait(RunDecision.easyTick))
        #expect(Self.phase(of: RunDecision.next(Self.facts(.recovering, done, now: 395))) == .reporting)
        #expect(Self.phase(of: RunDecision.next(Self.facts(.recovering, done, abort: "enough"))) == .reporting)
        #expect(RunDecision.next(Self.facts(.recovering, done, watch: nil)) == .startWatching)
        #expect(Self.phase(of: RunDecision.next(Self.facts(.recovering, done, watch: Self.stopping))) == .reverting)
        #expect(
            RunDecision.next(Self.facts(.recovering, done, watch: Self.stopping, isStopped: true))
                == .wait(RunDecision.easyTick))
    }

    @Test("a fault that was held long leaves the system its time to recover after it was put back")
    func recoveringAfterRevert() {
        var put = Self.injection(Self.stop, .reverted, effective: 90)
        put.status?.revertedAt = MonotonicInstant(nanoseconds: 500 * Self.second)
        #expect(RunDecision.next(Self.facts(.recovering, [put], now: 799)) == .wait(RunDecision.easyTick))
        #expect(Self.phase(of: RunDecision.next(Self.facts(.recovering, [put], now: 800))) == .reporting)
    }
}

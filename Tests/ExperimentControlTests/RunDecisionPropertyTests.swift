// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import Scheduling
import Testing

@testable import ExperimentControl

@Suite("what a run never does, whatever the facts")
struct RunDecisionPropertyTests {
    private static let actions: [FaultAction] = [
        .ec2(.stop), .ec2(.terminate), .ec2(.reboot), .elb(.deregister), .autoScaling(.suspendProcesses(["Launch"])),
        .autoScaling(.terminate(decrementDesiredCapacity: true)),
    ]

    /// Facts by chance: any phase with any injections, also those that no run should come to.
    private static func facts(_ chance: inout SeededGenerator) -> RunFacts {
        func maybe<T>(_ value: T) -> T? { Bool.random(using: &chance) ? value : nil }
        func moment() -> MonotonicInstant { .init(nanoseconds: Int64.random(in: 0...900_000_000_000, using: &chance)) }
        let faults = (0..<Int.random(in: 1...3, using: &chance)).map { index in
            let action = actions.randomElement(using: &chance) ?? .ec2(.stop)
            return Sample.fault(
                action, name: "f\(index)", duration: action.isReverted ? .seconds(60) : nil,
                after: index > 0 ? maybe("f\(index - 1)") : nil)
        }
        var injections: [Injection] = []
        for (index, fault) in faults.enumerated() where Int.random(in: 0..<8, using: &chance) > 0 {
            var injection = Sample.injection(fault, name: "run-1-\(index)")
            var status = InjectionStatus(state: InjectionState.allCases.randomElement(using: &chance) ?? .pending)
            status.attempts = Int.random(in: 0...2, using: &chance)
            status.effectiveHigh = maybe(moment())
            status.revertedAt = maybe(moment())
            injection.status = status
            injections.append(injection)
        }
        let watch = RunFacts.Watch(
            baselineWants: maybe(["site"]) ?? [], isRecovered: Bool.random(using: &chance), began: moment(),
            stopReason: maybe("site fails"))
        return RunFacts(
            spec: Sample.experiment(faults), phase: RunPhase.allCases.randomElement(using: &chance) ?? .pending,
            phaseSince: moment(), injections: injections, watch: maybe(watch), abort: maybe("enough"),
            halt: maybe("halted"), isStopped: Bool.random(using: &chance), now: moment())
    }

    /// Where something may be changed in the world and is not known to be back, or to have been gone.
    private static func owes(_ injection: Injection) -> Bool {
        switch injection.state {
        case .acting, .accepted, .effective, .reverting: true
        case .noEffect: injection.spec.action.isReverted
        default: false
        }
    }

    @Test("no facts lead from something to put back to the reports or the end", arguments: 0..<20)
    func neverLeaves(seed: UInt64) {
        var chance = SeededGenerator(seed: seed)
        for number in 0..<500 {
            let facts = Self.facts(&chance)
            guard facts.injections.contains(where: Self.owes), facts.phase != .done else { continue }
            let action = RunDecision.next(facts)
            let leaves =
                switch action {
                case .enter(.reporting, _), .enter(.done, _), .conclude, .nothing: true
                default: false
                }
            #expect(!leaves, "seed \(seed), number \(number): \(action) from \(facts.phase)")
        }
    }

    @Test("nothing new is harmed after abort, halt or stop, nor without a watch", arguments: 0..<20)
    func neverHarms(seed: UInt64) {
        var chance = SeededGenerator(seed: seed)
        for number in 0..<500 {
            let facts = Self.facts(&chance)
            guard case .advance(let names) = RunDecision.next(facts) else { continue }
            let harmed = facts.injections.filter { names.contains($0.metadata.name) && $0.state.isBeforeAct }
            let mayHarm =
                (facts.phase == .injecting || facts.phase == .holding) && facts.abort == nil && facts.halt == nil
                && facts.watch != nil && facts.watch?.stopReason == nil
            #expect(harmed.isEmpty || mayHarm, "seed \(seed), number \(number): \(names) in \(facts.phase)")
        }
    }

    @Test("a run that is asked again and again while its injections do their steps comes to its end", arguments: 0..<20)
    func alwaysEnds(seed: UInt64) {
        var chance = SeededGenerator(seed: seed)
        for _ in 0..<20 {
            var facts = Self.facts(&chance)
            facts.phase = .injecting
            for index in facts.injections.indices { facts.injections[index].status = nil }
            var steps = 0
            while facts.phase != .reporting, steps < 400 {
                steps += 1
                Self.apply(RunDecision.next(facts), to: &facts, &chance)
            }
            #expect(facts.phase == .reporting, "seed \(seed): stuck in \(facts.phase)")
        }
    }

    /// Does what was decided, with a world that answers by chance.
    private static func apply(_ action: RunAction, to facts: inout RunFacts, _ chance: inout SeededGenerator) {
        switch action {
        case .startWatching:
            facts.watch = .init(baselineWants: [], isRecovered: false, began: facts.now, stopReason: nil)
        case .advance(let names):
            for index in facts.injections.indices where names.contains(facts.injections[index].metadata.name) {
                step(&facts.injections[index], now: facts.now, &chance)
            }
        case .beginReverting(let held, let refused):
            for index in facts.injections.indices {
                let name = facts.injections[index].metadata.name
                if held.contains(name) { facts.injections[index].status?.state = .reverting }
                if refused.contains(name) { facts.injections[index].status = InjectionStatus(state: .refused) }
            }
        case .enter(let phase, _): (facts.phase, facts.phaseSince, facts.isStopped) = (phase, facts.now, true)
        default: break
        }
        facts.now = facts.now.advanced(by: .seconds(10))
    }

    private static func step(_ injection: inout Injection, now: MonotonicInstant, _ chance: inout SeededGenerator) {
        var status = injection.status ?? InjectionStatus(state: .pending)
        let next: [InjectionState] =
            switch status.state {
            case .pending: [.reserved, .refused]
            case .reserved: [.announced, .refused, .failed]
            case .announced: [.armed, .failed]
            case .armed: [.acting, .accepted, .failed]
            case .acting: [.acting, .accepted, .noEffect, .targetGone]
            case .accepted: [.accepted, .noEffect, injection.spec.action.isReverted ? .effective : .completed]
            case .effective, .noEffect: [.reverting, .reverted]
            case .reverting: [.reverting, .reverted, .targetGone, .revertFailed]
            case .reverted, .completed, .refused, .failed, .targetGone, .revertFailed: [status.state]
            }
        status.state = next.randomElement(using: &chance) ?? status.state
        if status.state == .acting || status.state == .accepted { status.attempts = 1 }
        if [.effective, .completed].contains(status.state), status.effectiveHigh == nil { status.effectiveHigh = now }
        injection.status = status
    }
}

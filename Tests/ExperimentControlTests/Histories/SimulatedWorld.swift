// SPDX-License-Identifier: Apache-2.0
import AWS
import ChaosModel
import Synchronization

@testable import ExperimentControl

/// AWS in memory: answers at once, lies sometimes about what it did, and lets anything happen while it is waited for.
struct SimulatedWorld: InjectionWorld {
    let witness: Witness
    let clock: SimulatedClock
    /// What happens in the rest of the world while a call is waited for.
    let meanwhile: @Sendable () async -> Void
    let run: @Sendable (String) -> Run?
    /// How the next call goes.
    let luck: @Sendable () -> Luck
    /// Whether the next look fails: whoever looked gives the injection up, and another process may be further.
    let looksFail: @Sendable () -> Bool
    /// Makes the process that waits for the answer find its injection changed: it is as if it had died.
    let die: @Sendable (Injection) async -> Void

    enum Luck: Sendable { case answers, losesAnswer, losesRequest, killsCaller }

    func room(for spec: InjectionSpec, in context: Injector.Context, now: Timestamp) async throws(AWSError) -> Int? {
        await meanwhile()
        return nil
    }

    /// The same words that the product asks, before and after looking at AWS.
    func refusal(of spec: InjectionSpec, in context: Injector.Context, now: Timestamp) async throws(AWSError) -> String?
    {
        let fault = context.run.spec.plan.faults.first { $0.name == spec.fault }
        let refusal = PolicyGuards(policy: context.policy).refusal(
            of: fault, action: spec.action, target: spec.target, now: now)
        await meanwhile()
        if looksFail() { throw Self.busy }
        return refusal
    }

    private static let busy = AWSError(
        code: .throttled, message: "too many requests", hint: "", service: "ec2", action: "DescribeInstances",
        mayHaveActed: false)

    func mark(_ injection: Injection, in context: Injector.Context) async throws(AWSError) { await meanwhile() }

    func fault(of injection: Injection) async throws(AWSError) -> any AWSFault {
        await meanwhile()
        if looksFail() { throw Self.busy }
        return SimulatedFault(world: self, injection: injection)
    }
}

/// A kill: done is done, and every look shows it.
struct SimulatedFault: AWSFault {
    let world: SimulatedWorld
    let injection: Injection

    func plan() async throws(AWSError) -> UndoRecord { .nothing }

    func inject() async throws(AWSError) -> String? {
        let luck = world.luck()
        if luck != .losesRequest { harm() }
        switch luck {
        case .answers: return "done"
        case .killsCaller:
            await world.die(injection)
            return "done"
        case .losesAnswer, .losesRequest:
            throw AWSError(
                code: .timedOut, message: "no answer", hint: "", service: "ec2", action: "TerminateInstances",
                mayHaveActed: true)
        }
    }

    private func harm() {
        guard let run = world.run(injection.spec.run) else { return }
        world.witness.saw(
            injection, of: run, wall: world.clock.wall(), running: world.clock.now().nanoseconds)
    }

    func effect() async throws(AWSError) -> FaultEffect {
        await world.meanwhile()
        let isHarmed = world.witness.facts.withLock { $0.harms[injection.reservationID] != nil }
        return isHarmed ? .seen(evidence: "gone") : .notYet(evidence: "runs")
    }
}

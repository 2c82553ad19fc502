// SPDX-License-Identifier: Apache-2.0
import AWS
import ChaosModel
import Logging
import ResourceStore

/// Putting back what was changed. Nothing here is stopped by an abort; it ends with the world's own word.
extension Injector {
    /// Makes the first call at once. It waits neither for a look at the world, as an undo may be made twice, nor for
    /// the store to take more than the audit's intent: one that takes no writes must not keep a fault alive. The state
    /// is written while the call is under way: five hundred states would hold up the intents of five hundred calls.
    func beginRevert(_ injection: Injection) async throws(StoreError) -> Injection {
        logger.notice(
            "reverting", metadata: ["injection": "\(injection.metadata.name)", "target": "\(injection.spec.target.id)"])
        tries.note(injection, .reverting, at: clock.now())
        let began = clock.now()
        let (announced, announcing) = AsyncStream.makeStream(of: Void.self)
        async let called = revertAtOnce(injection) { announcing.finish() }
        // Ends also when this task is cancelled; then the state is written at once.
        for await _ in announced {}
        let marked: Result<Injection, StoreError>
        do throws(StoreError) {
            marked = .success(
                try await write(injection) { status in
                    status.state = .reverting
                    if status.revertBegan == nil { status.revertBegan = began }
                })
        } catch { marked = .failure(error) }
        // Waited for before the store's failure is thrown, as leaving would cancel it.
        let answer = await called
        guard case .failure(let error) = answer else { return try marked.get() }
        return try await note(
            try marked.get(), "putting back \(injection.spec.target.id): \(error.message)")
    }

    /// `announced` is called once the call's intent is durable, and when there is no call.
    private func revertAtOnce(
        _ injection: Injection, announced: @escaping @Sendable () -> Void
    ) async -> Result<Void, AWSError> {
        await asUndo {
            defer { announced() }
            return await answer { () throws(AWSError) in
                let fault = try await world.fault(of: injection)
                let undo = injection.status?.undo ?? .nothing
                try await revert(fault, undo, of: injection, announced: announced)
            }
        }
    }

    /// Before other calls, and to its end also when the task is cancelled, as happens in a process that is told to end:
    /// a call that is cut short may not have been made, and the next driver may be long in coming. The calls have
    /// deadlines of their own.
    func asUndo<Value: Sendable>(_ body: @escaping @Sendable () async -> Value) async -> Value {
        // Owned here: it is waited for, and cancelling does not reach it.
        await Task { await AWSUrgency.$isUndo.withValue(true) { await body() } }.value
    }

    /// Looks first, so that a revert that already happened is not made twice; then makes the call; the next step looks
    /// again.
    func continueRevert(_ injection: Injection) async throws(StoreError) -> Injection {
        let undo = injection.status?.undo ?? .nothing
        let looked = await asUndo {
            await answer { () throws(AWSError) -> RevertState in
                let fault = try await world.fault(of: injection)
                let state = try await fault.isReverted(undo)
                if case .notYet = state { try await revert(fault, undo, of: injection) }
                return state
            }
        }
        switch looked {
        case .success(.reverted(let evidence)):
            // A look right after the act may still show the time before it.
            let changed = injection.status?.effectiveHigh ?? injection.status?.callBegan ?? clock.now()
            if undo != .nothing, clock.now().since(changed) < Self.settlingTime { return injection }
            return try await finish(injection, .reverted, evidence)
        case .success(.targetGone(let evidence)): return try await finish(injection, .targetGone, evidence)
        case .success(.notYet(let evidence)): return try await afterDeadline(injection, evidence) ?? injection
        case .failure(let error):
            let message = "putting back \(injection.spec.target.id): \(error.message)"
            if let failed = try await afterDeadline(injection, message) { return failed }
            return try await note(injection, message)
        }
    }

    private func finish(
        _ injection: Injection, _ state: InjectionState, _ evidence: String
    ) async throws(StoreError) -> Injection {
        logger.notice("reverted", metadata: ["injection": "\(injection.metadata.name)", "evidence": "\(evidence)"])
        tries.forget(injection)
        return try await write(injection) { status in
            status.state = state
            status.revertedAt = clock.now()
            status.message = nil
            if status.evidence.count < 20 { status.evidence.append(evidence) }
        }
    }

    /// The deadline counts from when this process began to try, and not while nobody did.
    private func afterDeadline(_ injection: Injection, _ message: String) async throws(StoreError) -> Injection? {
        let now = clock.now()
        let began = tries.note(injection, .reverting, at: now)
        guard now.since(began) >= options.revertDeadline else { return nil }
        tries.forget(injection)
        logger.error(
            "undo failed",
            metadata: [
                "injection": "\(injection.metadata.name)", "target": "\(injection.spec.target.id)",
                "reason": "\(message)", "hint": "Put the target back by hand; the plan's undo step says how.",
            ])
        return try await write(injection) { status in
            status.state = .revertFailed
            status.message = message
        }
    }
}

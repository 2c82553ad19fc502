// SPDX-License-Identifier: Apache-2.0
package import ChaosModel
import Logging
import ResourceStore

/// Stopping everything, and letting it go on again. The order is `Policy/halt`: every run reads it, it outlives every
/// process, and it says who ordered and who ended it. See docs/decisions/0034-a-halt-is-a-policy.md.
extension ExperimentController {
    /// Has everything that is held put back, and nothing begun, in this and every other process of the store, until
    /// `resume`. This process obeys at once, before the store has the order, and also while it takes none; then the
    /// order is lost with this process, and `.store` is thrown. A halt that holds already is kept as it is. Returns the
    /// order in force.
    @discardableResult
    package func halt(reason: String, requestedBy: String) async throws(ExperimentError) -> Policy {
        let order = HaltSpec(reason: reason, requestedBy: requestedBy, at: clock.wall())
        halts.give("\(EffectivePolicy.haltWords)\(requestedBy): \(reason)")
        await halts.wakeAll()
        logger.notice("halted", metadata: ["reason": "\(reason)", "requestedBy": "\(requestedBy)"])
        let policy = try await changeHalt(by: requestedBy, because: reason) { policy in
            if let halt = policy?.spec.halt, halt.resumed == nil { return }
            var changed = policy ?? Policy(metadata: ObjectMetadata(name: Policy.haltName), spec: PolicySpec())
            changed.spec.halt = order
            policy = changed
        }
        halts.handedOver()
        return policy
    }

    /// Ends the halt. What was reverted stays reverted; new runs may begin. Throws `.invalid` when nothing is halted by
    /// `Policy/halt`, and `.gateClosed` while the file that halts is there, as it would halt again at once. Returns the
    /// other policies that halt still, which their keepers must change.
    package func resume(reason: String, requestedBy: String) async throws(ExperimentError) -> [String] {
        if let file = options.haltFile, HaltFile.reason(at: file) != nil {
            throw ExperimentError(
                .gateClosed, "the file \(file) is there, and would halt everything again",
                hint: "Remove it, then resume.")
        }
        let now = clock.wall()
        try await changeHalt(by: requestedBy, because: reason) { policy throws(ExperimentError) in
            guard var halt = policy?.spec.halt, halt.resumed == nil else {
                throw ExperimentError(
                    .invalid, "nothing is halted by Policy/\(Policy.haltName)",
                    hint: "See `rebound get policies`; another policy's halt is taken out where it was written.")
            }
            halt.resumed = ResumeSpec(reason: reason, requestedBy: requestedBy, at: now)
            policy?.spec.halt = halt
        }
        halts.handedOver()
        logger.notice("resumed", metadata: ["reason": "\(reason)", "requestedBy": "\(requestedBy)"])
        return EffectivePolicy(try await policies()).halts.map { $0.named("halt") }
    }

    /// Halts when the file appears, a signal comes, or the tag is seen, until cancelled. Whoever drives runs does this
    /// too; it is for a process that does not.
    package func watchHalt() async {
        await withDiscardingTaskGroup { group in
            group.addTask { await self.watchHaltFile() }
            group.addTask { await self.watchHaltSignals() }
            group.addTask { await self.watchHaltTags() }
        }
    }

    private func watchHaltFile() async {
        guard let file = options.haltFile else { return }
        var seen: String?
        while !Task.isCancelled {
            let text = HaltFile.reason(at: file)
            // Said once for each text; and again when it could not be written down.
            if let text, text != seen, await haltSafely(text, by: "file:" + file) { seen = text }
            if text == nil { seen = nil }
            do { try await clock.sleep(for: options.haltFileInterval) } catch { return }
        }
    }

    private func watchHaltSignals() async {
        guard let signals = options.haltSignals?() else { return }
        for await name in signals where !(await haltSafely("received \(name)", by: "signal:" + name)) {
            while !Task.isCancelled {
                do { try await clock.sleep(for: .seconds(1)) } catch { return }
                if await haltSafely("received \(name)", by: "signal:" + name) { break }
            }
        }
    }

    /// False when the store did not take the order; this process obeys it all the same.
    func haltSafely(_ reason: String, by requestedBy: String) async -> Bool {
        do throws(ExperimentError) {
            try await halt(reason: reason, requestedBy: requestedBy)
            return true
        } catch {
            logger.error(
                "halt not written; this process obeys it, others do not know",
                metadata: ["reason": "\(error.message)", "hint": "\(error.hint)"])
            return false
        }
    }

    func policies() async throws(ExperimentError) -> [Policy] {
        do throws(StoreError) { return try await store.list(Policy.self, namespace: nil, labels: [:]).items } catch {
            throw ExperimentError(.store, error.message, hint: error.hint, cause: error)
        }
    }

    /// Changes the halt's policy, whoever else does so at this moment.
    @discardableResult
    private func changeHalt(
        by person: String, because reason: String, _ change: (inout Policy?) throws(ExperimentError) -> Void
    ) async throws(ExperimentError) -> Policy {
        var last: StoreError?
        for _ in 0..<20 {
            do {
                let stored = try await store.get(Policy.self, namespace: "", name: Policy.haltName)
                var wanted = stored
                try change(&wanted)
                guard let wanted else { break }
                if wanted == stored { return wanted }
                return try await WriteOrigin.$current.withValue(.asked(by: person, because: reason)) {
                    stored == nil ? try await store.create(wanted) : try await store.update(wanted)
                }
            } catch let error as StoreError {
                last = error
                if error.code != .alreadyExists, error.code != .conflict { break }
            } catch let error as ExperimentError {
                throw error
            } catch {
                throw ExperimentError(.internalError, "\(error)", hint: "This is a defect; please report it.")
            }
        }
        throw ExperimentError(
            .store, last?.message ?? "Policy/\(Policy.haltName) is being changed all the time",
            hint: last?.hint ?? "Try again.", cause: last)
    }
}

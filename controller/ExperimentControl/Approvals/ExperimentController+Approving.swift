// SPDX-License-Identifier: Apache-2.0
package import ChaosModel
import Logging
import ResourceStore

extension ExperimentController {
    /// Writes down that a person agrees to the plan that a run has now. It counts for that plan only. Again, by the
    /// same person for the same plan, changes nothing. Throws `.invalid` when the run does not wait for approval, and
    /// `.notPermitted` for the person who asked for it, and for those who wrote what it was made from.
    @discardableResult
    package func approve(
        run name: String, namespace: String, by person: String, reason: String?
    ) async throws(ExperimentError) -> Run {
        for _ in 0..<20 {
            var run = try await stored(name, namespace)
            guard run.status?.phase == .awaitingApproval, let plan = run.status?.plan else {
                throw ExperimentError(
                    .invalid, "run \(name) is \(run.status?.phase.rawValue ?? "Pending") and waits for no approval",
                    hint: "A run that a policy's spec.approvals fits waits in AwaitingApproval; see `rebound get runs`."
                )
            }
            guard Person(run.spec.requestedBy) != Person(person) else {
                throw ExperimentError(
                    .notPermitted, "\(person) asked for run \(name) and cannot approve it",
                    hint: "Ask somebody else to look at the plan: `rebound describe run \(name)`.")
            }
            guard !run.ownPeople.contains(Person(person)) else {
                throw ExperimentError(
                    .notPermitted, "\(person) wrote what run \(name) was made from and cannot approve it",
                    hint: "Ask somebody who wrote neither its experiment nor its schedule: spec.authors names them.")
            }
            let isThere = run.spec.approvals?.contains { approval in
                approval.planHash == plan.hash && Person(approval.by) == Person(person)
            }
            if isThere == true, !isStale(run, person, plan) { return run }
            let approval = Approval(by: person, at: clock.wall(), planHash: plan.hash, reason: reason)
            run.spec.approvals = Array(((run.spec.approvals ?? []) + [approval]).suffix(Self.mostApprovals))
            do throws(StoreError) {
                let written = try await update(run, for: person, because: reason)
                logger.notice(
                    "approved", metadata: ["run": "\(name)", "by": "\(person)", "planHash": "\(plan.hash)"])
                return written
            } catch {
                guard error.code == .conflict else {
                    throw ExperimentError(.store, error.message, hint: error.hint, cause: error)
                }
            }
        }
        throw ExperimentError(.store, "run \(name) is being changed all the time", hint: "Try again.")
    }

    private func update(_ run: Run, for person: String, because reason: String?) async throws(StoreError) -> Run {
        let result: Result<Run, StoreError> = await WriteOrigin.$current.withValue(
            .asked(by: person, because: reason)
        ) {
            do throws(StoreError) { return .success(try await store.update(run)) } catch { return .failure(error) }
        }
        return try result.get()
    }

    /// The most that one run keeps; the oldest go first.
    private static let mostApprovals = 100

    /// Whether this person's newest word is an hour old, so that saying it again renews it.
    private func isStale(_ run: Run, _ person: String, _ plan: PlanReport) -> Bool {
        let newest = (run.spec.approvals ?? []).filter { $0.planHash == plan.hash && Person($0.by) == Person(person) }
            .map(\.at).max()
        return newest.map { clock.wall().since($0) > .seconds(3_600) } ?? true
    }
}

// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import Synchronization

@testable import ExperimentControl

/// Stands at the door of the world: sees every call that harms, knows what was in force at that moment, and says what
/// must not have happened. It knows nothing of how the product comes to its decisions.
final class Witness: Sendable {
    /// One injection that has harmed its target.
    struct Harm: Sendable {
        var run: String
        var target: String
        var group: String
        /// Running time of the machine.
        var at: Int64
    }

    struct Facts: Sendable {
        var harms: [String: Harm] = [:]
        var policies: [String: PolicySpec] = [:]
        var aborted: Set<String> = []
        var finished: Set<String> = []
        var violations: [String] = []
        var harmed = 0
        var refused = 0
    }

    let facts = Mutex(Facts())
    private static let day: Int64 = 86_400_000_000_000

    func saw(_ injection: Injection, of run: Run, wall: Timestamp, running: Int64) {
        facts.withLock { facts in
            let target = injection.spec.target
            let harm = Harm(run: run.uid, target: target.id, group: target.autoScalingGroup ?? "", at: running)
            let wrong =
                Self.orders(facts, injection, run, wall) + Self.caps(facts, harm, id: injection.reservationID, of: run)
            facts.violations += wrong.map { "\(injection.metadata.name): \($0)" }
            facts.harms[injection.reservationID] = harm
            facts.harmed += 1
        }
    }

    /// What forbids the act by what stands in the store.
    private static func orders(_ facts: Facts, _ injection: Injection, _ run: Run, _ wall: Timestamp) -> [String] {
        var wrong: [String] = []
        for (name, spec) in facts.policies {
            if let halt = spec.halt, halt.resumed == nil { wrong.append("halted by \(name)") }
            if spec.leash == true { wrong.append("leashed by \(name)") }
            for freeze in spec.freezes ?? [] {
                if let from = freeze.from, let until = freeze.until, from <= wall, wall < until {
                    wrong.append("frozen by \(name)")
                }
            }
            if let faults = spec.allowedFaults, !faults.contains(injection.spec.action.name) {
                wrong.append("not allowed by \(name)")
            }
        }
        if facts.aborted.contains(run.uid) { wrong.append("the run is aborted") }
        if facts.finished.contains(run.uid) { wrong.append("the run has finished") }
        return wrong
    }

    private static func caps(_ facts: Facts, _ harm: Harm, id: String, of run: Run) -> [String] {
        let others = facts.harms.filter { $0.key != id }.map(\.value)
        let underWay = others.filter { !facts.finished.contains($0.run) }
        let ofDay = others.filter { harm.at - $0.at < day }
        var wrong: [String] = []
        func over(_ name: String, _ count: Int, _ most: Int?) {
            if let most, count + 1 > most { wrong.append("\(count + 1) over \(name) \(most)") }
        }
        let specs = facts.policies.values
        over("limits", others.count { $0.run == harm.run }, run.spec.plan.limits.maxTargets)
        over("maxTargetsPerRun", others.count { $0.run == harm.run }, specs.compactMap(\.maxTargetsPerRun).min())
        over("maxTargetsPerDay", ofDay.count, specs.compactMap(\.maxTargetsPerDay).min())
        over(
            "maxTargetsPerGroup", underWay.count { $0.group == harm.group },
            specs.compactMap(\.maxTargetsPerGroup).min())
        over(
            "maxTargetsPerGroupPerDay", ofDay.count { $0.group == harm.group },
            specs.compactMap(\.maxTargetsPerGroupPerDay).min())
        if underWay.contains(where: { $0.target == harm.target && $0.run != harm.run }) {
            wrong.append("\(harm.target) is held by another run")
        }
        return wrong
    }
}

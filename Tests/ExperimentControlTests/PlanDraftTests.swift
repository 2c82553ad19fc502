// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import Testing

@testable import ExperimentControl

@Suite("the plan")
struct PlanDraftTests {
    typealias E = EligibilityTests

    private static func plan(
        _ faults: [FaultSpec], _ inventory: Inventory, policies: [Policy] = [], seed: UInt64 = 7,
        limits: LimitsSpec = LimitsSpec(maxTargets: 5, minHealthy: 1), ownInstances: Set<String> = []
    ) -> PlanReport {
        var draft = PlanDraft(
            spec: Sample.experiment(faults, limits: limits), policy: EffectivePolicy(policies), seed: seed)
        for fault in faults {
            if fault.action.targetsGroup {
                draft.add(fault, group: "web", inventory: inventory, ownInstances: ownInstances)
            } else {
                let selector = fault.targets.instances ?? InstanceSelector()
                let filter = EligibilityFilter(
                    selector: selector, rules: TargetRules(draft.policy), ownInstances: ownInstances, now: .noon)
                draft.add(fault, scope: selector.scope, inventory: inventory, filter: filter)
            }
        }
        return draft.report(now: .noon)
    }

    private static func refused(_ plan: PlanReport) -> [String] {
        plan.guards.filter { !$0.passed }.map { "\($0.name): \($0.message)" }
    }

    private static let four = E.inventory((1...4).map { E.instance($0) })

    @Test("a plan that keeps every rule has no refusal, and says what will be called")
    func good() throws {
        let plan = Self.plan([Sample.fault(.ec2(.terminate))], Self.four)
        #expect(Self.refused(plan) == [])
        #expect(plan.refusal(expecting: nil) == nil)
        #expect(plan.refusal(expecting: plan.hash) == nil)
        let step = try #require(plan.steps.first)
        #expect(step.call == "ec2:TerminateInstances \(step.target.id)")
        #expect(step.target.targetGroupArns == [E.web])
        let code = plan.refusal(expecting: "another")?.code
        #expect(code == .planChanged)
    }

    @Test("a group, a target group and instances on their own each keep their minimum", arguments: [1, 2, 3, 4])
    func minimum(minHealthy: Int) {
        let fault = Sample.fault(.ec2(.terminate), pick: PickSpec(count: 2))
        let limits = LimitsSpec(maxTargets: 5, minHealthy: minHealthy)
        let plan = Self.plan([fault], Self.four, limits: limits)
        #expect(Self.refused(plan).filter { $0.hasPrefix("minHealthy: ") }.count == (minHealthy > 2 ? 2 : 0))
        let alone = Inventory(
            account: Sample.account, region: Sample.region,
            instances: (1...4).map {
                E.instance($0) { instance in
                    instance.autoScalingGroup = nil
                    instance.targetHealth = []
                }
            }, groups: [], targetGroups: [:])
        let outside = Self.plan([fault], alone, limits: limits)
        let expected = minHealthy > 2 ? 1 : 0
        #expect(Self.refused(outside).filter { $0.contains("instances outside groups") }.count == expected)
    }

    @Test("the last healthy member is never taken, whatever the minimum says")
    func last() {
        var inventory = Self.four
        for index in 1..<4 { inventory.groups[0].members[index].healthStatus = "Unhealthy" }
        let plan = Self.plan(
            [Sample.fault(.ec2(.terminate))], inventory, limits: LimitsSpec(maxTargets: 1, minHealthy: 0))
        #expect(Self.refused(plan) == ["minHealthy: group web: 1 healthy, 1 taken, 0 left, at least 1 needed"])
    }

    @Test("the health behind the load balancer counts apart from the group's")
    func behindLoadBalancer() {
        var inventory = Self.four
        inventory.targetGroups[E.web] = inventory.targetGroups[E.web]?.map { target in
            var target = target
            if target.id > World.id(2) { target.state = "unhealthy" }
            return target
        }
        for index in 2..<4 { inventory.instances[index].targetHealth[0].state = "unhealthy" }
        let limits = LimitsSpec(maxTargets: 1, minHealthy: 2)
        let plan = Self.plan([Sample.fault(.ec2(.terminate))], inventory, limits: limits)
        #expect(Self.refused(plan) == ["minHealthy: target group web: 2 healthy, 1 taken, 1 left, at least 2 needed"])
    }

    @Test("several faults never take the same instance, and together keep the limit")
    func several() {
        let faults = (1...4).map { Sample.fault(.ec2(.reboot), name: "f\($0)") }
        for seed in 0..<50 as Range<UInt64> {
            let plan = Self.plan(faults, Self.four, seed: seed)
            #expect(Set(plan.steps.map(\.target.id)).count == 4)
        }
        let tight = Self.plan(faults, Self.four, limits: LimitsSpec(maxTargets: 3, minHealthy: 0))
        #expect(Self.refused(tight).contains("maxTargets: 4 targets, at most 3 by limits.maxTargets"))
        let five = Self.plan(faults + [Sample.fault(.ec2(.stop), name: "f5")], Self.four)
        #expect(five.selections.last?.filters.map(\.name) == ["chosenByEarlierFault"])
        #expect(five.refusal(expecting: nil)?.code == .noTargets)
        let policies = [Sample.policy("strict") { $0.maxTargetsPerRun = 2 }]
        #expect(Self.refused(Self.plan(faults, Self.four, policies: policies)).contains { $0.contains("strict") })
    }

    @Test("the same seed chooses the same, whatever the order of the listing; other seeds choose others")
    func seeds() {
        var chosen: Set<String> = []
        let fault = Sample.fault(.ec2(.terminate), pick: PickSpec(count: 2))
        for seed in 0..<50 as Range<UInt64> {
            let plan = Self.plan([fault], Self.four, seed: seed)
            var reversed = Self.four
            reversed.instances.reverse()
            reversed.groups[0].members.reverse()
            let again = Self.plan([fault], reversed, seed: seed)
            #expect(again.hash == plan.hash)
            #expect(again.steps == plan.steps)
            chosen.insert(plan.hash)
        }
        #expect(chosen.count == 6, "all pairs of four")
    }

    @Test("only the target group that was asked for is touched")
    func deregister() {
        var inventory = Self.four
        let api = World.targetGroup("api")
        for index in inventory.instances.indices {
            inventory.instances[index].targetHealth.append(
                .init(targetGroupArn: api, state: "healthy", port: 81, zone: nil))
        }
        inventory.targetGroups[api] = inventory.targetGroups[E.web]
        let fault = Sample.fault(.elb(.deregister), duration: .seconds(60), select: { $0.targetGroup = "web" })
        #expect(Self.plan([fault], inventory).steps.map(\.target.targetGroupArns) == [[E.web]])
        let any = Sample.fault(.elb(.deregister), duration: .seconds(60))
        #expect(Self.plan([any], inventory).steps.map(\.target.targetGroupArns) == [[E.web, api]])
    }

    @Test("a group itself is a target by its own tags, and never when it is ours")
    func group() {
        let fault = Sample.fault(.autoScaling(.suspendProcesses(["Launch"])), duration: .seconds(60))
        #expect(Self.plan([fault], Self.four).steps.map(\.target.id) == ["web"])
        var other = Self.four
        other.groups[0].tags = [:]
        #expect(Self.plan([fault], other).refusal(expecting: nil)?.code == .noTargets)
        let own = Self.plan([fault], Self.four, ownInstances: [World.id(1)])
        #expect(own.steps.isEmpty)
        #expect(own.refusal(expecting: nil)?.message.contains("ownInstance") == true)
        var suspended = Self.four
        suspended.groups[0].suspendedProcesses = ["Launch", "Terminate"]
        #expect(Self.plan([fault], suspended).refusal(expecting: nil)?.message.contains("already suspended") == true)
        other.groups = []
        #expect(Self.plan([fault], other).refusal(expecting: nil)?.code == .targetsNotFound)
    }

    @Test("nothing found, everything filtered out and a refusing guard are three different answers")
    func refusals() throws {
        let fault = Sample.fault(.ec2(.terminate))
        var empty = Self.four
        empty.instances = []
        #expect(Self.plan([fault], empty).refusal(expecting: nil)?.code == .targetsNotFound)
        let denied = E.inventory((1...4).map { E.instance($0) { $0.tags["rebound:deny"] = "" } })
        let filtered = try #require(Self.plan([fault], denied).refusal(expecting: nil))
        #expect(filtered.code == .noTargets)
        #expect(filtered.message.contains("4 by denyTag rebound:deny"))
        let tight = Self.plan([fault], Self.four, limits: LimitsSpec(maxTargets: 1, minHealthy: 4))
        #expect(tight.refusal(expecting: nil)?.code == .guardRefused)
        let nowhere = Sample.fault(.ec2(.stop), name: "nowhere", duration: .seconds(60))
        var draft = PlanDraft(spec: Sample.experiment([fault, nowhere]), policy: EffectivePolicy([]), seed: 1)
        let rules = TargetRules(draft.policy)
        let filter = EligibilityFilter(selector: InstanceSelector(), rules: rules, ownInstances: [], now: .noon)
        draft.add(fault, scope: AWSScope(), inventory: Self.four, filter: filter)
        draft.add(nowhere, scope: AWSScope(), inventory: empty, filter: filter)
        #expect(draft.report(now: .noon).refusal(expecting: nil)?.code == .targetsNotFound)
    }

    @Test("fewer than asked for is refused, not made do with")
    func tooFew() {
        let fault = Sample.fault(.ec2(.reboot), pick: PickSpec(count: 5))
        let plan = Self.plan([fault], Self.four, limits: LimitsSpec(maxTargets: 9, minHealthy: 0))
        #expect(Self.refused(plan).first == "targetsFound: fault fault: 4 eligible, 4 chosen, 5 wanted")
    }
}

// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import Testing

@testable import ExperimentControl

@Suite("who may be harmed at all")
struct EligibilityTests {
    static let web = World.targetGroup("web")

    static func instance(_ number: Int, _ change: (inout Inventory.Instance) -> Void = { _ in }) -> Inventory.Instance {
        var instance = Inventory.Instance(
            id: World.id(number), state: "running", zone: "eu-west-1a",
            launchedAt: Timestamp.noon.advanced(by: .seconds(-3_600)),
            tags: ["app": "web", "rebound:opt-in": "true"], autoScalingGroup: "web",
            targetHealth: [.init(targetGroupArn: web, state: "healthy", port: 80, zone: nil)])
        change(&instance)
        return instance
    }

    /// A group `web` of these instances, all in service, all registered.
    static func inventory(_ instances: [Inventory.Instance], warmUp: Duration? = nil) -> Inventory {
        let members = instances.filter { $0.autoScalingGroup == "web" }.map {
            Inventory.Member(id: $0.id, lifecycleState: "InService", healthStatus: "Healthy", zone: $0.zone)
        }
        let registered = instances.flatMap { instance in
            instance.targetHealth.map { Inventory.RegisteredTarget(id: instance.id, port: $0.port, state: $0.state) }
        }
        let group = Inventory.Group(
            name: "web", desired: members.count, minimum: 1, members: members, tags: ["rebound:opt-in": "true"],
            suspendedProcesses: [], targetGroupArns: [web], defaultWarmUp: warmUp)
        return Inventory(
            account: Sample.account, region: Sample.region, instances: instances, groups: [group],
            targetGroups: [web: registered])
    }

    static func filter(
        _ policies: [Policy] = [], ownInstances: Set<String> = [], _ select: (inout InstanceSelector) -> Void = { _ in }
    ) -> EligibilityFilter {
        var selector = InstanceSelector(region: Sample.region)
        select(&selector)
        return EligibilityFilter(
            selector: selector, rules: TargetRules(EffectivePolicy(policies)), ownInstances: ownInstances, now: .noon)
    }

    struct Case: Sendable, CustomTestStringConvertible {
        var filter: String
        var select: @Sendable (inout InstanceSelector) -> Void = { _ in }
        var change: @Sendable (inout Inventory.Instance) -> Void = { _ in }
        var testDescription: String { filter }
    }

    @Test(
        "each filter takes away whom it must, says so with the count, and leaves the rest",
        arguments: [
            Case(filter: "ids", select: { $0.ids = [World.id(3)] }),
            Case(filter: "tags", select: { $0.tags = ["app": "web"] }, change: { $0.tags["app"] = "api" }),
            Case(filter: "tags", select: { $0.tags = ["app": "web", "tier": "1"] }, change: { $0.tags["app"] = nil }),
            Case(
                filter: "autoScalingGroup", select: { $0.autoScalingGroup = "web" },
                change: { $0.autoScalingGroup = "api" }),
            Case(filter: "targetGroup", select: { $0.targetGroup = "web" }, change: { $0.targetHealth = [] }),
            Case(filter: "targetGroup", select: { $0.targetGroup = web }, change: { $0.targetHealth = [] }),
            Case(filter: "zones", select: { $0.zones = ["eu-west-1a"] }, change: { $0.zone = "eu-west-1b" }),
            Case(filter: "zones", select: { $0.zones = ["eu-west-1a"] }, change: { $0.zone = nil }),
            Case(filter: "denyTag rebound:deny", change: { $0.tags["rebound:deny"] = "whatever" }),
            Case(filter: "optIn rebound:opt-in=true", change: { $0.tags["rebound:opt-in"] = "True" }),
            Case(filter: "optIn rebound:opt-in=true", change: { $0.tags["rebound:opt-in"] = nil }),
            Case(filter: "state", change: { $0.state = "stopping" }),
            Case(filter: "state", change: { $0.state = "terminated" }),
            Case(filter: "inService", change: { $0.autoScalingGroup = "unreadable" }),
            Case(filter: "targetHealthy", change: { $0.targetHealth[0].state = "unhealthy" }),
            Case(
                filter: "targetHealthy",
                change: {
                    $0.targetHealth.append(
                        .init(targetGroupArn: World.targetGroup("api"), state: "draining", port: 81, zone: nil))
                }),
            Case(
                filter: "warmUp", select: { $0.warmUp = WrittenDuration(.seconds(600)) },
                change: { $0.launchedAt = Timestamp.noon.advanced(by: .seconds(-599)) }),
            Case(
                filter: "warmUp", select: { $0.warmUp = WrittenDuration(.seconds(600)) },
                change: { $0.launchedAt = nil }),
        ])
    func filters(_ one: Case) {
        let instances =
            one.filter == "ids"
            ? [Self.instance(1), Self.instance(2), Self.instance(3)]
            : [Self.instance(1, one.change), Self.instance(2, one.change), Self.instance(3)]
        var tagged = instances
        tagged[2].tags["tier"] = "1"
        let result = Self.filter([], one.select).apply(to: Self.inventory(tagged))
        #expect(result.eligible.map(\.id) == [World.id(3)])
        #expect(result.filters == [.init(name: one.filter, removed: 2, examples: [World.id(1), World.id(2)])])
    }

    @Test(
        "a member that is not in service or not healthy is left alone",
        arguments: [("Standby", "Healthy"), ("InService", "Unhealthy")])
    func inService(lifecycle: String, health: String) {
        var inventory = Self.inventory([Self.instance(1), Self.instance(2)])
        inventory.groups[0].members[0].lifecycleState = lifecycle
        inventory.groups[0].members[0].healthStatus = health
        #expect(Self.filter().apply(to: inventory).filters.map(\.name) == ["inService"])
    }

    @Test("our own instance is never a target, and a warm-up of the group is kept without being asked for")
    func ownAndGroupWarmUp() {
        let inventory = Self.inventory([Self.instance(1), Self.instance(2)], warmUp: .seconds(7_200))
        let result = Self.filter(ownInstances: [World.id(1)]).apply(to: inventory)
        #expect(result.filters.map(\.name) == ["ownInstance", "warmUp"])
        #expect(Self.filter([], { $0.warmUp = WrittenDuration(.zero) }).apply(to: inventory).eligible.count == 2)
    }

    @Test("deny wins over everything, also over another policy's own deny tag; every opt-in is required")
    func tagRules() {
        let policies = [
            Sample.policy("a") { $0.denyTag = "team:deny" },
            Sample.policy("b") { $0.optIn = OptInSpec(tag: "chaos", value: "yes") },
            Sample.policy("c") { $0.optIn = OptInSpec(tag: "tier", value: "1", required: false) },
        ]
        let rules = TargetRules(EffectivePolicy(policies))
        #expect(rules.refusal(of: ["chaos": "yes"]) == nil)
        #expect(rules.refusal(of: ["chaos": "yes", "rebound:deny": ""]) == "deny tag rebound:deny")
        #expect(rules.refusal(of: ["chaos": "yes", "team:deny": ""]) == "deny tag team:deny")
        #expect(rules.refusal(of: [:]) == "opt-in tag chaos=yes missing")
        let free = TargetRules(EffectivePolicy([policies[2]]))
        #expect(free.refusal(of: [:]) == nil)
        #expect(free.refusal(of: ["rebound:deny": ""]) != nil)
        let renamed = TargetRules(EffectivePolicy([policies[0]]))
        #expect(renamed.denyTags == ["team:deny"])
        #expect(renamed.refusal(of: [:]) == "opt-in tag rebound:opt-in=true missing")
    }

    @Test("of all policies the most restrictive value counts, and is named")
    func effectivePolicy() {
        let policies = [
            Sample.policy("b") {
                $0.maxTargetsPerRun = 3
                $0.minHealthy = 2
                $0.maxDuration = WrittenDuration(.seconds(60))
            },
            Sample.policy("a") {
                $0.maxTargetsPerRun = 5
                $0.maxTargetsPerDay = 9
                $0.minHealthy = 4
                $0.maxDuration = WrittenDuration(.seconds(600))
            },
        ]
        let effective = EffectivePolicy(policies)
        #expect(effective.maxTargetsPerRun == .init(value: 3, policy: "b"))
        #expect(effective.maxTargetsPerDay == .init(value: 9, policy: "a"))
        #expect(effective.minHealthy == .init(value: 4, policy: "a"))
        #expect(effective.maxDuration == .init(value: .seconds(60), policy: "b"))
        #expect(effective.minHealthy(within: LimitsSpec(maxTargets: 1, minHealthy: 6)) == 6)
        #expect(EffectivePolicy(policies.reversed()) == effective)
        #expect(EffectivePolicy([]).minHealthy(within: LimitsSpec(maxTargets: 1, minHealthy: 0)) == 0)
    }

    @Test("policies forbid accounts, regions, faults, durations and times, each with its name")
    func policyGuards() {
        let policies = [
            Sample.policy("p") {
                $0.allowedAccounts = ["1"]
                $0.allowedRegions = ["eu-west-2"]
                $0.allowedFaults = ["ec2.stop"]
                $0.maxDuration = WrittenDuration(.seconds(30))
                $0.halt = HaltSpec(reason: "incident 7")
                $0.freezes = [
                    FreezeSpec(from: .noon, until: Timestamp.noon.advanced(by: .seconds(1)), reason: "sale"),
                    FreezeSpec(from: Timestamp.noon.advanced(by: .seconds(-9)), until: .noon, reason: "over"),
                ]
            }
        ]
        let fault = Sample.fault(.ec2(.terminate), duration: .seconds(31))
        let target = PlannedTarget(id: World.id(1), account: Sample.account, region: Sample.region)
        let step = FaultText.step(fault, target: target, scope: AWSScope())
        let results = PolicyGuards(policy: EffectivePolicy(policies)).results(
            spec: Sample.experiment([fault]), steps: [step], now: .noon)
        let refused = results.filter { !$0.passed }.map(\.message)
        #expect(refused.count == 6)
        #expect(refused.allSatisfy { $0.contains("p") })
        #expect(refused.contains { $0.contains("incident 7") } && refused.contains { $0.contains("sale") })
        #expect(results.filter(\.passed).map(\.message).allSatisfy { $0.contains("over") })
    }
}

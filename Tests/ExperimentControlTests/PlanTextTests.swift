// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import Testing

@testable import ExperimentControl

@Suite("what a plan is called, and what it needs")
struct PlanTextTests {
    private static let limits = LimitsSpec(maxTargets: 3, minHealthy: 1)

    private static func step(
        _ fault: FaultSpec = Sample.fault(.ec2(.stop), duration: .seconds(60)),
        _ change: (inout PlannedTarget) -> Void = { _ in }
    ) -> PlanStep {
        var target = PlannedTarget(
            id: World.id(1), account: Sample.account, region: Sample.region, zone: "a", autoScalingGroup: "web",
            targetGroupArns: [World.targetGroup("web")], launchedAt: .noon, name: "one")
        change(&target)
        return FaultText.step(fault, target: target, scope: AWSScope())
    }

    @Test("the hash changes with everything that would be done otherwise")
    func changes() {
        let base = PlanHash.hash(steps: [Self.step()], limits: Self.limits)
        let others: [[PlanStep]] = [
            [], [Self.step(), Self.step()], [Self.step { $0.id = World.id(2) }], [Self.step { $0.account = "9" }],
            [Self.step { $0.region = "eu-west-2" }],
            [Self.step(Sample.fault(.ec2(.stop), duration: .seconds(61)))],
            [Self.step(Sample.fault(.ec2(.terminate)))],
            [Self.step(Sample.fault(.ec2(.stop), name: "other", duration: .seconds(60)))],
            [Self.step(Sample.fault(.ec2(.stop), duration: .seconds(60), after: "first"))],
            [Self.step(Sample.fault(.autoScaling(.terminate(decrementDesiredCapacity: true))))],
            [Self.step(Sample.fault(.autoScaling(.terminate(decrementDesiredCapacity: false))))],
        ]
        var hashes = Set(others.map { PlanHash.hash(steps: $0, limits: Self.limits) })
        hashes.insert(PlanHash.hash(steps: [Self.step()], limits: LimitsSpec(maxTargets: 4, minHealthy: 1)))
        hashes.insert(PlanHash.hash(steps: [Self.step()], limits: LimitsSpec(maxTargets: 3, minHealthy: 2)))
        #expect(hashes.count == others.count + 2)
        #expect(!hashes.contains(base))
    }

    @Test("the hash does not change with order, age, zone or name")
    func keeps() {
        let two = [Self.step(), Self.step { $0.id = World.id(2) }]
        let same = [
            Self.step { target in
                target.id = World.id(2)
                target.launchedAt = nil
            },
            Self.step { target in
                target.zone = "b"
                target.name = nil
            },
        ]
        #expect(PlanHash.hash(steps: two, limits: Self.limits) == PlanHash.hash(steps: same, limits: Self.limits))
    }

    @Test("texts that run into each other are told apart")
    func injective() {
        func step(_ fault: String, _ action: String) -> PlanStep {
            PlanStep(
                fault: fault, action: action, target: PlannedTarget(id: "i", account: "a", region: "r"), call: "c",
                undo: nil)
        }
        let one = PlanHash.hash(steps: [step("a,1:b", "c")], limits: Self.limits)
        let two = PlanHash.hash(steps: [step("a", "b,1:c")], limits: Self.limits)
        #expect(one != two)
    }

    @Test(
        "every fault asks for the permissions of the calls it makes, its undo and its looks",
        arguments: [
            (FaultAction.ec2(.terminate), ["ec2:TerminateInstances", "ec2:CreateTags", "ec2:DescribeInstances"]),
            (.ec2(.stop), ["ec2:StopInstances", "ec2:StartInstances", "ec2:CreateTags"]),
            (.ec2(.reboot), ["ec2:RebootInstances", "ec2:CreateTags"]),
            (
                .autoScaling(.terminate(decrementDesiredCapacity: false)),
                ["autoscaling:TerminateInstanceInAutoScalingGroup", "autoscaling:DescribeAutoScalingInstances"]
            ),
            (.autoScaling(.detach(decrementDesiredCapacity: false)), ["autoscaling:DetachInstances"]),
            (
                .autoScaling(.suspendProcesses(["Launch"])),
                ["autoscaling:SuspendProcesses", "autoscaling:ResumeProcesses"]
            ),
            (
                .elb(.deregister),
                ["elasticloadbalancing:DeregisterTargets", "elasticloadbalancing:RegisterTargets"]
            ),
        ])
    func permissions(action: FaultAction, expected: [String]) {
        let actions = IAMActions.needed(by: Sample.experiment([Sample.fault(action)]))
        #expect(Set(expected).isSubset(of: actions))
        #expect(actions == actions.sorted())
        #expect(!actions.contains("ec2:DescribeInstanceStatus"), "nobody calls it")
    }

    @Test("destinations, probes, gates and roles ask for theirs")
    func otherPermissions() {
        var spec = Sample.experiment([Sample.fault(.ec2(.terminate))])
        spec.reports = [
            ReportSpec(destination: .sns(SNSReportSpec(topicArn: "arn:aws:sns:eu-west-1:1:t"))),
            ReportSpec(destination: .lambda(LambdaReportSpec(function: "f"))),
        ]
        spec.gates = [GateSpec(name: "g", condition: .probe(.cloudWatchAlarm(CloudWatchAlarmProbeSpec(name: "a"))))]
        spec.faults[0].targets.instances?.assumeRole = AssumeRoleSpec(roleArn: "arn:aws:iam::1:role/r")
        let actions = IAMActions.needed(by: spec)
        let expected = [
            "sns:Publish", "sns:GetTopicAttributes", "lambda:InvokeFunction", "lambda:GetFunctionConfiguration",
            "cloudwatch:DescribeAlarms", "sts:AssumeRole",
        ]
        #expect(Set(expected).isSubset(of: actions))
    }
}

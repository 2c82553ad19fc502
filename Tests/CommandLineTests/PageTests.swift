// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import CommandLineInterface
import Testing

@Suite("Pages")
struct PageTests {
    private func plain(_ lines: [StyledLine]) -> String { Palette(coloured: false).text(lines) }

    @Test("the summary of a run that passed says where the time went")
    func summary() throws {
        try Golden.expect(plain(RunSummary(run: Samples.run).lines), is: "summary-pass.txt")
    }

    @Test("a run that did not recover says for how long")
    func notRecovered() throws {
        var run = Samples.run
        run.status?.verdict = .fail
        run.status?.undo = .dirty
        run.status?.aborted = AbortRequest(requestedBy: "ana", reason: "enough", at: Samples.at(9_000))
        run.status?.recovery = RecoveryReport(recovered: false, notRecoveredForSeconds: 900)
        try Golden.expect(plain(RunSummary(run: run).lines), is: "summary-fail.txt")
    }

    @Test("a plan shows targets, choice, guards, permissions and how to run exactly this")
    func plan() throws {
        let page = PlanPage(experiment: Samples.experiment, plan: Samples.plan, file: "web.yaml")
        try Golden.expect(plain(try page.lines()), is: "plan.txt")
    }

    @Test("what a plan harms nothing with is not among its permissions")
    func permissionsWithoutTargets() {
        var plan = Samples.plan
        plan.steps = []
        let policy = IAMPolicy(plan: plan, experiment: Samples.experiment)
        let acting = policy.statement.filter { $0.sid != "ReboundReads" }
        #expect(acting.flatMap(\.action) == ["lambda:InvokeFunction", "sns:Publish"])
        #expect(!acting.contains { $0.resource.contains("*") })
        #expect(acting[0].resource == ["arn:aws:lambda:*:*:function:record-recovery"])
    }

    @Test("calls that AWS judges by tags are allowed on what opted in, and an undo also on what a run has marked")
    func permissionsByTag() throws {
        var plan = Samples.plan
        plan.iamActions = [
            "autoscaling:DetachInstances", "autoscaling:ResumeProcesses", "autoscaling:SuspendProcesses",
            "ec2:CreateTags", "ec2:DescribeInstances", "ec2:StartInstances", "ec2:StopInstances",
        ]
        plan.steps[0].action = "autoScaling.detach"
        let statements = IAMPolicy(plan: plan, experiment: Samples.experiment).statement
        let optedIn = ["StringEquals": ["aws:ResourceTag/rebound:opt-in": ["true"]]]
        let conditions = Dictionary(grouping: statements.flatMap { one in one.action.map { ($0, one.condition) } }) {
            $0.0
        }
        .mapValues { $0.map(\.1) }
        #expect(conditions["ec2:StopInstances"] == [optedIn])
        #expect(conditions["autoscaling:SuspendProcesses"] == [optedIn])
        #expect(conditions["autoscaling:ResumeProcesses"] == [nil])
        #expect(conditions["autoscaling:DetachInstances"] == [nil])
        #expect(conditions["ec2:DescribeInstances"] == [nil])
        #expect(conditions["ec2:StartInstances"] == [optedIn, ["Null": ["aws:ResourceTag/rebound:run": ["false"]]]])
        #expect(conditions["ec2:CreateTags"]?.first??["ForAllValues:StringEquals"]?["aws:TagKeys"]?.count == 4)
        #expect(Set(statements.map(\.sid)).count == statements.count)
        let notes = IAMPolicy.notes(plan: plan, experiment: Samples.experiment)
        #expect(notes.count == 1 && notes[0].hasPrefix("Auto Scaling groups are named one by one"))
        plan.optIns = []
        #expect(
            IAMPolicy(plan: plan, experiment: Samples.experiment).statement.allSatisfy {
                $0.condition?["StringEquals"] == nil
            })
        #expect(IAMPolicy.notes(plan: plan, experiment: Samples.experiment).count == 2)
    }

    @Test("a refused plan says that it would not start")
    func refusedPlan() throws {
        var plan = Samples.plan
        plan.guards[1].passed = false
        let text = plain(try PlanPage(experiment: Samples.experiment, plan: plan, file: "web.yaml").lines())
        #expect(text.contains("  minHealthy  REFUSED  web keeps 2 of 3, at least 2\n"))
        #expect(text.hasSuffix("1 guard refuses this plan: a run would not start. Nothing was changed.\n"))
    }

    @Test("colour adds nothing but escape sequences")
    func colours() {
        let lines = RunSummary(run: Samples.run).lines
        var text = Palette(coloured: true).text(lines)
        text.replace(/\u{1b}\[[0-9;]*m/, with: "")
        let uncoloured = text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
            String(line.reversed().drop { $0 == " " }.reversed())
        }
        #expect(uncoloured.joined(separator: "\n") == plain(lines))
    }
}

// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import ResourceStore

/// What the controller has to do: an experiment for each team, with reports, and two schedules of each.
struct SoakPlan {
    /// Where the probes of the runs ask.
    var port: Int

    func declare(in store: any ResourceStore) async throws {
        for (number, team) in SmallCloud.teams.enumerated() {
            _ = try await store.create(
                Experiment(
                    metadata: ObjectMetadata(name: team, namespace: "default", labels: ["team": team]),
                    spec: experiment(team)))
            var regular = ScheduleSpec(experiment: team, timeZone: "Europe/Berlin")
            regular.cron = "\(number * 10) */4 * * *"
            var random = ScheduleSpec(experiment: team, timeZone: "America/New_York")
            random.meanTimeBetween = WrittenDuration(.seconds(8 * 3_600))
            for (name, var spec) in [("regular", regular), ("random", random)] {
                // A day is a moment here; what is late by a real second must still begin.
                spec.startingDeadline = WrittenDuration(.seconds(3 * 86_400))
                spec.history = ScheduleHistorySpec(passed: 3, notPassed: 2)
                _ = try await store.create(
                    Schedule(metadata: ObjectMetadata(name: "\(team)-\(name)", namespace: "default"), spec: spec))
            }
        }
    }

    private func experiment(_ team: String) -> ExperimentSpec {
        var probe = ProbeSpec(name: "site", kind: .tcp(TCPProbeSpec(host: "127.0.0.1", port: port)))
        probe.every = WrittenDuration(.milliseconds(100))
        var selector = InstanceSelector(region: "eu-west-1")
        selector.tags = ["app": team]
        let fault = FaultSpec(
            name: "stop", action: .ec2(.stop), targets: TargetsSpec(instances: selector, pick: PickSpec(count: 1)),
            duration: WrittenDuration(.milliseconds(300)), after: nil)
        return ExperimentSpec(
            hypothesis: "it holds", steadyState: [probe],
            baseline: BaselineSpec(holdFor: WrittenDuration(.milliseconds(200))), faults: [fault],
            limits: LimitsSpec(maxTargets: 1, minHealthy: 1),
            recovery: RecoverySpec(
                stableFor: WrittenDuration(.milliseconds(200)), giveUpAfter: WrittenDuration(.seconds(30))),
            reports: [ReportSpec(destination: .sns(SNSReportSpec(topicArn: SmallCloud.topic)))])
    }
}

// SPDX-License-Identifier: Apache-2.0
import ChaosModel

/// Values made by hand, so that pages can be compared byte by byte.
enum Samples {
    /// Nanoseconds after 2026-11-24T05:36:00Z.
    static func at(_ milliseconds: Int64) -> Timestamp {
        Timestamp(nanosecondsSinceEpoch: 1_795_498_560_000_000_000 + milliseconds * 1_000_000)
    }

    static func bounded(_ milliseconds: Int64, _ low: Int64, _ high: Int64) -> BoundedTimestamp {
        BoundedTimestamp(at: at(milliseconds), low: at(low), high: at(high))
    }

    static var experiment: Experiment {
        var selector = InstanceSelector(region: "eu-west-1")
        selector.autoScalingGroup = "web"
        let fault = FaultSpec(
            name: "lose-one", action: .ec2(.terminate),
            targets: TargetsSpec(instances: selector, pick: PickSpec(count: 1)))
        let topic = SNSReportSpec(topicArn: "arn:aws:sns:eu-west-1:123456789012:chaos")
        let spec = ExperimentSpec(
            hypothesis: "The web tier serves through the loss of one instance.",
            steadyState: [
                ProbeSpec(name: "storefront", kind: .http(HTTPProbeSpec(url: "http://127.0.0.1/health"))),
                ProbeSpec(name: "capacity", kind: .autoScalingGroup(.init(name: "web", inService: .desired))),
            ],
            faults: [fault], limits: LimitsSpec(maxTargets: 1, minHealthy: 2),
            recovery: RecoverySpec(
                objective: ObjectiveSpec(timeToRecover: WrittenDuration("5m"), availability: 99.5),
                stableFor: WrittenDuration(.seconds(30)), giveUpAfter: WrittenDuration(.seconds(900))),
            reports: [
                ReportSpec(destination: .sns(topic)),
                ReportSpec(destination: .lambda(LambdaReportSpec(function: "record-recovery"))),
            ])
        return Experiment(metadata: ObjectMetadata(name: "web-loses-an-instance"), spec: spec)
    }

    static var target: PlannedTarget {
        PlannedTarget(
            id: "i-0a1", account: "123456789012", region: "eu-west-1", zone: "eu-west-1b", autoScalingGroup: "web",
            targetGroupArns: [], launchedAt: at(-3_600_000), name: "web-2")
    }

    static var plan: PlanReport {
        var plan = PlanReport(
            hash: "9f2c", seed: 42,
            steps: [
                PlanStep(
                    fault: "lose-one", action: "ec2.terminate", target: target,
                    call: "TerminateInstances i-0a1 in eu-west-1", undo: nil)
            ],
            guards: [
                GuardResult(name: "maxTargets", passed: true, message: "1 target, at most 1"),
                GuardResult(name: "minHealthy", passed: true, message: "web keeps 2 of 3, at least 2"),
            ],
            selections: [
                SelectionReport(
                    fault: "lose-one", found: 4, filters: [.init(name: "optIn", removed: 1, examples: ["i-0f9"])],
                    eligible: 3, chosen: ["i-0a1"])
            ],
            iamActions: [
                "autoscaling:DescribeAutoScalingGroups", "ec2:CreateTags", "ec2:DescribeInstances",
                "ec2:TerminateInstances", "lambda:InvokeFunction", "sns:Publish",
            ])
        plan.optIns = [OptInSpec(tag: "rebound:opt-in", value: "true")]
        return plan
    }

    /// A run that ended well.
    static var run: Run {
        var run = Run(
            metadata: ObjectMetadata(name: "web-loses-an-instance-7f3a"),
            spec: RunSpec(
                experiment: "web-loses-an-instance", plan: experiment.spec, seed: 42, requestedBy: "ana@ops-1"))
        var status = RunStatus(phase: .done)
        status.phaseSince = ["Planned": at(0), "Baseline": at(400), "Injecting": at(3_400), "Recovering": at(4_200)]
        status.verdict = .pass
        status.verdictReasons = ["recovered in 41.283 s, within 5m"]
        status.undo = .none
        (status.startedAt, status.endedAt) = (at(0), at(76_000))
        status.plan = plan
        status.injections = [
            InjectionReport(
                name: "lose-one-i-0a1", fault: "lose-one", action: "ec2.terminate", target: "i-0a1",
                region: "eu-west-1", state: .completed, acceptedAt: at(3_500), effective: bounded(4_200, 4_100, 4_200))
        ]
        status.recovery = recovery
        status.reports = [
            ReportDelivery(id: "r1", event: .verdict, destination: "sns chaos", state: .delivered, attempts: 1),
            ReportDelivery(
                id: "r2", event: .verdict, destination: "lambda record-recovery", state: .pending, attempts: 3),
        ]
        status.reports[1].lastError = "ServiceException: 500"
        status.timeline = [
            TimelineEvent(at: at(0), type: "phase", message: "Planned"),
            TimelineEvent(at: at(3_500), type: "injected", subject: "i-0a1", message: "TerminateInstances accepted"),
        ]
        run.status = status
        return run
    }

    static var recovery: RecoveryReport {
        let began = bounded(4_310, 4_290, 4_330)
        let ended = bounded(45_483, 45_471, 45_496)
        return RecoveryReport(
            recovered: true, timeToRecover: Figure(seconds: 41.283, low: 41.271, high: 41.296),
            timeToDetect: Figure(seconds: 0.21, low: 0.11, high: 0.23),
            downtime: Figure(seconds: 41.173, low: 41.141, high: 41.206),
            availability: AvailabilityReport(
                percent: 99.61, low: 99.6, high: 99.61, attempts: 2_064, errorBudgetSpentPercent: 78),
            outages: [
                OutageReport(
                    probe: "storefront", start: began, end: ended,
                    duration: Figure(seconds: 41.173, low: 41.141, high: 41.206), confirmedAt: at(4_330),
                    firstReason: "connectionRefused", failedSamples: 8, touchesGap: false)
            ],
            phases: [
                PhaseReport(
                    name: "noticed", figure: Figure(seconds: 11.283, low: 11.271, high: 11.296),
                    start: bounded(4_200, 4_100, 4_200), end: bounded(15_483, 15_471, 15_496),
                    evidence: "scaling activity 1234"),
                PhaseReport(
                    name: "probeGood", figure: Figure(seconds: 30, low: 30, high: 30),
                    start: bounded(15_483, 15_471, 15_496), end: ended, evidence: "probe storefront"),
            ],
            probes: [
                ProbeReport(
                    name: "storefront", expected: 2_070, samples: 2_064, failed: 8, unknown: 0, missed: 6,
                    latency: LatencyByPeriod(before: latency(1.25), during: latency(1_250), after: nil))
            ],
            gaps: [MeasurementGap(start: at(20_000), end: at(22_500), reason: "the controller was not running")])
    }

    private static func latency(_ p99: Double) -> LatencySummary {
        LatencySummary(
            count: 10, p50Milliseconds: 1, p90Milliseconds: 1.1, p99Milliseconds: p99, maxMilliseconds: 2_000)
    }
}

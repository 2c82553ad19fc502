// SPDX-License-Identifier: Apache-2.0
@testable import ChaosModel

/// Resources in which every field is set, so that the schema can be held against the types.
enum FullResources {
    private static let moment = Timestamp(nanosecondsSinceEpoch: 1_795_500_000_123_456_789)
    private static let later = Timestamp(nanosecondsSinceEpoch: 1_795_600_000_000_000_001)
    private static let bounds = BoundedTimestamp(at: moment, low: moment, high: later)
    private static let figure = Figure(seconds: 1.5, low: 1.25, high: 2)
    private static let role = AssumeRoleSpec(roleArn: "arn:aws:iam::123456789012:role/chaos", externalId: "abc")
    private static let second = WrittenDuration(.seconds(1))

    static func metadata(_ name: String) -> ObjectMetadata {
        var metadata = ObjectMetadata(name: name, namespace: "storefront", labels: ["team": "web"])
        metadata.uid = "u-1"
        metadata.annotations = ["why": "exercise"]
        metadata.resourceVersion = "17"
        metadata.generation = 3
        metadata.creationTimestamp = moment
        metadata.deletionTimestamp = later
        metadata.finalizers = ["revert"]
        var owner = OwnerReference(kind: .run, name: "r", uid: "u-2")
        owner.controller = true
        owner.blockOwnerDeletion = false
        metadata.ownerReferences = [owner]
        metadata.generateName = "n-"
        return metadata
    }

    // MARK: Experiments

    static var probes: [ProbeKind] {
        var http = HTTPProbeSpec(url: "https://a.example/", status: StatusSet([200...204]), timeout: second)
        http.method = "POST"
        http.headers = ["Accept": "text/plain"]
        http.body = "ping"
        http.match = BodyMatch(contains: "ok")
        http.connectTimeout = second
        http.connection = .keepAlive
        http.redirects = .follow
        var tls = TLSProbeOptions()
        tls.caFile = "/ca.pem"
        tls.clientCertificateFile = "/c.pem"
        tls.clientKeyFile = "/k.pem"
        tls.serverName = "b.example"
        tls.verify = false
        http.tls = tls
        var dns = DNSProbeSpec(name: "a.example", type: .aaaa, server: "[::1]:53", addresses: ["::1"])
        dns.timeout = second
        return [
            .http(http), .tcp(TCPProbeSpec(host: "a.example", port: 1, send: "a", expect: "b", timeout: second)),
            .dns(dns),
        ]
            + cloudProbes
    }

    private static var cloudProbes: [ProbeKind] {
        var metric = CloudWatchMetricProbeSpec(namespace: "A/B", metric: "m", statistic: "p90", period: second)
        metric.dimensions = ["a": "b"]
        metric.atLeast = 0.5
        metric.atMost = 1.5
        metric.region = "eu-west-1"
        metric.assumeRole = role
        return [
            .autoScalingGroup(.init(name: "web", inService: .atLeast(2), region: "eu-west-1", assumeRole: role)),
            .targetGroup(.init(targetGroup: "web", healthy: .desired, region: "eu-west-1", assumeRole: role)),
            .instanceState(.init(ids: ["i-01234567"], state: "running", region: "eu-west-1", assumeRole: role)),
            .cloudWatchAlarm(.init(name: "a", state: .insufficientData, region: "eu-west-1", assumeRole: role)),
            .cloudWatchMetric(metric),
        ]
    }

    static var targets: TargetsSpec {
        var selector = InstanceSelector(region: "eu-west-1")
        selector.assumeRole = role
        selector.ids = ["i-01234567"]
        selector.tags = ["app": "web"]
        selector.autoScalingGroup = "web"
        selector.targetGroup = "web"
        selector.zones = ["eu-west-1a"]
        selector.states = ["running"]
        selector.warmUp = second
        var pick = PickSpec(all: true)
        pick.atMost = 1
        pick.spread = .zones
        return TargetsSpec(instances: selector, pick: pick)
    }

    static var experiment: Experiment {
        let spec = ExperimentSpec(
            hypothesis: "h",
            steadyState: probes.enumerated().map {
                ProbeSpec(
                    name: "p\($0.offset)", kind: $0.element, every: second, failureThreshold: 3, successThreshold: 4)
            },
            baseline: BaselineSpec(holdFor: second, giveUpAfter: WrittenDuration(.seconds(9))),
            gates: [
                GateSpec(name: "g", condition: .file(FileGate(path: "/f", must: .exist))),
                GateSpec(name: "q", condition: .probe(probes[1])),
            ],
            faults: faults, limits: LimitsSpec(maxTargets: 9, minHealthy: 2),
            stopWhen: [StopConditionSpec(probe: "p0", failingFor: second)],
            recovery: RecoverySpec(
                objective: ObjectiveSpec(
                    timeToRecover: second, timeToDetect: second, downtime: second, availability: 99.9),
                stableFor: second, giveUpAfter: WrittenDuration(.seconds(600))),
            reports: reports)
        var experiment = Experiment(metadata: metadata("full"), spec: spec)
        experiment.status = ExperimentStatus(lastRun: "full-1", lastVerdict: .pass)
        return experiment
    }

    private static var faults: [FaultSpec] {
        let group = TargetsSpec(autoScalingGroup: GroupSelector(name: "web", region: "eu-west-1", assumeRole: role))
        return [
            FaultSpec(name: "a", action: .ec2(.stop), targets: targets, duration: second, after: "b"),
            FaultSpec(name: "b", action: .autoScaling(.suspendProcesses(["Launch"])), targets: group, duration: second),
            FaultSpec(name: "c", action: .autoScaling(.terminate(decrementDesiredCapacity: true)), targets: targets),
            FaultSpec(name: "d", action: .autoScaling(.detach(decrementDesiredCapacity: false)), targets: targets),
            FaultSpec(name: "e", action: .elb(.deregister), targets: targets, duration: second),
        ]
    }

    private static var reports: [ReportSpec] {
        let topic = SNSReportSpec(topicArn: "arn:aws:sns:eu-west-1:123456789012:t", assumeRole: role)
        let lambda = LambdaReportSpec(function: "f", invocation: .event, region: "eu-west-1", assumeRole: role)
        return [
            ReportSpec(destination: .sns(topic), events: [.aboutToInject], requiredBeforeInjecting: true),
            ReportSpec(destination: .lambda(lambda)),
            ReportSpec(destination: .webhook(.init(url: "https://h.example/", secret: SecretSource(file: "/s")))),
            ReportSpec(destination: .webhook(.init(url: "https://h.example/", secret: SecretSource(environment: "S")))),
            ReportSpec(destination: .file(FileReportSpec(path: "/log"))),
        ]
    }

    // MARK: Runs and injections

    private static let target = PlannedTarget(
        id: "i-01234567", account: "123456789012", region: "eu-west-1", zone: "eu-west-1a", autoScalingGroup: "web",
        targetGroupArns: ["arn"], launchedAt: moment, name: "web-1")
    private static let abort = AbortRequest(requestedBy: "a", reason: "b", at: moment)

    static var run: Run {
        var spec = RunSpec(
            experiment: "full", plan: experiment.spec, seed: .max, expectedPlanHash: "ab", requestedBy: "me",
            reason: "r")
        spec.authors = ["user:ada"]
        spec.abort = abort
        spec.policies = [RunPolicy(name: "mine", spec: policy.spec)]
        spec.approvals = [Approval(by: "eve", at: moment, planHash: "ab", reason: "r")]
        spec.minTimeBetween = WrittenDuration(.seconds(60))
        var run = Run(metadata: metadata("full-1"), spec: spec)
        run.status = status
        return run
    }

    private static var status: RunStatus {
        var status = RunStatus(phase: .awaitingApproval)
        status.phaseSince = ["Planned": moment]
        status.verdict = .fail
        status.verdictReasons = ["late"]
        status.undo = .dirty
        status.startedAt = moment
        status.endedAt = later
        status.anchor = ClockAnchor(bootID: "b", monotonic: MonotonicInstant(nanoseconds: 5), wall: moment)
        status.plan = plan
        status.injections = [
            InjectionReport(
                name: "i", fault: "a", action: "ec2.stop", target: "i-01234567", region: "eu-west-1",
                state: .revertFailed,
                acceptedAt: moment, effective: bounds, revertedAt: later, message: "m")
        ]
        status.recovery = recovery
        status.timeline = [TimelineEvent(at: moment, low: moment, high: later, type: "t", subject: "s", message: "m")]
        var delivery = ReportDelivery(id: "1", event: .verdict, destination: "sns", state: .gaveUp, attempts: 2)
        delivery.deliveredAt = moment
        delivery.lastError = "e"
        status.reports = [delivery]
        status.aborted = abort
        status.conditions = [
            Condition(type: "c", status: .unknown, reason: "r", message: "m", lastTransitionTime: moment)
        ]
        return status
    }

    private static var plan: PlanReport {
        let step = PlanStep(
            fault: "a", action: "ec2.stop", target: target, call: "StopInstances", undo: "start", after: "b")
        let selection = SelectionReport(
            fault: "a", found: 2, filters: [.init(name: "tags", removed: 1, examples: ["i-1"])], eligible: 1,
            chosen: ["i-2"])
        var plan = PlanReport(
            hash: "ab", seed: 7, steps: [step], guards: [GuardResult(name: "optIn", passed: true, message: "m")],
            selections: [selection], iamActions: ["ec2:StopInstances"])
        plan.optIns = [OptInSpec(tag: "a", value: "b", required: true)]
        return plan
    }

    private static var recovery: RecoveryReport {
        let latency = LatencySummary(
            count: 1, p50Milliseconds: 1, p90Milliseconds: 2, p99Milliseconds: 3, maxMilliseconds: 4)
        let probe = ProbeReport(
            name: "p0", expected: 5, samples: 4, failed: 1, unknown: 1, missed: 1,
            latency: LatencyByPeriod(before: latency, during: latency, after: latency))
        let outage = OutageReport(
            probe: "p0", start: bounds, end: bounds, duration: figure, confirmedAt: moment, firstReason: "timedOut",
            firstDetail: "no answer",
            failedSamples: 2, touchesGap: true)
        return RecoveryReport(
            recovered: true, timeToRecover: figure, notRecoveredForSeconds: 3.5, timeToDetect: figure,
            timeToAlarm: figure,
            downtime: figure,
            availability: AvailabilityReport(percent: 99, low: 98, high: 100, attempts: 9, errorBudgetSpentPercent: 5),
            outages: [outage],
            phases: [PhaseReport(name: "stable", figure: figure, start: bounds, end: bounds, evidence: "e")],
            probes: [probe], gaps: [MeasurementGap(start: moment, end: later, reason: "r")])
    }

    static func injection(_ undo: UndoRecord, _ action: FaultAction) -> Injection {
        var spec = InjectionSpec(
            run: "full-1", fault: "a", action: action, target: target,
            scope: AWSScope(region: "eu-west-1", assumeRole: role), duration: second, planHash: "ab")
        spec.host = "web-1"
        var injection = Injection(metadata: metadata("full-1.a"), spec: spec)
        var status = InjectionStatus(state: .effective)
        status.undo = undo
        status.fencingToken = 4
        status.attempts = 1
        let instant = MonotonicInstant(nanoseconds: 6)
        (status.callBegan, status.acceptedAt, status.effectiveLow) = (instant, instant, instant)
        (status.effectiveHigh, status.revertBegan, status.revertedAt) = (instant, instant, instant)
        status.evidence = ["seen"]
        status.message = "m"
        status.requestID = "q"
        injection.status = status
        return injection
    }

    private static let undos: [UndoRecord] = [
        .nothing, .startInstance(id: "i"), .resumeProcesses(group: "web", processes: ["Launch"]),
        .registerTargets([.init(targetGroupArn: "arn", id: "i", port: 80, zone: "eu-west-1a")]),
    ]

    /// Each kind of undo, with each kind of harm.
    static var undone: [(UndoRecord, FaultAction)] { Array(zip(undos + [.nothing], faults.map(\.action))) }

    // MARK: Policies and schedules

    static var policy: Policy {
        var data = metadata("full")
        data.namespace = nil
        var policy = Policy(metadata: data, spec: PolicySpec())
        policy.spec.halt = HaltSpec(reason: "r")
        policy.spec.halt?.requestedBy = "ada"
        policy.spec.halt?.at = moment
        policy.spec.halt?.resumed = ResumeSpec(reason: "r", requestedBy: "eve", at: later)
        policy.spec.leash = true
        policy.spec.maxTargetsPerGroup = 1
        policy.spec.maxTargetsPerGroupPerDay = 1
        var approvals = ApprovalRule(count: 2)
        approvals.whenLabels = ["tier": "production"]
        approvals.whenTargetsAtLeast = 3
        approvals.validFor = WrittenDuration(.seconds(3_600))
        policy.spec.approvals = approvals
        let weekly = WeeklyFreezeSpec(days: [.fri], from: "16:00", to: "09:00", timeZone: "Europe/Madrid")
        policy.spec.freezes = [
            FreezeSpec(from: moment, until: later, reason: "r"), FreezeSpec(weekly: weekly, reason: "r"),
        ]
        policy.spec.allowedAccounts = ["123456789012"]
        policy.spec.allowedRegions = ["eu-west-1"]
        policy.spec.allowedFaults = PolicySchema.faultNames
        policy.spec.maxTargetsPerRun = 1
        policy.spec.maxTargetsPerDay = 2
        policy.spec.maxDuration = second
        policy.spec.minHealthy = 1
        policy.spec.optIn = OptInSpec(tag: "t", value: "v", required: false)
        policy.spec.denyTag = "d"
        var status = PolicyStatus()
        status.observedGeneration = 1
        policy.status = status
        return policy
    }

    static var schedule: Schedule {
        var spec = ScheduleSpec(experiment: "full", timeZone: "Europe/Madrid")
        spec.probabilityPerDay = 0.25
        spec.groups = [ScheduledGroup(name: "web", probabilityPerDay: 0.5)]
        spec.windows = [WindowSpec(days: [.mon], from: "09:00", to: "08:00")]
        spec.businessDays = [.mon, .tue]
        spec.holidays = ["2026-12-25"]
        spec.holidayCalendars = [
            HolidayCalendarSpec(
                name: "spain", rules: [HolidayRuleSpec(name: "Good Friday", when: "easter - 2")],
                ics: "BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART:20261225\nEND:VEVENT\nEND:VCALENDAR\n")
        ]
        spec.minTimeBetween = WrittenDuration(.seconds(60))
        spec.concurrency = .replace
        spec.startingDeadline = second
        spec.suspend = true
        spec.history = ScheduleHistorySpec(passed: 3, notPassed: 4)
        var schedule = Schedule(metadata: metadata("full"), spec: spec)
        var status = ScheduleStatus()
        status.observedGeneration = 1
        status.handledUntil = moment
        status.lastSlot = moment
        status.nextSlot = later
        status.active = ["full-1"]
        status.skipped = [SkippedSlot(slot: moment, target: "web", reason: .overlap, message: "m")]
        status.targets = [ScheduledTargetStatus(name: "web", lastStart: moment, nextSlot: later)]
        status.conditions = [
            Condition(type: "Ready", status: .yes, reason: "Following", message: "m", lastTransitionTime: moment)
        ]
        schedule.status = status
        return schedule
    }

    static var host: Host {
        var data = metadata("full")
        data.namespace = nil
        var host = Host(metadata: data, spec: HostSpec())
        var status = HostStatus()
        status.agent = HostAgentStatus(version: "0.1.0", heartbeat: WrittenDuration(.seconds(10)))
        status.system = HostSystemFacts(
            hostname: "web-1", bootID: "62d2e6d8-9c8c-4f3c-8d6e-2d9dd0d7a111", kernel: "6.1.0", architecture: "x86_64")
        status.capabilities = HostCapabilities(
            cores: 2, memoryBytes: 4_000_000_000, controlGroups: .version2, tc: "/usr/sbin/tc", nft: "/usr/sbin/nft",
            hasNetem: true, interfaces: [HostInterface(name: "eth0", isUp: true)])
        status.clock = HostClock(offsetSeconds: -3, lowSeconds: -3.0004, highSeconds: -2.9996, measuredAt: moment)
        status.lastContact = later
        status.setReady(.yes, reason: "Heard", message: "m", at: moment)
        host.status = status
        return host
    }

    // MARK: Who may

    static var namespace: Namespace {
        var data = metadata("full")
        data.namespace = nil
        var namespace = Namespace(metadata: data)
        namespace.spec.finalizers = ["kubernetes"]
        namespace.status = NamespaceStatus(phase: .terminating)
        return namespace
    }

    private static let binding = RoleBindingSpec(
        role: .operator,
        subjects: [RoleSubject(kind: .user, name: "alice"), RoleSubject(kind: .group, name: "team:web")])

    static var roleBinding: RoleBinding {
        var binding = RoleBinding(metadata: metadata("full"), spec: binding)
        binding.status = RoleBindingStatus(observedGeneration: 1)
        return binding
    }

    static var clusterRoleBinding: ClusterRoleBinding {
        var data = metadata("full")
        data.namespace = nil
        var binding = ClusterRoleBinding(metadata: data, spec: binding)
        binding.status = RoleBindingStatus(observedGeneration: 1)
        return binding
    }
}

// SPDX-License-Identifier: Apache-2.0
import AWS
package import ChaosModel
package import Logging
import Measurement
package import ResourceStore

/// Looks again and again at the groups, instances, target groups and scaling activities around the targets of a run,
/// and writes down each fact with the look that did not show it yet and the look that did.
package actor EvidenceWatcher {
    /// What one place (account, region, role) is watched for.
    package struct Subject: Sendable, Equatable {
        package var scope: AWSScope
        package var instances: Set<String> = []
        package var groups: Set<String> = []
        package var targetGroups: Set<String> = []
    }

    private let run: String
    private let anchor: ClockAnchor
    private let subjects: [Subject]
    private let aws: any AWSReaders
    private let store: any ResourceStore
    private let clock: any ControlClock
    private let interval: Duration
    private let logger: Logger
    /// Told the name of an instance or group that carries the tag that halts.
    private let sawHaltTag: @Sendable (String) async -> Void
    /// One for each subject: the looks at different places are not one look.
    private var differs: [EvidenceDiffer]
    private var unwritten: [Sighting] = []
    /// From when to when sightings were given up that could not be written.
    private var lost: (from: MonotonicInstant, to: MonotonicInstant)?
    private let mostUnwritten: Int
    private var looking: Task<Void, Never>?

    /// Of sightings that cannot be written the newest `mostUnwritten` are kept; a look makes a handful.
    package init(
        run: String, anchor: ClockAnchor, injections: [Injection], aws: any AWSReaders, store: any ResourceStore,
        clock: any ControlClock, interval: Duration, mostUnwritten: Int = 20_000, logger: Logger,
        sawHaltTag: @escaping @Sendable (String) async -> Void
    ) {
        self.run = run
        self.anchor = anchor
        subjects = Self.subjects(of: injections)
        differs = subjects.map { _ in EvidenceDiffer() }
        self.aws = aws
        self.store = store
        self.clock = clock
        self.interval = interval
        self.mostUnwritten = mostUnwritten
        self.logger = logger
        self.sawHaltTag = sawHaltTag
    }

    package static func subjects(of injections: [Injection]) -> [Subject] {
        var subjects: [AWSScope: Subject] = [:]
        for injection in injections {
            let target = injection.spec.target
            // The planned region: a scope without one would be read by whatever the environment says later.
            var scope = injection.spec.scope
            scope.region = target.region
            var subject = subjects[scope] ?? Subject(scope: scope)
            if !injection.spec.action.targetsGroup { subject.instances.insert(target.id) }
            if let group = target.autoScalingGroup { subject.groups.insert(group) }
            subject.targetGroups.formUnion(target.targetGroupArns)
            subjects[scope] = subject
        }
        return subjects.values.sorted { ($0.scope.region ?? "") < ($1.scope.region ?? "") }
    }

    package func start() {
        // Owned by this actor: `stop` cancels it.
        looking = Task { [weak self, clock, interval] in
            while !Task.isCancelled {
                await self?.look()
                do { try await clock.sleep(for: interval) } catch { return }
            }
        }
    }

    /// Ends with one last look, and everything written. Returns from when to when sightings had to be given up, as they
    /// could not be written; nil when none were.
    @discardableResult
    package func stop() async -> (from: MonotonicInstant, to: MonotonicInstant)? {
        looking?.cancel()
        await looking?.value
        looking = nil
        await look()
        return lost
    }

    /// When the groups of these targets were first seen not to count them any more; nil while one still does, or while
    /// that is not known. A target in no group has nobody to notice.
    package func groupsNoticed(_ targets: [PlannedTarget]) -> MonotonicInstant? {
        var latest = MonotonicInstant(nanoseconds: .min)
        for target in targets {
            guard let group = target.autoScalingGroup else { continue }
            guard let seen = differs.compactMap({ $0.dropped(target.id, by: group) }).first else { return nil }
            latest = max(latest, seen)
        }
        return latest
    }

    private func look() async {
        for (index, subject) in subjects.enumerated() {
            let began = clock.now()
            // Activities from well before the run, so that a group's own clock may be off.
            let since = AWSInstant(nanoseconds: anchor.wall.nanosecondsSinceEpoch - 900_000_000_000)
            do throws(AWSError) {
                let reader = try aws.reader(for: subject.scope)
                let view = try await EvidenceView(
                    looking: reader, at: subject, known: differs[index].members, since: since)
                if let name = view.haltTagged { await sawHaltTag(name) }
                unwritten += differs[index].sightings(of: view, began: began, ended: clock.now())
            } catch {
                logger.debug("evidence not read", metadata: ["run": "\(run)", "reason": "\(error.message)"])
            }
        }
        await write()
    }

    /// Sightings that cannot be written are kept and tried again; beyond the bound the oldest are given up, which the
    /// report shows.
    private func write() async {
        guard !unwritten.isEmpty else { return }
        let batch = unwritten
        unwritten = []
        do {
            let data = try SightingCodec.encode(batch, anchor: anchor)
            try await store.append(chunk: MeasurementChunk(run: run, content: .sightings, data: data))
        } catch {
            keep(batch + unwritten)
            logger.error("evidence not written", metadata: ["run": "\(run)", "reason": "\(error)"])
        }
    }

    private func keep(_ all: [Sighting]) {
        let given = all.dropLast(mostUnwritten)
        unwritten = Array(all.suffix(mostUnwritten))
        guard let first = given.first, let last = given.last else { return }
        lost = (min(lost?.from ?? first.low ?? first.high, first.low ?? first.high), last.high)
    }
}

/// What one look saw.
package struct EvidenceView: Sendable, Equatable {
    package struct Activity: Sendable, Equatable {
        package var id: String
        package var group: String
        package var launching: Bool
        package var instance: String?
        package var isOver: Bool
        package var succeeded: Bool

        package init(
            id: String, group: String, launching: Bool, instance: String?, isOver: Bool, succeeded: Bool
        ) {
            self.id = id
            self.group = group
            self.launching = launching
            self.instance = instance
            self.isOver = isOver
            self.succeeded = succeeded
        }
    }

    /// State by instance id; `terminated` for an instance that was asked for and is not there.
    package var instances: [String: String] = [:]
    /// Members by group; the value is whether it is InService and Healthy.
    package var groups: [String: [String: Bool]] = [:]
    package var activities: [Activity] = []
    /// Health by target group and target.
    package var targets: [String: [String: String]] = [:]
    /// A group or instance that carries the tag that halts.
    package var haltTagged: String?

    package init() {}

    init(looking reader: AWSReader, at subject: EvidenceWatcher.Subject, known: Set<String>, since: AWSInstant)
        async throws(AWSError)
    {
        let names = subject.groups.sorted().map { AutoScalingGroupName(rawValue: $0) }
        for group in names.isEmpty ? [] : try await reader.autoScaling.describeGroups(names) {
            groups[group.name.rawValue] = Dictionary(
                group.members.map { ($0.id.rawValue, $0.lifecycleState == .inService && $0.health == .healthy) },
                uniquingKeysWith: { first, _ in first })
            if group.tags.contains(where: { $0.key == HaltTag.key }) { haltTagged = group.name.rawValue }
        }
        for name in names {
            activities += try await reader.autoScaling.describeActivities(of: name, since: since).map(Activity.init)
        }
        let wanted = subject.instances.union(known).sorted()
        if !wanted.isEmpty {
            let found = try await reader.ec2.describeInstances(
                filters: [EC2Filter(name: "instance-id", values: wanted)])
            for id in wanted { instances[id] = "terminated" }
            for instance in found {
                instances[instance.id.rawValue] = instance.state.awsName
                if instance.tags.contains(where: { $0.key == HaltTag.key }) { haltTagged = instance.id.rawValue }
            }
        }
        for arn in subject.targetGroups.sorted() {
            let health = try await reader.loadBalancing.describeTargetHealth(of: TargetGroupARN(rawValue: arn))
            targets[arn] = Dictionary(
                health.map { ($0.target.id, $0.state.awsName) }, uniquingKeysWith: { first, _ in first })
        }
    }
}

extension EvidenceView.Activity {
    init(_ activity: ScalingActivity) {
        id = activity.id
        group = activity.group.rawValue
        launching = activity.description?.hasPrefix("Launching") ?? false
        instance = activity.instance?.rawValue
        isOver = activity.status.isOver
        succeeded = activity.status == .successful
    }
}

// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import Measurement
import Testing

@testable import ExperimentControl

@Suite("what a look shows that the one before did not")
struct EvidenceDifferTests {
    private static func instant(_ number: Int) -> MonotonicInstant { .init(nanoseconds: Int64(number)) }

    /// Looks by a differ, each from `10 * n` to `10 * n + 5`.
    private static func look(_ views: [EvidenceView]) -> [[Sighting]] {
        var differ = EvidenceDiffer()
        return views.enumerated().map { number, view in
            differ.sightings(of: view, began: instant(10 * number), ended: instant(10 * number + 5))
        }
    }

    private static func view(
        _ members: [String: Bool]? = nil, instances: [String: String] = [:], activities: [String] = [],
        over: Set<String> = [], targets: [String: String] = [:]
    ) -> EvidenceView {
        var view = EvidenceView()
        if let members { view.groups["web"] = members }
        view.instances = instances
        view.activities = activities.map {
            .init(id: $0, group: "web", launching: true, instance: "i-9", isOver: over.contains($0), succeeded: true)
        }
        if !targets.isEmpty { view.targets["arn"] = targets }
        return view
    }

    @Test("the first look only says how things were, and what stays is told once")
    func once() {
        let gone = Self.view(["i-1": true], instances: ["i-1": "running", "i-2": "shutting-down"])
        let seen = Self.look([
            Self.view(["i-1": true, "i-2": true], instances: ["i-1": "running", "i-2": "running"]), gone, gone, gone,
        ])
        #expect(seen[0].isEmpty && seen[2].isEmpty && seen[3].isEmpty)
        let facts: [Sighting.Fact] = [
            .instanceState(id: "i-2", state: "shutting-down"), .memberLost(group: "web", id: "i-2"),
        ]
        #expect(seen[1].map(\.fact) == facts)
        #expect(seen[1].allSatisfy { $0.low == Self.instant(0) && $0.high == Self.instant(15) })
    }

    @Test("a fact lies between the beginning of the last look without it and the end of the first with it")
    func bounds() {
        var differ = EvidenceDiffer()
        _ = differ.sightings(of: Self.view(["i-1": true]), began: Self.instant(1), ended: Self.instant(2))
        _ = differ.sightings(of: Self.view(["i-1": true]), began: Self.instant(100), ended: Self.instant(300))
        let seen = differ.sightings(of: Self.view(["i-1": false]), began: Self.instant(900), ended: Self.instant(950))
        #expect(
            seen == [
                Sighting(
                    fact: .memberLost(group: "web", id: "i-1"), low: Self.instant(100), high: Self.instant(950),
                    source: "DescribeAutoScalingGroups")
            ])
    }

    @Test("a replacement appears, comes into service, and is asked about from then on")
    func replacement() {
        var differ = EvidenceDiffer()
        var facts: [Sighting.Fact] = []
        for (number, members) in [["i-1": true], ["i-1": true, "i-2": false], ["i-1": true, "i-2": true]].enumerated() {
            facts += differ.sightings(
                of: Self.view(members), began: Self.instant(number), ended: Self.instant(number)
            ).map(\.fact)
        }
        let expected: [Sighting.Fact] = [
            .memberAppeared(group: "web", id: "i-2"), .memberInService(group: "web", id: "i-2"),
        ]
        #expect(facts == expected)
        #expect(differ.members == ["i-2"])
    }

    @Test("an activity page that shifts makes no activity begin or end twice")
    func activities() {
        let seen = Self.look([
            Self.view(activities: ["a"], over: ["a"]), Self.view(activities: ["b", "a"], over: ["a"]),
            Self.view(activities: ["c", "b"], over: ["b"]), Self.view(activities: ["d", "c"], over: ["c", "d"]),
            Self.view(activities: ["b", "a"], over: ["a", "b"]), Self.view(), Self.view(activities: ["d"], over: ["d"]),
        ])
        let words = seen.map { $0.map { $0.fact.words.prefix(5) + $0.source.suffix(1) } }
        #expect(words[0].isEmpty)
        #expect(words[1] == ["web lb"])
        #expect(words[2] == ["web lc", "web hb"])
        #expect(words[3] == ["web ld", "web hd", "web hc"])
        #expect(Array(words[4...]) == [[], [], []])
    }

    @Test("a group that was not shown before is not news, and a target that leaves is unused")
    func firstSeen() {
        let seen = Self.look([
            Self.view(nil), Self.view(["i-1": true, "i-2": true], targets: ["i-1": "healthy", "i-2": "healthy"]),
            Self.view(["i-1": true, "i-2": true], targets: ["i-1": "draining"]),
        ])
        #expect(!seen[1].contains { if case .memberAppeared = $0.fact { true } else { false } })
        let facts: [Sighting.Fact] = [
            .targetState(targetGroup: "arn", id: "i-1", state: "draining"),
            .targetState(targetGroup: "arn", id: "i-2", state: "unused"),
        ]
        #expect(seen[2].map(\.fact) == facts)
    }

    @Test("each place is watched for what the run does there")
    func subjects() {
        let kill = Sample.fault(.ec2(.terminate))
        var far = Sample.injection(kill, target: "i-2", group: "api", name: "b")
        far.spec.target.region = "us-east-1"
        let suspend = Sample.fault(.autoScaling(.suspendProcesses(["Launch"])), duration: .seconds(60))
        let subjects = EvidenceWatcher.subjects(of: [
            Sample.injection(kill, target: "i-1", group: "web", targetGroups: ["arn"]),
            Sample.injection(kill, target: "i-3", name: "c"), far, Sample.injection(suspend, group: "web", name: "d"),
        ])
        #expect(subjects.map(\.scope.region) == ["eu-west-1", "us-east-1"])
        #expect(subjects[0].instances == ["i-1", "i-3"] && subjects[0].groups == ["web"])
        #expect(subjects[0].targetGroups == ["arn"])
        #expect(subjects[1].instances == ["i-2"] && subjects[1].groups == ["api"])
    }
}

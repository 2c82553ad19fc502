// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import Measurement
import Testing

@Suite("The timeline splits the recovery by evidence")
struct TimelineTests {
    private func seen(_ fact: Sighting.Fact, _ low: Int64?, _ high: Int64, _ source: String = "look") -> Sighting {
        Sighting(fact: fact, low: low.map { .ms($0) }, high: .ms(high), source: source)
    }

    /// Accepted at 50 ms; the probe fails from 65 to 195 ms (give or take).
    private let served = attempts("SSSSSSS" + repeated("F", 13) + repeated("S", 10))

    private var replacement: [Sighting] {
        [
            seen(.instanceState(id: "i-1", state: "shutting-down"), 50, 54),
            seen(.instanceState(id: "i-1", state: "terminated"), 56, 60, "DescribeInstances"),
            seen(
                .activityBegan(group: "web", activity: "a1", launching: false, instance: "i-1"), 70, 72, "activity a1"),
            seen(.activityBegan(group: "web", activity: "a2", launching: true, instance: nil), 80, 84, "activity a2"),
            seen(.memberAppeared(group: "web", id: "i-2"), 90, 94),
            seen(.memberInService(group: "web", id: "i-2"), 140, 150, "DescribeAutoScalingGroups"),
            seen(.targetState(targetGroup: "tg", id: "i-9", state: "healthy"), nil, 55),
            seen(.targetState(targetGroup: "tg", id: "i-2", state: "healthy"), 160, 170, "DescribeTargetHealth"),
        ]
    }

    @Test("a replaced instance passes through every phase, and the phases add up to the whole")
    func everyPhase() throws {
        let report = RecoveryReport(measuring: input(served, until: 300, sightings: replacement.reversed()))
        #expect(
            report.phases.map(\.name) == [
                "instanceGone", "noticed", "replacementLaunched", "inService", "targetHealthy", "probeGood", "stable",
            ])
        #expect(
            report.phases.map(\.evidence) == [
                "DescribeInstances", "activity a1", "activity a2", "DescribeAutoScalingGroups", "DescribeTargetHealth",
                "probe web", "all probes of the steady state",
            ])
        let seconds = report.phases.map { ($0.seconds * 1e6).rounded() / 1e6 }
        #expect(seconds == [0.008, 0.013, 0.011, 0.063, 0.020, 0.030, 0])
        #expect(abs(report.phases.map(\.seconds).reduce(0, +) - 0.145) < 1e-9)
        #expect(report.phases[0].low == 0.006 && report.phases[0].high == 0.010)
        #expect(report.phases[1].low == 0.010 && report.phases[1].high == 0.016)
        for (one, next) in zip(report.phases, report.phases.dropFirst()) { #expect(one.end == next.start) }
    }

    @Test("a phase without evidence is left out, and the next starts where the last known one ended")
    func missingEvidence() {
        let some = replacement.filter { if case .activityBegan = $0.fact { false } else { true } }
            .filter { if case .memberAppeared = $0.fact { false } else { true } }
        let report = RecoveryReport(measuring: input(served, until: 300, sightings: some))
        #expect(
            report.phases.map(\.name) == ["instanceGone", "inService", "targetHealthy", "probeGood", "stable"])
        #expect(report.phases[1].start == report.phases[0].end)
        let none = RecoveryReport(measuring: input(served, until: 300))
        #expect(none.phases.map(\.name) == ["probeGood", "stable"])
    }

    @Test("a probe that is good again before the replacement serves is told at its own time")
    func probeFirst() {
        let quick = attempts("SSSSSSSFF" + repeated("S", 21))
        let report = RecoveryReport(measuring: input(quick, until: 300, sightings: replacement))
        #expect(
            report.phases.map(\.name) == [
                "instanceGone", "noticed", "replacementLaunched", "probeGood", "stable", "inService", "targetHealthy",
            ])
        for phase in report.phases {
            #expect(phase.low >= 0 && phase.low <= phase.seconds && phase.seconds <= phase.high)
        }
    }

    @Test("a stopped and started instance has its own phases, without a group")
    func stopStart() {
        let alone = PlannedTarget(id: "i-7", account: "1", region: "eu-west-1")
        var stopped = input(
            served, until: 300,
            sightings: [
                seen(.instanceState(id: "i-7", state: "stopped"), 55, 61, "DescribeInstances"),
                seen(.instanceState(id: "i-7", state: "running"), 100, 120),
            ])
        stopped.injections = [
            injection(accepted: 50, effective: .ms(58, 55, 61), target: alone, action: .ec2(.stop))
        ]
        #expect(RecoveryReport(measuring: stopped).phases.map(\.name) == ["instanceGone", "probeGood", "stable"])
    }

    @Test("with two instances lost, a milestone is reached when the second reaches it")
    func twoTargets() throws {
        var second = webTarget
        second.id = "i-3"
        let more = [
            seen(.instanceState(id: "i-3", state: "terminated"), 62, 66),
            seen(.activityBegan(group: "web", activity: "a3", launching: true, instance: nil), 100, 104, "activity a3"),
            seen(.activityBegan(group: "web", activity: "a4", launching: true, instance: nil), 180, 184, "scaling out"),
        ]
        var both = input(served, until: 300, sightings: replacement + more)
        both.injections.append(injection(accepted: 52, effective: .ms(60, 52, 66), target: second))
        let phases = RecoveryReport(measuring: both).phases
        #expect(phases.first?.end.high == anchor.timestamp(of: .ms(66)))
        let launched = try #require(phases.first { $0.name == "replacementLaunched" })
        #expect(launched.evidence == "activity a3")
        // One of two replacements in service is not the fleet in service.
        #expect(!phases.contains { $0.name == "inService" || $0.name == "noticed" })
        both.sightings.append(seen(.memberInService(group: "web", id: "i-4"), 170, 180))
        let whole = RecoveryReport(measuring: both).phases
        #expect(whole.first { $0.name == "inService" }?.end.high == anchor.timestamp(of: .ms(180)))
    }

    @Test("an instance that was deregistered is healthy again only after it was not")
    func deregistered() {
        let sightings = [
            seen(.targetState(targetGroup: "tg", id: "i-1", state: "healthy"), nil, 51),
            seen(.targetState(targetGroup: "tg", id: "i-1", state: "draining"), 52, 60),
            seen(.targetState(targetGroup: "tg", id: "i-1", state: "healthy"), 150, 160, "DescribeTargetHealth"),
        ]
        var run = input(served, until: 300, sightings: sightings)
        run.injections = [injection(accepted: 50, effective: .ms(55, 52, 60), action: .elb(.deregister))]
        let healthy = RecoveryReport(measuring: run).phases.first { $0.name == "targetHealthy" }
        #expect(healthy?.end.low == anchor.timestamp(of: .ms(150)))
    }
}

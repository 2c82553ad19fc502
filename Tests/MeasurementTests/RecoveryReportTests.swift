// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import Measurement
import Testing

@Suite("A run is measured from the first injection")
struct RecoveryReportTests {
    /// Injected at 50 ms; the outage starts in 60...71 and ends in 90...101; watched until 250 ms.
    static let plain = "SSSSSSS" + "FFF" + repeated("S", 15)

    @Test("an outage and its recovery give every figure with its bounds")
    func everyFigure() throws {
        let report = RecoveryReport(
            measuring: input(attempts(Self.plain), until: 250, objective: .init(availability: 90)))
        #expect(report.recovered == true)
        #expect(report.timeToRecover == Figure(seconds: 0.045, low: 0.040, high: 0.051))
        #expect(report.timeToDetect == Figure(seconds: 0.031, low: 0.031, high: 0.031))
        #expect(report.timeToAlarm == nil)
        #expect(report.downtime == Figure(seconds: 0.030, low: 0.019, high: 0.041))
        let availability = try #require(report.availability)
        // Slots 5 to 9 began in 50 ..< 95 ms: two succeeded, three failed.
        #expect(availability.attempts == 5)
        #expect((availability.percent, availability.low, availability.high) == (40, 40, 40))
        #expect(abs((availability.errorBudgetSpentPercent ?? 0) - 600) < 1e-9)
        #expect(report.probes == [report.probes[0]] && report.probes[0].silentPercent == 0)
        #expect(report.probes[0].expected == 25 && report.probes[0].failed == 3 && report.probes[0].missed == 0)
        #expect(report.outages.count == 1 && report.outages[0].duration == report.downtime)
        #expect(report.outages[0].start.at.description == "2023-11-14T22:13:20.065000000Z")
        #expect(report.notRecoveredForSeconds == nil)
    }

    @Test("an uncertain effect widens every time that counts from it")
    func uncertainEffect() throws {
        let report = RecoveryReport(
            measuring: input(attempts(Self.plain), effective: .ms(50, 40, 58), until: 250))
        #expect(report.timeToRecover == Figure(seconds: 0.045, low: 0.032, high: 0.061))
        #expect(report.timeToDetect == Figure(seconds: 0.031, low: 0.023, high: 0.041))
    }

    @Test("a steady state that never broke recovers in 0 s, up to the longest break that sampling can hide")
    func neverBroke() throws {
        let report = RecoveryReport(measuring: input(attempts(repeated("S", 25)), until: 241))
        #expect(report.recovered == true)
        #expect(report.timeToRecover == Figure(seconds: 0, low: 0, high: 0.011))
        #expect(report.timeToDetect == nil)
        #expect(report.downtime == Figure(seconds: 0, low: 0, high: 0))
        #expect(report.availability?.percent == 100)
        let single = RecoveryReport(
            measuring: input(attempts(repeated("S", 10) + "F" + repeated("S", 14)), until: 241))
        #expect(single.timeToRecover?.high == 0.021)
        #expect(single.probes[0].failed == 1 && single.outages.isEmpty)
    }

    @Test("a stretch that told nothing may hide a later outage, and the bound says so")
    func blindStretch() throws {
        let blind = RecoveryReport(measuring: input(attempts(Self.plain + "???" + repeated("S", 12)), until: 400))
        #expect(blind.recovered == true)
        #expect(blind.timeToRecover?.seconds == 0.045)
        #expect(blind.timeToRecover?.high == 0.231)
        // It may have recovered at 95 ms (2 of 5 succeeded) or only at 281 ms (18 of 24, and 3 told nothing).
        #expect(blind.availability?.percent == 40 && blind.availability?.low == 40)
        #expect(blind.availability?.high == 87.5)
        #expect(blind.probes[0].silentPercent == 12.5)
        let short = RecoveryReport(measuring: input(attempts(Self.plain + "?" + repeated("S", 12)), until: 370))
        #expect(short.timeToRecover?.high == 0.051)
    }

    @Test(
        "recovery is claimed only on evidence",
        arguments: [
            ("still failing", "SSSSSSSFFFFFFFFFFFFFFFFFF", 250, false),
            ("failing and then silent", "SSSSSSSFFF???????????????", 250, false),
            ("back too lately", "SSSSSSSFFFFFFFFFFFFFSSSSS", 240, false),
            ("silent since", "SSSSSSSFFFSS?????????????", 250, nil),
            ("stopped since", "SSSSSSSFFFSS", 250, nil),
            ("nothing since the injection", "SSSS", 250, nil),
            ("only unknowns", "?????????????????????????", 250, nil),
            ("no data", "", 250, nil),
            ("failed last, not held until then", "SSSSSSSFFFSSSSSF", 155, nil),
            ("failed last, held until then", "SSSSSSSFFFSSSSSSSSSSSSSSF", 250, true),
            ("too little time", "SSSSSSS", 70, nil),
            ("held", "SSSSSSSFFFSSSSSSSSSSSSSSS", 250, true),
        ] as [(String, String, Int64, Bool?)])
    func evidence(name: String, drawing: String, until: Int64, expected: Bool?) {
        let report = RecoveryReport(measuring: input(attempts(drawing), until: until))
        #expect(report.recovered == expected)
        #expect((report.timeToRecover != nil) == (expected == true))
        #expect((report.notRecoveredForSeconds != nil) == (expected == false))
    }

    @Test("a silent probe holds back the recovery of all")
    func silentProbe() {
        let probes = [probe("web"), probe("other")]
        let both = attempts(Self.plain) + attempts(repeated("S", 25), of: "other")
        #expect(RecoveryReport(measuring: input(both, probes: probes, until: 250)).recovered == true)
        #expect(RecoveryReport(measuring: input(attempts(Self.plain), probes: probes, until: 250)).recovered == nil)
    }

    @Test("outages of several probes count once in the downtime, and the last end is the recovery")
    func severalProbes() {
        let probes = [probe("a", failures: 1, successes: 1), probe("b", failures: 1, successes: 1)]
        let all =
            attempts("SSSSSSSFFFFSSSSSSSSSSSSSS", of: "a") + attempts("SSSSSSSSSFFFFSSSSSSSSSSSS", of: "b")
            + attempts("SSSFFFFFFFFFFSSSSSSSSSSSS", of: "unknown to the plan")
        let report = RecoveryReport(measuring: input(all, probes: probes, until: 250))
        #expect(report.downtime == Figure(seconds: 0.060, low: 0.049, high: 0.071))
        #expect(report.timeToRecover == Figure(seconds: 0.075, low: 0.070, high: 0.081))
    }

    @Test("an outage that was over before the injection is listed and counts in no figure")
    func earlierOutage() {
        let report = RecoveryReport(
            measuring: input(attempts("SFFSSSSSSSSSS" + repeated("S", 12)), effective: .ms(100, 100, 100), until: 245))
        #expect(report.outages.count == 1)
        #expect(report.downtime?.seconds == 0 && report.timeToDetect == nil)
        #expect(report.timeToRecover?.seconds == 0)
    }

    @Test("without an effective injection only what was seen is told")
    func noEffect() {
        let report = RecoveryReport(measuring: input(attempts(Self.plain), effective: nil, until: 250))
        #expect(report.recovered == nil && report.timeToRecover == nil && report.availability == nil)
        #expect(report.outages.count == 1 && report.probes[0].samples == 25)
        #expect(report.probes[0].latency?.before?.count == 22)
    }

    @Test("attempts that told nothing widen the availability and are counted")
    func silentAttempts() throws {
        let report = RecoveryReport(
            measuring: input(attempts("SSSSSS?FFF m SFSSSSSSSSSSSSS"), until: 280))
        let availability = try #require(report.availability)
        #expect(availability.low < availability.percent && availability.percent < availability.high)
        let web = report.probes[0]
        #expect((web.expected, web.samples, web.missed, web.unknown) == (28, 25, 3, 1))
        #expect(web.expected == web.samples + web.missed)
        #expect((web.silentPercent ?? 0) > 0)
    }

    @Test("a gap of the controller is told and touches the outage across it")
    func controllerGap() {
        var gapped = input(attempts("SSSSSSSFF      FF" + repeated("S", 10)), until: 270)
        gapped.gaps = [(from: .ms(90), to: .ms(145), reason: "the controller was not running")]
        let report = RecoveryReport(measuring: gapped)
        #expect(report.gaps.map(\.reason) == ["the controller was not running"])
        #expect(report.outages.count == 1 && report.outages[0].touchesGap)
        #expect(report.probes[0].missed == 6)
    }

    @Test("an alarm is timed from its own probe or from a sighting, whichever came first")
    func alarm() {
        let alarmProbe = ProbeSpec(
            name: "alarm", kind: .cloudWatchAlarm(CloudWatchAlarmProbeSpec(name: "5xx")),
            every: WrittenDuration(.milliseconds(10)), failureThreshold: 1, successThreshold: 1)
        let all = attempts(Self.plain) + attempts("SSSSSSSSSFFSSSSSSSSSSSSSS", of: "alarm")
        let probes = [probe(), alarmProbe]
        #expect(
            RecoveryReport(measuring: input(all, probes: probes, until: 250)).timeToAlarm
                == Figure(seconds: 0.035, low: 0.030, high: 0.041))
        let seen = Sighting(
            fact: .alarm(name: "x", state: "ALARM"), low: .ms(60), high: .ms(64), source: "DescribeAlarms")
        #expect(
            RecoveryReport(measuring: input(all, probes: probes, until: 250, sightings: [seen])).timeToAlarm
                == Figure(seconds: 0.012, low: 0.010, high: 0.014))
    }

    @Test("order and repeats of the input change nothing")
    func orderAndRepeats() {
        var random = SeededGenerator(seed: propertySeed)
        let all = attempts("SSSSSS?FFF m SFSSSSSSSSSSSSS")
        let expected = RecoveryReport(measuring: input(all, until: 280))
        for _ in 0..<50 {
            let mixed = (all + all.filter { _ in random.chance(30) }).shuffled(using: &random)
            #expect(RecoveryReport(measuring: input(mixed, until: 280)) == expected, "seed \(propertySeed)")
        }
    }

    @Test("latency is split by when attempts began and correct to three digits")
    func latencies() throws {
        var all: [Observation] = []
        for slot in 0..<1_000 {
            all.append(attempt(slot, Int64(slot * 10), Int64(slot * 10 + 1 + slot % 100), .success))
        }
        let report = RecoveryReport(measuring: input(all, effective: .ms(5_000, 5_000, 5_000), until: 10_050))
        let before = try #require(report.probes[0].latency?.before)
        #expect((before.count, before.maxMilliseconds) == (500, 100))
        #expect(abs(before.p50Milliseconds - 50) <= 0.05)
        #expect(abs(before.p90Milliseconds - 90) <= 0.09)
        #expect(abs(before.p99Milliseconds - 99) <= 0.1)
        #expect(report.probes[0].latency?.during?.count == 500)
        #expect(report.probes[0].latency?.after == nil)
    }
}

// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import Foundation
import Measurement
import Testing

/// The example of `docs/measurement.md`, measured. Change the page and this together.
@Suite("The worked example of the documentation")
struct WorkedExampleTests {
    private let page: String
    private let report: RecoveryReport
    private let objective = ObjectiveSpec(timeToRecover: WrittenDuration(.seconds(60)), availability: 99.5)

    init() throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        page = try String(contentsOf: root.appending(path: "docs/measurement.md"), encoding: .utf8)
        var capacity = probe("capacity", every: 5_000, failures: 1, successes: 1)
        capacity.kind = .autoScalingGroup(AutoScalingGroupProbeSpec(name: "web", inService: .desired))
        var example = input(
            Self.storefront + Self.capacity,
            probes: [probe("storefront", every: 100), capacity],
            effective: .ms(10_150, 10_050, 10_250), until: 90_000, stableFor: 30_000, sightings: Self.sightings,
            objective: objective)
        example.injections[0].accepted = .ms(10_000)
        report = RecoveryReport(measuring: example)
    }

    private static var storefront: [Observation] {
        (0..<900).map { slot in
            let begun = Int64(slot) * 100
            if begun == 30_000 {
                return attempt(slot, begun, begun, .missed(reason: "tooManyOutstanding"), of: "storefront")
            }
            let down = (10_300...42_600).contains(begun)
            return attempt(slot, begun, begun + (down ? 1 : 5), down ? failed : .success, of: "storefront")
        }
    }

    private static var capacity: [Observation] {
        (0..<18).map { slot in
            let begun = Int64(slot) * 5_000
            let down = (15_000...55_000).contains(begun)
            return attempt(slot, begun, begun + 40, down ? failed : .success, of: "capacity")
        }
    }

    private static var sightings: [Sighting] {
        func seen(_ fact: Sighting.Fact, _ low: Int64, _ high: Int64) -> Sighting {
            Sighting(fact: fact, low: .ms(low), high: .ms(high), source: "example")
        }
        return [
            seen(.instanceState(id: "i-1", state: "terminated"), 10_050, 10_250),
            seen(.activityBegan(group: "web", activity: "a", launching: false, instance: "i-1"), 11_000, 12_000),
            seen(.activityBegan(group: "web", activity: "b", launching: true, instance: nil), 12_000, 13_000),
            seen(.memberInService(group: "web", id: "i-2"), 55_000, 56_000),
            seen(.targetState(targetGroup: "tg", id: "i-2", state: "healthy"), 41_000, 42_000),
        ]
    }

    private func row(_ name: String, _ seconds: Double, _ low: Double, _ high: Double) -> String {
        "| \(name) | \(three(seconds)) | \(three(low)) | \(three(high)) |"
    }

    private func row(_ name: String, _ figure: Figure?) throws -> String {
        let figure = try #require(figure)
        return row(name, figure.seconds, figure.low, figure.high)
    }

    private func three(_ value: Double) -> String { String(format: "%.3f", value) }

    @Test("every figure on the page is what the code measures")
    func figures() throws {
        #expect(page.contains(try row("time to recover", report.timeToRecover)))
        #expect(page.contains(try row("time to detect", report.timeToDetect)))
        #expect(page.contains(try row("downtime", report.downtime)))
        let availability = try #require(report.availability)
        let bounds = "\(three(availability.low)) % to \(three(availability.high)) %"
        #expect(page.contains("\(three(availability.percent)) % (\(bounds))"))
        #expect(page.contains("\(three(try #require(availability.errorBudgetSpentPercent))) % of the error budget"))
        #expect(page.contains("there were \(availability.attempts) attempts"))
    }

    @Test("every outage on the page is what the code measures")
    func outages() {
        func since(_ moment: Timestamp) -> String { three(moment.since(anchor.wall).inSeconds) }
        #expect(report.outages.count == 2)
        for outage in report.outages {
            let start =
                "starts at \(since(outage.start.at)) (\(since(outage.start.low)) to \(since(outage.start.high)))"
            #expect(page.contains("`\(outage.probe)` \(start)"))
            guard let end = outage.end else {
                Issue.record("\(outage.probe) goes on")
                continue
            }
            #expect(page.contains("ends at \(since(end.at)) (\(since(end.low)) to \(since(end.high)))"))
            #expect(outage.touchesGap == (outage.probe == "storefront"))
        }
    }

    @Test("every phase on the page is what the code measures, in this order")
    func phases() {
        let rows = report.phases.map { row($0.name, $0.seconds, $0.low, $0.high) }
        #expect(rows.count == 7)
        #expect(page.contains(rows.joined(separator: "\n")), "\(rows.joined(separator: "\n"))")
    }

    @Test("the verdict is as the page says")
    func verdictOfExample() {
        let at = anchor.timestamp(of: .ms(10_150))
        let killed = InjectionReport(
            name: "inject", fault: "lose-one", action: "ec2.terminate", target: "i-1", region: "eu-west-1",
            state: .completed, effective: BoundedTimestamp(at: at, low: at, high: at))
        let (verdict, reasons) = verdict(
            for: VerdictInput(
                baselineHeld: true, injections: [killed], undo: .none, recovery: report, objective: objective))
        #expect(verdict == .fail)
        #expect(reasons == ["the availability of 31.568 % misses the objective of 99.5 %"])
    }
}

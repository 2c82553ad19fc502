// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import FoundationEssentials
import Testing

@testable import ExperimentControl

@Suite("what is sent")
struct ReportPayloadTests {
    static func outage(_ number: Int) -> OutageReport {
        let at = Timestamp.noon.advanced(by: .milliseconds(number))
        let when = BoundedTimestamp(at: at, low: at, high: at)
        return OutageReport(
            probe: "storefront", start: when, end: when, duration: Figure(seconds: 1.5, low: 1, high: 2),
            confirmedAt: at, firstReason: "connectionRefused", failedSamples: 3, touchesGap: false)
    }

    static func status(outages: Int = 2) -> RunStatus {
        var status = RunStatus(phase: .reporting)
        status.verdict = .pass
        status.verdictReasons = ["recovered in 3 s"]
        status.undo = .none
        status.anchor = ClockAnchor(bootID: "boot-1", monotonic: .init(nanoseconds: 0), wall: .noon)
        status.plan = PlanReport(hash: "abc", seed: 7, steps: [], guards: [], selections: [], iamActions: [])
        status.recovery = RecoveryReport(
            recovered: true, timeToRecover: Figure(seconds: 3, low: 2.5, high: 3.5),
            downtime: Figure(seconds: 1, low: 1, high: 1),
            availability: AvailabilityReport(percent: 99, low: 98, high: 100, attempts: 50),
            outages: (0..<outages).map(outage),
            probes: [ProbeReport(name: "storefront", expected: 10, samples: 9, failed: 1, unknown: 0, missed: 1)])
        return status
    }

    /// One payload of every kind of event, as runs make them.
    static func all() -> [ReportPayload] {
        let fault = Sample.fault(.ec2(.stop), duration: .seconds(60))
        var run = Sample.run(Sample.experiment([fault]))
        run.spec.reason = "game day"
        var injection = Sample.injection(fault, group: "web", targetGroups: [World.targetGroup("web")])
        var held = InjectionStatus(state: .effective)
        held.effectiveLow = MonotonicInstant(nanoseconds: 1)
        held.effectiveHigh = MonotonicInstant(nanoseconds: 9)
        held.message = "as seen"
        injection.status = held
        var status = status()
        status.plan?.steps = [FaultText.step(fault, target: injection.spec.target, scope: AWSScope())]
        status.aborted = AbortRequest(requestedBy: "ada", reason: "enough", at: .noon)
        return ReportEventKind.allCases.flatMap { event in
            [nil, injection].map { injection in
                ReportPayload(
                    event, id: "id/\(event.rawValue)", sequence: 3, at: .noon, run: run, injection: injection,
                    status: status)
            }
        } + [ReportPayload(.planned, id: "x", sequence: 1, at: .noon, run: run, injection: nil, status: nil)]
    }

    @Test("every payload stays below what SNS takes, with ten thousand outages and with endless texts")
    func size() throws {
        var status = Self.status(outages: 10_000)
        status.verdictReasons = (0..<5_000).map { "reason \($0) " + String(repeating: "é", count: 200) }
        status.recovery?.phases = (0..<5_000).map {
            let at = BoundedTimestamp(at: .noon, low: .noon, high: .noon)
            return PhaseReport(
                name: "phase\($0)", figure: Figure(seconds: 1, low: 1, high: 1), start: at, end: at, evidence: "seen")
        }
        var run = Sample.run(Sample.experiment([Sample.fault(.ec2(.terminate))]))
        run.spec.plan.hypothesis = String(repeating: "h\u{1F600}", count: 100_000)
        let payload = ReportPayload(
            .verdict, id: "id", sequence: 1, at: .noon, run: run, injection: nil, status: status)
        let text = try payload.encoded()
        #expect(text.utf8.count < 262_144)
        let read = try JSONDecoder().decode(ReportPayload.self, from: Data(text.utf8))
        #expect(read.truncated == true)
        #expect(read.verdict == .pass && read.recovery?.timeToRecover?.seconds == 3)
        let outages = ReportPayload(
            .verdict, id: "id", sequence: 1, at: .noon, run: Sample.run(Sample.experiment([])), injection: nil,
            status: Self.status(outages: 10_000))
        let cut = try JSONDecoder().decode(ReportPayload.self, from: Data(try outages.encoded().utf8))
        #expect(cut.recovery?.outages.count == 200)
    }

    @Test("a payload that fits is whole, and reads back as it was")
    func roundTrip() throws {
        for payload in Self.all() {
            let text = try payload.encoded()
            #expect(try JSONDecoder().decode(ReportPayload.self, from: Data(text.utf8)) == payload)
            #expect(payload.truncated == nil)
            #expect(!text.contains("\n"), "one line, for files")
        }
    }

    @Test("a failed undo is critical, whatever the verdict")
    func severity() {
        var status = Self.status()
        status.undo = .dirty
        let run = Sample.run(Sample.experiment([]))
        func severity(_ event: ReportEventKind) -> ReportPayload.Severity {
            ReportPayload(event, id: "i", sequence: 1, at: .noon, run: run, injection: nil, status: status).severity
        }
        #expect(severity(.undoFailed) == .critical)
        #expect(severity(.verdict) == .critical)
        status.undo = .clean
        #expect(severity(.verdict) == .info)
        status.verdict = .inconclusive
        #expect(severity(.verdict) == .warning)
        #expect(severity(.abort) == .warning)
    }
}

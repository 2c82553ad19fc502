// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import Measurement
import Testing

@testable import ExperimentControl

@Suite("What was measured among what was done")
struct TimelineTests {
    private let anchor = ClockAnchor(
        bootID: "b", monotonic: MonotonicInstant(nanoseconds: 0),
        wall: Timestamp(nanosecondsSinceEpoch: 1_795_498_962_000_000_000))

    private func bounds(_ at: Double, _ low: Double, _ high: Double) -> BoundedTimestamp {
        BoundedTimestamp(at: date(at), low: date(low), high: date(high))
    }

    private func date(_ seconds: Double) -> Timestamp {
        anchor.timestamp(of: MonotonicInstant(nanoseconds: Int64(seconds * 1e9)))
    }

    private func beginning(of start: BoundedTimestamp, effect: BoundedTimestamp?) throws -> TimelineEvent {
        var report = RecoveryReport()
        report.outages = [
            OutageReport(
                probe: "web", start: start, end: nil, duration: nil, confirmedAt: start.high, firstReason: "status",
                firstDetail: "HTTP 503", failedSamples: 3, touchesGap: false)
        ]
        let events = Timeline.merged([], report: report, sightings: [], anchor: anchor, effect: effect)
        return try #require(events.first { $0.type == "outageBegan" })
    }

    @Test("an outage whose bounds hold the effect is dated no earlier than it, and keeps its bounds")
    func afterTheEffect() throws {
        let effect = bounds(10, 9.9, 10.1)
        let around = try beginning(of: bounds(9.5, 8, 11), effect: effect)
        #expect((around.at, around.low, around.high) == (date(10), date(8), date(11)))
        #expect(try beginning(of: bounds(9.5, 9, 9.95), effect: effect).at == date(9.95), "and never beyond its bounds")
        #expect(around.message == "web fails: status (HTTP 503)")
    }

    @Test("an outage that was there before the effect stays there")
    func beforeTheEffect() throws {
        #expect(try beginning(of: bounds(9.5, 9, 9.8), effect: bounds(10, 9.9, 10.1)).at == date(9.5))
        #expect(try beginning(of: bounds(9.5, 9, 9.8), effect: nil).at == date(9.5))
        #expect(try beginning(of: bounds(10.5, 9, 11), effect: bounds(10, 9.9, 10.1)).at == date(10.5))
    }
}

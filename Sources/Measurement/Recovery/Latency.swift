// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import Histogram

/// The latency of successful attempts in three periods by when they began. Each is recorded in microseconds, rounded up
/// and at least 1, in an HdrHistogram of three significant digits: a percentile is at most 0.1 % above the true one.
func latency(
    of attempts: [Observation], during period: Range<MonotonicInstant>
) -> LatencyByPeriod? {
    var before = LatencyRecorder()
    var during = LatencyRecorder()
    var after = LatencyRecorder()
    for attempt in attempts where attempt.outcome == .success {
        let taken = attempt.ended.since(attempt.begun)
        if attempt.begun < period.lowerBound {
            before.record(taken)
        } else if attempt.begun < period.upperBound {
            during.record(taken)
        } else {
            after.record(taken)
        }
    }
    let result = LatencyByPeriod(before: before.summary, during: during.summary, after: after.summary)
    return result == LatencyByPeriod(before: nil, during: nil, after: nil) ? nil : result
}

/// The histogram is made only when there is something to record and grows with the largest: 16 KiB up to 2 ms, and 8
/// KiB more for each doubling.
struct LatencyRecorder {
    private var histogram: Histogram<UInt64>?
    private var longest = Duration.zero

    mutating func record(_ latency: Duration) {
        if histogram == nil {
            var fresh = Histogram<UInt64>(numberOfSignificantValueDigits: .three)
            fresh.autoResize = true
            histogram = fresh
        }
        let microseconds = UInt64(max(1, (latency.wholeNanoseconds + 999) / 1_000))
        _ = histogram?.record(microseconds)
        longest = max(longest, latency)
    }

    var summary: LatencySummary? {
        guard let histogram, histogram.totalCount > 0 else { return nil }
        let most = longest.inSeconds * 1_000
        func percentile(_ percent: Double) -> Double {
            min(Double(histogram.valueAtPercentile(percent)) / 1_000, most)
        }
        return LatencySummary(
            count: Int(histogram.totalCount), p50Milliseconds: percentile(50), p90Milliseconds: percentile(90),
            p99Milliseconds: percentile(99), maxMilliseconds: most)
    }
}

// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import Histogram

/// The latency of successful attempts in three periods by when they began. Each is recorded in microseconds, rounded up
/// and at least 1; a percentile is at most 0.1 % above the true one.
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

/// Few latencies are kept as they are, and their percentiles are exact. Beyond that an HdrHistogram takes them, which
/// grows with the largest: 16 KiB up to 2 ms, and 8 KiB more for each doubling.
struct LatencyRecorder {
    private static let mostKept = 1_000
    /// Microseconds; empty once there is a histogram.
    private var kept: [UInt64] = []
    private var histogram: Histogram<UInt64>?
    private var longest = Duration.zero

    mutating func record(_ latency: Duration) {
        longest = max(longest, latency)
        let microseconds = UInt64(max(1, (latency.wholeNanoseconds + 999) / 1_000))
        if histogram == nil, kept.count < Self.mostKept { return kept.append(microseconds) }
        if histogram == nil { spill() }
        _ = histogram?.record(microseconds)
    }

    private mutating func spill() {
        var fresh = Histogram<UInt64>(numberOfSignificantValueDigits: .three)
        fresh.autoResize = true
        for each in kept { _ = fresh.record(each) }
        (histogram, kept) = (fresh, [])
    }

    var summary: LatencySummary? {
        let count = histogram.map { Int($0.totalCount) } ?? kept.count
        guard count > 0 else { return nil }
        let most = longest.inSeconds * 1_000
        let sorted = kept.sorted()
        /// The least value that at least this share of all do not exceed.
        func percentile(_ percent: Double) -> Double {
            let rank = max(1, Int((percent / 100 * Double(count)).rounded(.up)))
            let value = histogram?.valueAtPercentile(percent) ?? sorted[rank - 1]
            return min(Double(value) / 1_000, most)
        }
        return LatencySummary(
            count: count, p50Milliseconds: percentile(50), p90Milliseconds: percentile(90),
            p99Milliseconds: percentile(99), maxMilliseconds: most)
    }
}

// SPDX-License-Identifier: Apache-2.0
import AWS
import ChaosModel
import Measurement
import Probes

/// Reads the newest value of a CloudWatch metric
/// (https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html).
struct AWSMetricProbe: Sendable {
    let aws: any AWSReaders
    /// CloudWatch is asked for a stretch of dates.
    let clock: any ControlClock

    func ask(_ spec: CloudWatchMetricProbeSpec) async throws(AWSError) -> ProbeOutcome {
        let reader = try aws.reader(for: spec.scope)
        let period = max(1, Int(spec.period.duration.components.seconds))
        let dimensions = (spec.dimensions ?? [:]).sorted { $0.key < $1.key }.map {
            MetricDimension(name: $0.key, value: $0.value)
        }
        let query = MetricDataQuery(
            id: "m1",
            source: .metric(
                namespace: spec.namespace, name: spec.metric, dimensions: dimensions, periodSeconds: period,
                statistic: spec.statistic))
        // Ten periods back: CloudWatch's newest points come late.
        let now = AWSInstant(seconds: clock.wall().nanosecondsSinceEpoch / 1_000_000_000)
        let from = AWSInstant(seconds: now.seconds - Int64(10 * period))
        let series = try await reader.cloudWatch.getMetricData([query], from: from, to: now)
        guard let newest = series.flatMap(\.points).max(by: { $0.time < $1.time }) else {
            return ProbeOutcome(.unknown(reason: "noData"), detail: "no value in the last \(10 * period) s")
        }
        let detail = "\(spec.statistic) \(newest.value)"
        if let least = spec.atLeast, newest.value < least {
            return ProbeOutcome(.failure(reason: "belowBound"), detail: "\(detail), at least \(least) wanted")
        }
        if let most = spec.atMost, newest.value > most {
            return ProbeOutcome(.failure(reason: "aboveBound"), detail: "\(detail), at most \(most) wanted")
        }
        return ProbeOutcome(.success, detail: detail)
    }
}

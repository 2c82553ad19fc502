// SPDX-License-Identifier: Apache-2.0
import AWS
import ServiceMetrics

/// Calls to AWS as figures; told of each attempt by the client.
struct AWSFigures: Sendable {
    private let attempts: Counter
    private let throttles: Counter
    private let seconds: Histogram

    init(_ registry: MetricsRegistry) {
        attempts = registry.counter(
            MetricName(
                "rebound_aws_attempts", "Attempts of calls to AWS, by service and outcome.",
                labels: ["service", "outcome"]))
        throttles = registry.counter(
            MetricName("rebound_aws_throttles", "Attempts that AWS refused as too many.", labels: ["service"]))
        seconds = registry.histogram(
            MetricName(
                "rebound_aws_attempt_duration_seconds", "How long attempts took.", unit: "seconds",
                labels: ["service"]), bounds: [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15])
    }

    func note(_ attempt: AWSAttempt) {
        attempts.add(1, attempt.service, attempt.outcome.rawValue)
        if attempt.outcome == .throttled { throttles.add(1, attempt.service) }
        seconds.observe(attempt.duration.inSeconds, attempt.service)
    }
}

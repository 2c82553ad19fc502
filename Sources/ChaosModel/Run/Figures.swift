// SPDX-License-Identifier: Apache-2.0

/// A measured length of time in seconds; the true value lies in `low ... high`.
package struct Figure: Sendable, Codable, Equatable {
    package var seconds: Double
    package var low: Double
    package var high: Double

    package init(seconds: Double, low: Double, high: Double) {
        self.seconds = seconds
        self.low = low
        self.high = high
    }
}

/// A dated moment; the true moment lies in `low ... high`.
package struct BoundedTimestamp: Sendable, Codable, Equatable {
    package var at: Timestamp
    package var low: Timestamp
    package var high: Timestamp

    package init(at: Timestamp, low: Timestamp, high: Timestamp) {
        self.at = at
        self.low = low
        self.high = high
    }
}

/// One outage of one probe. An outage still going on when watching ended has no end.
package struct OutageReport: Sendable, Codable, Equatable {
    package var probe: String
    package var start: BoundedTimestamp
    package var end: BoundedTimestamp?
    /// The length; absent while the outage goes on.
    package var duration: Figure?
    /// When the failure threshold was reached.
    package var confirmedAt: Timestamp
    /// The stable reason code of the first failure, such as `connectionRefused`.
    package var firstReason: String
    /// What that failure showed, such as `HTTP 503`.
    package var firstDetail: String?
    package var failedSamples: Int
    /// Whether samples are missing inside or at the edge of this outage, so that its bounds are wider.
    package var touchesGap: Bool

    package init(
        probe: String, start: BoundedTimestamp, end: BoundedTimestamp?, duration: Figure?, confirmedAt: Timestamp,
        firstReason: String, firstDetail: String? = nil, failedSamples: Int, touchesGap: Bool
    ) {
        self.probe = probe
        self.start = start
        self.end = end
        self.duration = duration
        self.confirmedAt = confirmedAt
        self.firstReason = firstReason
        self.firstDetail = firstDetail
        self.failedSamples = failedSamples
        self.touchesGap = touchesGap
    }
}

/// One stretch of the recovery, with the evidence that bounds it.
package struct PhaseReport: Sendable, Codable, Equatable {
    /// instanceGone, noticed, replacementLaunched, inService, targetHealthy, probeGood, stable.
    package var name: String
    package var seconds: Double
    package var low: Double
    package var high: Double
    package var start: BoundedTimestamp
    package var end: BoundedTimestamp
    /// What showed the end of the phase: `scaling activity …`, `DescribeInstances`, `probe storefront`.
    package var evidence: String

    package init(name: String, figure: Figure, start: BoundedTimestamp, end: BoundedTimestamp, evidence: String) {
        self.name = name
        seconds = figure.seconds
        low = figure.low
        high = figure.high
        self.start = start
        self.end = end
        self.evidence = evidence
    }
}

/// What became of the planned attempts of one probe, and how long they took.
package struct ProbeReport: Sendable, Codable, Equatable {
    package var name: String
    /// Attempts planned; always `samples` + `missed`.
    package var expected: Int
    /// Attempts made; of these `failed` failed and `unknown` told nothing.
    package var samples: Int
    package var failed: Int
    package var unknown: Int
    package var missed: Int
    /// Of the attempts from the first injection until recovered, the percent that were unknown or missed; absent when
    /// none was planned in that time.
    package var silentPercent: Double?
    package var latency: LatencyByPeriod?

    package init(
        name: String, expected: Int, samples: Int, failed: Int, unknown: Int, missed: Int,
        silentPercent: Double? = nil, latency: LatencyByPeriod? = nil
    ) {
        self.name = name
        self.expected = expected
        self.samples = samples
        self.failed = failed
        self.unknown = unknown
        self.missed = missed
        self.silentPercent = silentPercent
        self.latency = latency
    }
}

/// Latency of successful attempts before the first injection, from then until recovered, and after.
package struct LatencyByPeriod: Sendable, Codable, Equatable {
    package var before: LatencySummary?
    package var during: LatencySummary?
    package var after: LatencySummary?

    package init(before: LatencySummary?, during: LatencySummary?, after: LatencySummary?) {
        self.before = before
        self.during = during
        self.after = after
    }
}

/// Milliseconds; percentiles by HdrHistogram with three significant digits.
package struct LatencySummary: Sendable, Codable, Equatable {
    package var count: Int
    package var p50Milliseconds: Double
    package var p90Milliseconds: Double
    package var p99Milliseconds: Double
    package var maxMilliseconds: Double

    package init(
        count: Int, p50Milliseconds: Double, p90Milliseconds: Double, p99Milliseconds: Double, maxMilliseconds: Double
    ) {
        self.count = count
        self.p50Milliseconds = p50Milliseconds
        self.p90Milliseconds = p90Milliseconds
        self.p99Milliseconds = p99Milliseconds
        self.maxMilliseconds = maxMilliseconds
    }
}

/// Percent of attempts that succeeded from the first injection until recovered, of the probes that ask the service
/// itself (http, tcp, dns), or of all where there are none such. Unknown and missed attempts widen the
/// bounds: `low` counts them as failed, `high` as succeeded.
package struct AvailabilityReport: Sendable, Codable, Equatable {
    package var percent: Double
    package var low: Double
    package var high: Double
    package var attempts: Int
    /// The share of the error budget of `objective.availability` that was spent, in percent; absent without an
    /// objective.
    package var errorBudgetSpentPercent: Double?

    package init(percent: Double, low: Double, high: Double, attempts: Int, errorBudgetSpentPercent: Double? = nil) {
        self.percent = percent
        self.low = low
        self.high = high
        self.attempts = attempts
        self.errorBudgetSpentPercent = errorBudgetSpentPercent
    }
}

/// A stretch in which nothing was measured, for example because the controller was not running.
package struct MeasurementGap: Sendable, Codable, Equatable {
    package var start: Timestamp
    package var end: Timestamp
    package var reason: String

    package init(start: Timestamp, end: Timestamp, reason: String) {
        self.start = start
        self.end = end
        self.reason = reason
    }
}

/// Everything measured in one run.
package struct RecoveryReport: Sendable, Codable, Equatable {
    /// Whether the steady state came back and held for `stableFor`. Nil when that is not known (nothing injected, or no
    /// data).
    package var recovered: Bool?
    /// Injection effective to the start of the period in which the steady state then held. Absent when it did not.
    package var timeToRecover: Figure?
    /// When not recovered: at least this long (a censored value, for statistics over runs).
    package var notRecoveredForSeconds: Double?
    /// Injection effective to the first confirmed failure of a probe. Absent when none failed.
    package var timeToDetect: Figure?
    /// Injection effective to the first named alarm going off. Absent without an alarm probe or when it stayed quiet.
    package var timeToAlarm: Figure?
    /// Sum of the outages of all probes, overlaps counted once.
    package var downtime: Figure?
    package var availability: AvailabilityReport?
    package var outages: [OutageReport]
    package var phases: [PhaseReport]
    package var probes: [ProbeReport]
    package var gaps: [MeasurementGap]

    package init(
        recovered: Bool? = nil, timeToRecover: Figure? = nil, notRecoveredForSeconds: Double? = nil,
        timeToDetect: Figure? = nil, timeToAlarm: Figure? = nil, downtime: Figure? = nil,
        availability: AvailabilityReport? = nil, outages: [OutageReport] = [], phases: [PhaseReport] = [],
        probes: [ProbeReport] = [], gaps: [MeasurementGap] = []
    ) {
        self.recovered = recovered
        self.timeToRecover = timeToRecover
        self.notRecoveredForSeconds = notRecoveredForSeconds
        self.timeToDetect = timeToDetect
        self.timeToAlarm = timeToAlarm
        self.downtime = downtime
        self.availability = availability
        self.outages = outages
        self.phases = phases
        self.probes = probes
        self.gaps = gaps
    }
}

extension OutageReport {
    /// The first failure in words: `status (HTTP 503)`.
    package var firstFailure: String { firstReason + (firstDetail.map { " (\($0))" } ?? "") }
}

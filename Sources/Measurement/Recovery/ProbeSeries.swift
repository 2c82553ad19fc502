// SPDX-License-Identifier: Apache-2.0
import ChaosModel

/// All attempts of one probe in slot order, each once, with the outages in them and the slots that are missing.
struct ProbeSeries {
    let spec: ProbeSpec
    let attempts: [Observation]
    let detector: OutageDetector
    var outages: [Outage] { detector.outages }
    /// Planned attempts that are absent altogether: where the first was planned, how many there are, and where the next
    /// attempt that is there ended.
    let absences: [(planned: MonotonicInstant, count: Int64, nextEnded: MonotonicInstant)]

    /// Attempts that began after `watchEnded` are left out. When the probe fell silent well before that, the attempts
    /// that should have been made count as absent; a silence no longer than the longest attempt seen, three intervals
    /// or one second may be attempts still under way and counts as nothing.
    init(of spec: ProbeSpec, in observations: [Observation], watchEnded: MonotonicInstant) {
        self.spec = spec
        let all = Measurement.attempts(of: spec.name, in: observations.filter { $0.begun <= watchEnded })
        attempts = all
        detector = OutageDetector(of: spec, after: all)
        var absent = zip(all, all.dropFirst()).compactMap { earlier, later in
            let count = earlier.slots(missingBefore: later, every: spec.interval)
            return count == 0 ? nil : (earlier.planned.advanced(by: spec.interval), count, later.ended)
        }
        if let last = all.last {
            let longest = all.map { $0.ended.since($0.begun) }.max() ?? .zero
            let silence = watchEnded.since(max(last.planned, last.ended))
            let count = watchEnded.since(last.planned).wholeNanoseconds / max(1, spec.interval.wholeNanoseconds)
            if silence > max(longest, spec.interval * 3, .seconds(1)), count > 0 {
                absent.append((last.planned.advanced(by: spec.interval), count, watchEnded))
            }
        }
        absences = absent
    }

    var report: ProbeReport {
        var report = ProbeReport(name: spec.name, expected: 0, samples: 0, failed: 0, unknown: 0, missed: 0)
        for attempt in attempts {
            switch attempt.outcome {
            case .success: report.samples += 1
            case .failure: (report.samples, report.failed) = (report.samples + 1, report.failed + 1)
            case .unknown: (report.samples, report.unknown) = (report.samples + 1, report.unknown + 1)
            case .missed: report.missed += 1
            }
        }
        report.missed += absences.reduce(0) { $0 + Int($1.count) }
        report.expected = report.samples + report.missed
        return report
    }
}

// MARK: What sampling can hide

extension ProbeSeries {
    /// The longest stretch since `instant` in which a break could have gone without being confirmed. Each success was
    /// up at some instant, so a break fits only between two successes that follow each other, from the begin of one to
    /// the end of the next.
    func longestHole(since instant: MonotonicInstant, until end: MonotonicInstant) -> Duration {
        var longest = Duration.zero
        var from = instant
        for attempt in attempts where attempt.outcome == .success && attempt.ended >= instant {
            longest = max(longest, attempt.ended.since(max(from, instant)))
            from = attempt.begun
        }
        return max(longest, end.since(max(from, instant)))
    }

    /// The end of the last stretch after `instant` in which at least `failureThreshold` planned attempts in a row told
    /// nothing, so that an outage could have begun and ended unseen; nil when there is none.
    func lastBlindEnd(after instant: MonotonicInstant) -> MonotonicInstant? {
        var result: MonotonicInstant?
        var silent: Int64 = 0
        var previous: Observation?
        for attempt in attempts {
            silent += previous.map { $0.slots(missingBefore: attempt, every: spec.interval) } ?? 0
            previous = attempt
            switch attempt.outcome {
            case .unknown, .missed: silent += 1
            case .success, .failure:
                if silent >= spec.failuresToFail, attempt.ended > instant { result = attempt.ended }
                silent = 0
            }
        }
        return result
    }
}

// SPDX-License-Identifier: Apache-2.0
import ChaosModel

/// What became of the attempts of one or more probes in a period.
struct AttemptCounts: Equatable {
    var succeeded = 0
    var failed = 0
    /// Unknown, missed and absent ones.
    var silent = 0

    var all: Int { succeeded + failed + silent }

    static func += (sum: inout Self, more: Self) {
        sum.succeeded += more.succeeded
        sum.failed += more.failed
        sum.silent += more.silent
    }
}

/// Availability over attempts: percent = succeeded / (succeeded + failed); low = succeeded / all,
/// high = (succeeded + silent) / all, each times 100. Nil when no attempt told anything.
func availability(of counts: AttemptCounts, objective: Double?) -> AvailabilityReport? {
    guard counts.succeeded + counts.failed > 0 else { return nil }
    let percent = 100 * Double(counts.succeeded) / Double(counts.succeeded + counts.failed)
    return AvailabilityReport(
        percent: percent, low: 100 * Double(counts.succeeded) / Double(counts.all),
        high: 100 * Double(counts.succeeded + counts.silent) / Double(counts.all), attempts: counts.all,
        errorBudgetSpentPercent: objective.flatMap { errorBudgetSpent(percent: percent, objective: $0) })
}

/// (100 - percent) / (100 - objective) x 100. An objective of 100 leaves no budget: 0 when nothing failed, else nil,
/// since no number of percent of nothing is right.
func errorBudgetSpent(percent: Double, objective: Double) -> Double? {
    if objective < 100 { return (100 - percent) / (100 - objective) * 100 }
    return percent >= 100 ? 0 : nil
}

extension ProbeSeries {
    /// The attempts that began, or were planned and not made, in the period.
    func counts(during period: Range<MonotonicInstant>) -> AttemptCounts {
        var counts = AttemptCounts()
        for attempt in attempts where period.contains(attempt.begun) {
            switch attempt.outcome {
            case .success: counts.succeeded += 1
            case .failure: counts.failed += 1
            case .unknown, .missed: counts.silent += 1
            }
        }
        counts.silent += absent(during: period)
        return counts
    }

    /// How many absent attempts were planned in the period.
    private func absent(during period: Range<MonotonicInstant>) -> Int {
        let step = max(1, spec.interval.wholeNanoseconds)
        return absences.reduce(0) { sum, absence in
            let first = absence.planned.nanoseconds
            let skipped = max(0, (period.lowerBound.nanoseconds - first + step - 1) / step)
            let within = period.upperBound.nanoseconds - first
            let reached = within <= 0 ? 0 : min(absence.count, (within + step - 1) / step)
            return sum + Int(max(0, reached - skipped))
        }
    }
}

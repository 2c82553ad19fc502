// SPDX-License-Identifier: Apache-2.0
import ChaosModel

/// Availability over the attempts of all probes that began, or were planned and not made, in a period.
///
/// percent = succeeded / (succeeded + failed); low = succeeded / all, high = (succeeded + silent) / all, where silent are
/// the unknown, missed and absent ones. Nil when no attempt told anything.
func availability(
    of series: [ProbeSeries], during period: Range<MonotonicInstant>, objective: Double?
) -> AvailabilityReport? {
    var (succeeded, failed, silent) = (0, 0, 0)
    for one in series {
        for attempt in one.attempts where period.contains(attempt.begun) {
            switch attempt.outcome {
            case .success: succeeded += 1
            case .failure: failed += 1
            case .unknown, .missed: silent += 1
            }
        }
        silent += one.absent(during: period)
    }
    let all = succeeded + failed + silent
    guard succeeded + failed > 0 else { return nil }
    let percent = 100 * Double(succeeded) / Double(succeeded + failed)
    return AvailabilityReport(
        percent: percent, low: 100 * Double(succeeded) / Double(all),
        high: 100 * Double(succeeded + silent) / Double(all), attempts: all,
        errorBudgetSpentPercent: objective.flatMap { errorBudgetSpent(percent: percent, objective: $0) })
}

/// (100 - percent) / (100 - objective) x 100. An objective of 100 leaves no budget: 0 when nothing failed, else nil,
/// since no number of percent of nothing is right.
func errorBudgetSpent(percent: Double, objective: Double) -> Double? {
    if objective < 100 { return (100 - percent) / (100 - objective) * 100 }
    return percent >= 100 ? 0 : nil
}

extension ProbeSeries {
    /// How many absent attempts were planned in the period.
    fileprivate func absent(during period: Range<MonotonicInstant>) -> Int {
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

// SPDX-License-Identifier: Apache-2.0
package import ChaosModel

/// One thing that speaks on the verdict, and what it says.
private struct Finding {
    var verdict: Verdict
    var reason: String

    init(_ verdict: Verdict, _ reason: String) {
        self.verdict = verdict
        self.reason = reason
    }
}

extension Verdict {
    /// Which of several findings is told first and decides: what broke the run itself, then harm that was seen, then
    /// what is not known, then nothing amiss.
    fileprivate var weight: Int {
        switch self {
        case .error: 3
        case .fail: 2
        case .inconclusive: 1
        case .pass: 0
        }
    }
}

/// Decides one run, and says why, the most important reason first.
///
/// The worst finding decides: error over fail over inconclusive over pass. Pass is what is left when there is positive
/// evidence for all of it: the plan was made, the baseline held, every injection was seen to take effect, every probe
/// told enough, the steady state came back, every figure of the objective is met by its worse bound, and what had to be
/// undone was read back as undone.
///
/// - A stop condition fails the run: the harm went further than the operator allowed.
/// - An abort is inconclusive at best and at worst: it ended the measurement, so what was measured until then is told
///   as a reason and does not decide. A stop condition that was met before it still does.
/// - An injection that took no effect is an error, not a pass of an unharmed system: the tool did not do its work
///   (P12). One that a guard refused is inconclusive: nothing was tried.
/// - An undo that is dirty is told first and beside the verdict, as `undo`. It makes an error of what would be a pass
///   and leaves every other verdict, which is about the system, as it is.
/// - A figure whose bounds straddle its limit is inconclusive: it cannot be said on which side the true value lies.
package func verdict(for input: VerdictInput) -> (verdict: Verdict, reasons: [String]) {
    let findings = (workFindings(input) + recoveryFindings(input)).enumerated().sorted {
        ($1.element.verdict.weight, $0.offset) < ($0.element.verdict.weight, $1.offset)
    }.map(\.element)
    let dirty = input.undo == .dirty || input.injections.contains { $0.state == .revertFailed }
    let verdict = findings.first?.verdict ?? (dirty ? .error : .pass)
    let undone = "what was changed could not be put back, or could not be read back"
    let reasons = (dirty ? [undone] : []) + findings.map(\.reason)
    return (verdict, verdict == .pass ? [passReason(input)] : reasons)
}

private func passReason(_ input: VerdictInput) -> String {
    let count = input.injections.count
    let took = count == 1 ? "the injection took effect" : "all \(count) injections took effect"
    guard let figure = input.recovery?.timeToRecover else { return "\(took) and the system recovered" }
    // Zero is what an unbroken steady state is given; it is told as what it is, with what could have been overlooked.
    if figure.seconds == 0 {
        return "\(took) and no outage was seen; one shorter than \(seconds(figure.high)) may have been overlooked"
    }
    return "\(took) and the system recovered in \(seconds(figure.seconds)) (at most \(seconds(figure.high)))"
}

// MARK: Whether the run did its work

private func workFindings(_ input: VerdictInput) -> [Finding] {
    var findings: [Finding] = []
    if let problem = input.runError { findings.append(Finding(.error, problem)) }
    if let problem = input.planProblem { findings.append(Finding(.error, "no plan could be made: \(problem)")) }
    if let stop = input.stopCondition { findings.append(Finding(.fail, "a stop condition was met: \(stop)")) }
    if let abort = input.aborted {
        findings.append(Finding(.inconclusive, "aborted by \(abort.requestedBy): \(abort.reason)"))
    }
    if input.planProblem != nil { return findings }
    switch input.baselineHeld {
    case true?: break
    case false?:
        findings.append(Finding(.inconclusive, "the steady state did not hold before the injection"))
        return findings
    case nil:
        findings.append(Finding(.inconclusive, "the steady state was not looked at before the injection"))
    }
    if input.injections.isEmpty { findings.append(Finding(.inconclusive, "nothing was injected")) }
    return findings + input.injections.compactMap(finding(of:))
}

/// Nil when the injection was seen to take effect and nothing of it is left to be done.
private func finding(of injection: InjectionReport) -> Finding? {
    let what = "\(injection.action) of \(injection.target)"
    let more = injection.message.map { ": \($0)" } ?? ""
    switch injection.state {
    case .noEffect: return Finding(.error, "\(what) took no effect\(more)")
    case .failed: return Finding(.error, "\(what) failed\(more)")
    case .refused: return Finding(.inconclusive, "\(what) was refused by a guard\(more)")
    case .pending, .reserved, .announced, .armed: return Finding(.inconclusive, "\(what) was not made\(more)")
    case .acting: return Finding(.inconclusive, "it is not known whether \(what) was made\(more)")
    case .accepted: return Finding(.inconclusive, "\(what) was accepted, and its effect was not seen\(more)")
    case .effective, .reverting:
        return Finding(.inconclusive, "\(what) has not been put back yet\(more)")
    case .reverted, .completed, .targetGone, .revertFailed:
        return injection.effective == nil ? Finding(.inconclusive, "the effect of \(what) was not seen\(more)") : nil
    }
}

// MARK: Whether the system did

private func recoveryFindings(_ input: VerdictInput) -> [Finding] {
    let tookEffect = input.injections.contains { $0.effective != nil }
    guard let recovery = input.recovery else {
        return tookEffect ? [Finding(.inconclusive, "nothing was measured")] : []
    }
    guard tookEffect else { return [] }
    var findings = sampleFindings(recovery)
    switch recovery.recovered {
    case true?: break
    case false?:
        let reason = "the steady state did not come back within \(seconds(recovery.notRecoveredForSeconds ?? 0))"
        findings.append(Finding(.fail, reason))
    case nil: findings.append(Finding(.inconclusive, "it is not known whether the steady state came back"))
    }
    findings += objectiveFindings(input.objective, recovery)
    guard input.aborted != nil else { return findings }
    return findings.map { Finding(.inconclusive, $0.reason) }
}

private func sampleFindings(_ recovery: RecoveryReport) -> [Finding] {
    if recovery.probes.isEmpty { return [Finding(.inconclusive, "no probe was measured")] }
    var findings: [Finding] = []
    for probe in recovery.probes {
        if probe.samples - probe.unknown <= 0 {
            findings.append(Finding(.inconclusive, "probe \(probe.name) told nothing"))
        } else if let percent = probe.silentPercent, percent > largestSilentPercent {
            findings.append(
                Finding(.inconclusive, "\(rounded(percent)) % of the attempts of probe \(probe.name) told nothing"))
        }
    }
    return findings
}

// MARK: The objective

private func objectiveFindings(_ objective: ObjectiveSpec?, _ recovery: RecoveryReport) -> [Finding] {
    guard let objective else { return [] }
    var findings: [Finding] = []
    if let limit = objective.timeToRecover, recovery.recovered == true {
        findings += atMost(limit, recovery.timeToRecover, "time to recover")
    }
    if let limit = objective.timeToDetect { findings += atMost(limit, recovery.timeToDetect, "time to detect") }
    if let limit = objective.downtime { findings += atMost(limit, recovery.downtime, "downtime") }
    if let limit = objective.availability { findings += atLeast(limit, recovery.availability) }
    return findings
}

private func atMost(_ limit: WrittenDuration, _ figure: Figure?, _ name: String) -> [Finding] {
    guard let figure else { return [Finding(.inconclusive, "there is no \(name) to hold to the objective")] }
    let most = limit.duration.inSeconds
    if figure.high <= most { return [] }
    let bounds = "\(seconds(figure.low)) to \(seconds(figure.high))"
    if figure.low > most {
        return [Finding(.fail, "the \(name) of \(seconds(figure.seconds)) exceeds the objective of \(limit)")]
    }
    return [Finding(.inconclusive, "the \(name) lies in \(bounds), on both sides of the objective of \(limit)")]
}

private func atLeast(_ least: Double, _ availability: AvailabilityReport?) -> [Finding] {
    guard let availability else { return [Finding(.inconclusive, "there is no availability to hold to the objective")] }
    let attempts = availability.attempts
    if attempts < fewestAttempts {
        let few = "only \(attempts) attempts tell of the availability, and \(fewestAttempts) are needed"
        return [Finding(.inconclusive, few + ": probe more often")]
    }
    if availability.low >= least { return [] }
    if availability.high < least {
        if hangsOnOneAttempt(availability, least) {
            let one = "whether the availability meets the objective of \(least) % hangs on one attempt of \(attempts)"
            return [Finding(.inconclusive, one + ": probe more often")]
        }
        return [
            Finding(.fail, "the availability of \(rounded(availability.percent)) % misses the objective of \(least) %")
        ]
    }
    let bounds = "\(rounded(availability.low)) % to \(rounded(availability.high)) %"
    return [Finding(.inconclusive, "the availability lies in \(bounds), on both sides of the objective of \(least) %")]
}

/// Whether one failure less would meet the objective, where so few attempts were made that the objective allows for not
/// even one. An objective of 100 % allows for none however many there are: one failure then misses it.
private func hangsOnOneAttempt(_ availability: AvailabilityReport, _ least: Double) -> Bool {
    let attempts = Double(availability.attempts)
    guard least < 100, attempts * (100 - least) < 100 else { return false }
    return availability.high + 100 / attempts >= least
}

private func seconds(_ value: Double) -> String { "\(rounded(value)) s" }

/// Three decimals, for people.
private func rounded(_ value: Double) -> Double { (value * 1_000).rounded() / 1_000 }

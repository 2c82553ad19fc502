// SPDX-License-Identifier: Apache-2.0
package import ChaosModel

extension RecoveryReport {
    /// Measures one run. Pure: the same input, in any order and with repeats, gives the same report.
    ///
    /// All figures count from the moment the *first* injection took effect; without one only outages, downtime, probes
    /// and gaps are filled in. `docs/measurement.md` says what each figure means and what its bounds promise. Cost:
    /// sorting the observations, then a few passes over them.
    package init(measuring input: MeasurementInput) {
        let measured = MeasuredRun(input)
        self.init(
            downtime: measured.downtime, outages: measured.outageReports, probes: measured.probeReports,
            gaps: (input.gaps + measured.silences).sorted { $0.from < $1.from }.map {
                MeasurementGap(
                    start: input.anchor.timestamp(of: $0.from), end: input.anchor.timestamp(of: $0.to),
                    reason: $0.reason)
            })
        guard let effect = measured.effect else { return }
        switch measured.recovery {
        case .recovered: recovered = true
        case .notRecovered:
            recovered = false
            notRecoveredForSeconds = max(0, input.watchEnded.since(effect.first.at).inSeconds)
        case .unknown, nil: recovered = nil
        }
        timeToRecover = measured.timeToRecover
        timeToDetect = measured.timeToDetect
        timeToAlarm = measured.timeToAlarm
        availability = measured.availability
        phases = measured.phases
    }
}

/// The input of one report, sorted and looked at once.
struct MeasuredRun {
    let input: MeasurementInput
    let series: [ProbeSeries]
    /// When the first and the last of the injections took effect.
    let effect: (first: BoundedInstant, last: BoundedInstant)?
    let recovery: SteadyState.Recovery?

    init(_ input: MeasurementInput) {
        self.input = input
        let byProbe = Dictionary(grouping: input.observations, by: \.probe)
        series = input.probes.map {
            ProbeSeries(of: $0, in: byProbe[$0.name] ?? [], watchEnded: input.watchEnded)
        }
        let effects = input.injections.compactMap(\.effective)
        guard let first = BoundedInstant.first(of: effects), let last = BoundedInstant.last(of: effects) else {
            (effect, recovery) = (nil, nil)
            return
        }
        effect = (first, last)
        recovery = SteadyState(detectors: series.map(\.detector)).recovery(
            from: first, to: last, stableFor: input.recovery.stableFor.duration, at: input.watchEnded)
    }

    /// The outages that were not over when the first injection took effect; all of them when none did.
    var outagesSinceEffect: [Outage] {
        let all = series.flatMap(\.outages)
        guard let first = effect?.first else { return all }
        return all.filter { ($0.end?.high ?? input.watchEnded) >= first.low }
    }

    /// The start of the period in which the steady state then held; nil when it did not, or never broke.
    var heldSince: BoundedInstant? {
        guard case .recovered(let since?) = recovery else { return nil }
        return since
    }

    /// From the first effect until recovered, or until watching ended.
    var impact: Range<MonotonicInstant>? {
        guard let first = effect?.first else { return nil }
        if let held = heldSince, held.at > first.at { return first.at..<held.at }
        return first.at..<max(first.at, input.watchEnded)
    }

    /// From the first effect until recovered, for what is told as "during": nothing when the steady state never broke,
    /// or was held again by then.
    var broken: Range<MonotonicInstant>? {
        guard let impact, case .recovered = recovery else { return impact }
        guard let held = heldSince, held.at > impact.lowerBound else { return impact.lowerBound..<impact.lowerBound }
        return impact
    }

    /// The longest that the impact may have lasted: where a probe told nothing for so long in the held period that a
    /// whole outage fits, that period may have begun only after it.
    var longestImpact: Range<MonotonicInstant>? {
        guard let impact else { return nil }
        guard let held = heldSince, let blind = series.compactMap({ $0.lastBlindEnd(after: held.high) }).max() else {
            return impact
        }
        return impact.lowerBound..<max(impact.upperBound, blind)
    }
}

// MARK: Times

extension MeasuredRun {
    /// When the steady state never broke this is 0, and `high` the longest break that sampling can have hidden. Where
    /// a probe told nothing for so long that a whole outage fits, the held period may have begun only after that.
    var timeToRecover: Figure? {
        guard let first = effect?.first, case .recovered(let since) = recovery else { return nil }
        let blind = series.compactMap { $0.lastBlindEnd(after: since?.high ?? first.low) }.max()
        if var since {
            since.high = max(since.high, blind ?? since.high)
            return Figure(from: first, to: since)
        }
        let holes = series.map { $0.longestHole(since: first.low, until: input.watchEnded).inSeconds }
        let hidden = blind.map { $0.since(first.low).inSeconds } ?? 0
        return Figure(seconds: 0, low: 0, high: max(holes.max() ?? 0, hidden))
    }

    /// Until the first outage was confirmed, that is until the last of its first `failureThreshold` failures had ended.
    /// An outage that had begun before the injection was not caused by it.
    var timeToDetect: Figure? {
        guard let first = effect?.first else { return nil }
        let caused = outagesSinceEffect.filter { $0.start.high >= first.low }
        return caused.map(\.confirmedAt).min().map { Figure(from: first, to: BoundedInstant(exactly: $0)) }
    }

    /// Until the first named alarm went off: where an alarm probe's outage starts, or an alarm was seen in ALARM.
    var timeToAlarm: Figure? {
        guard let first = effect?.first else { return nil }
        let alarmProbes = input.probes.filter { if case .cloudWatchAlarm = $0.kind { true } else { false } }.map(\.name)
        let probed = outagesSinceEffect.filter { alarmProbes.contains($0.probe) }.map(\.start)
        let seen = input.sightings.compactMap { sighting -> BoundedInstant? in
            guard case .alarm(_, "ALARM") = sighting.fact else { return nil }
            let low = min(sighting.low ?? input.watchBegan, sighting.high)
            return BoundedInstant(at: midpoint(low, sighting.high), low: low, high: sighting.high)
        }
        let after = (probed + seen).filter { $0.high >= first.low }
        return BoundedInstant.first(of: after).map { Figure(from: first, to: $0) }
    }

    /// The time covered by outages, overlaps once. The certain part of an outage is from `start.high` to `end.low`, the
    /// possible part from `start.low` to `end.high`. One that goes on is taken to last until watching ended, and is
    /// certain until its last failure began.
    var downtime: Figure? {
        guard !input.observations.isEmpty else { return nil }
        let outages = outagesSinceEffect.map { (start: $0.start, end: $0.end ?? openEnd(of: $0)) }
        let low = secondsCovered(by: outages.map { ($0.start.high, $0.end.low) })
        let high = secondsCovered(by: outages.map { ($0.start.low, $0.end.high) })
        let best = secondsCovered(by: outages.map { ($0.start.at, $0.end.at) })
        return Figure(seconds: min(max(best, low), high), low: low, high: high)
    }

    private func openEnd(of outage: Outage) -> BoundedInstant {
        let attempts = series.first { $0.spec.name == outage.probe }?.attempts ?? []
        let failed = attempts.last { if case .failure = $0.outcome { true } else { false } }
        return BoundedInstant(
            estimate: input.watchEnded, low: min(failed?.begun ?? outage.start.high, input.watchEnded),
            high: input.watchEnded)
    }

    /// What the service's users got: of the probes that ask the service itself; of all where there are none such. The
    /// bounds are those of the shortest and of the longest impact that there may have been.
    var availability: AvailabilityReport? {
        guard let impact, let longest = longestImpact, var report = availability(during: impact) else { return nil }
        guard longest != impact, let other = availability(during: longest) else { return report }
        report.low = min(report.low, other.low)
        report.high = max(report.high, other.high)
        return report
    }

    private func availability(during period: Range<MonotonicInstant>) -> AvailabilityReport? {
        var counts = AttemptCounts()
        let asking = series.filter { !$0.spec.kind.asksAWS }
        for one in asking.isEmpty ? series : asking { counts += one.counts(during: period) }
        return Measurement.availability(of: counts, objective: input.recovery.objective?.availability)
    }
}

// MARK: Lists

extension MeasuredRun {
    var outageReports: [OutageReport] {
        series.flatMap(\.outages).sorted { ($0.start.at, $0.probe) < ($1.start.at, $1.probe) }.map { outage in
            OutageReport(
                probe: outage.probe, start: outage.start.dated(by: input.anchor),
                end: outage.end?.dated(by: input.anchor),
                duration: outage.end.map { Figure(from: outage.start, to: $0) },
                confirmedAt: input.anchor.timestamp(of: outage.confirmedAt), firstReason: outage.firstReason,
                firstDetail: outage.firstDetail, failedSamples: outage.failedSamples,
                touchesGap: outage.touchesGap || touchesGap(outage))
        }
    }

    /// Stretches in which no probe made an attempt though each had some planned, as when this process got no processor;
    /// the first hundred. Those in which no controller was running are known, and left out.
    var silences: [(from: MonotonicInstant, to: MonotonicInstant, reason: String)] {
        guard let longest = series.map(\.spec.interval).max() else { return [] }
        let made = series.flatMap(\.attempts).filter { if case .missed = $0.outcome { false } else { true } }
        let begun = made.map(\.begun).sorted()
        let stretches = zip(begun, begun.dropFirst()).filter { from, to in
            to.since(from) > longest * 3 && !input.gaps.contains { $0.from < to && $0.to > from }
        }
        return stretches.prefix(100).map { ($0, $1, "no probe made an attempt") }
    }

    /// Whether the controller was not running somewhere between the outer bounds of an outage.
    private func touchesGap(_ outage: Outage) -> Bool {
        let end = outage.end?.high ?? input.watchEnded
        return input.gaps.contains { $0.from < end && $0.to > outage.start.low }
    }

    var probeReports: [ProbeReport] {
        series.map { one in
            var report = one.report
            let never = MonotonicInstant(nanoseconds: .max)
            report.latency = latency(of: one.attempts, during: broken ?? never..<never)
            let counts = one.counts(during: longestImpact ?? never..<never)
            if counts.all > 0 { report.silentPercent = 100 * Double(counts.silent) / Double(counts.all) }
            return report
        }
    }

    var phases: [PhaseReport] {
        guard let first = effect?.first else { return [] }
        let accepted = input.injections.compactMap(\.accepted).min()
        let start = accepted.map { BoundedInstant(exactly: $0) } ?? BoundedInstant(exactly: first.low)
        return Timeline(input: input, start: start, outages: outagesSinceEffect, heldSince: heldSince).phases()
    }
}

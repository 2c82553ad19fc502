// SPDX-License-Identifier: Apache-2.0
internal import ChaosModel

/// The tables of the recovery.
extension RunSummary {
    /// Where the time to recover went, with the share of each phase.
    func phases(_ recovery: RecoveryReport) -> [StyledLine] {
        guard !recovery.phases.isEmpty else { return [] }
        let total = recovery.phases.reduce(0) { $0 + max(0, $1.seconds) }
        var table = TextTable(["PHASE", "TIME", "SHARE", "", "SHOWN BY"], rightAligned: [2])
        for phase in recovery.phases {
            let share = total > 0 ? max(0, phase.seconds) / total : 0
            table.add(
                StyledLine(phase.name), StyledLine(Measures.bounded(phase.seconds, low: phase.low, high: phase.high)),
                StyledLine(Measures.decimal(share * 100, places: 1) + " %"),
                StyledLine(String(repeating: "#", count: Int((share * 20).rounded())), .accent),
                StyledLine(phase.evidence, .dim))
        }
        return [StyledLine("Where the time went", .strong)] + table.lines(indent: 2)
    }

    func outages(_ recovery: RecoveryReport) -> [StyledLine] {
        guard !recovery.outages.isEmpty else { return [] }
        var table = TextTable(["PROBE", "FROM", "UNTIL", "LENGTH", "FAILED", "FIRST REASON"], rightAligned: [4])
        for outage in recovery.outages {
            let reason = outage.firstFailure + (outage.touchesGap ? " (samples are missing here)" : "")
            table.add(
                StyledLine(outage.probe), StyledLine(Measures.timeOfDay(outage.start.at)),
                outage.end.map { StyledLine(Measures.timeOfDay($0.at)) } ?? StyledLine("not ended", .bad),
                StyledLine(outage.duration.map(Measures.figure) ?? "-"), StyledLine("\(outage.failedSamples)"),
                StyledLine(reason))
        }
        return [StyledLine("Outages", .strong)] + table.lines(indent: 2)
    }

    func probes(_ recovery: RecoveryReport) -> [StyledLine] {
        guard !recovery.probes.isEmpty else { return [] }
        var table = TextTable(
            ["PROBE", "EXPECTED", "SAMPLES", "FAILED", "UNKNOWN", "MISSED", "P99 BEFORE", "DURING", "AFTER"],
            rightAligned: [1, 2, 3, 4, 5, 6, 7, 8])
        for probe in recovery.probes {
            let latency = [probe.latency?.before, probe.latency?.during, probe.latency?.after].map { summary in
                StyledLine(summary.map { Measures.milliseconds($0.p99Milliseconds) } ?? "-")
            }
            table.rows.append(
                [
                    StyledLine(probe.name), StyledLine("\(probe.expected)"), StyledLine("\(probe.samples)"),
                    count(probe.failed, .bad), count(probe.unknown, .warning), count(probe.missed, .warning),
                ] + latency)
        }
        return [StyledLine("Probes", .strong)] + table.lines(indent: 2)
    }

    func gaps(_ recovery: RecoveryReport) -> [StyledLine] {
        guard !recovery.gaps.isEmpty else { return [] }
        let lines = recovery.gaps.map { gap in
            let length = Measures.running(gap.end.since(gap.start))
            return StyledLine("  from \(Measures.timeOfDay(gap.start)), \(length): \(gap.reason)", .warning)
        }
        return [StyledLine("Not measured", .strong)] + lines
    }

    private func count(_ number: Int, _ tone: Tone) -> StyledLine {
        StyledLine("\(number)", number > 0 ? tone : .plain)
    }
}

/// What was done, and who was told.
extension RunSummary {
    func injections(_ status: RunStatus) -> [StyledLine] {
        guard !status.injections.isEmpty else { return [] }
        var table = TextTable(["FAULT", "ACTION", "TARGET", "STATE", "EFFECTIVE", "REVERTED", "MESSAGE"])
        for injection in status.injections {
            table.add(
                StyledLine(injection.fault), StyledLine(injection.action), StyledLine(injection.target),
                StyledLine(injection.state.rawValue, InjectionTone.of(injection.state)),
                StyledLine(injection.effectiveAt.map(Measures.timeOfDay) ?? "-"),
                StyledLine(injection.revertedAt.map(Measures.timeOfDay) ?? "-"),
                StyledLine(injection.message ?? ""))
        }
        return [StyledLine("Injections", .strong)] + table.lines(indent: 2)
    }

    func reports(_ status: RunStatus) -> [StyledLine] {
        guard !status.reports.isEmpty else { return [] }
        let delivered = status.reports.count { $0.state == .delivered }
        var lines = [
            StyledLine([Span("Reports", .strong), Span("  \(delivered) of \(status.reports.count) delivered")])
        ]
        let late = status.reports.filter { $0.state != .delivered }
        lines += late.map { report in
            let state = report.state == .pending ? "pending" : "given up"
            let attempts = Counted.text(report.attempts, "attempt")
            let error = report.lastError.map { ": " + $0 } ?? ""
            return StyledLine(
                "  \(report.event.rawValue) to \(report.destination): \(state), \(attempts)\(error)", .warning)
        }
        return lines
    }
}

/// The colour of an injection's state.
enum InjectionTone {
    static func of(_ state: InjectionState) -> Tone {
        switch state {
        case .pending, .reserved, .announced: .dim
        case .armed, .acting, .accepted, .reverting: .accent
        case .effective: .warning
        case .reverted, .completed: .good
        case .refused, .noEffect, .targetGone: .warning
        case .failed, .revertFailed: .bad
        }
    }
}

// SPDX-License-Identifier: Apache-2.0

/// The fields of what was measured.
enum FigureSchema {
    private static let count = SchemaType.integer(0...Int.max)
    private static let line = SchemaType.text(.lines)
    private static let seconds = SchemaType.decimal(.any)

    static let figure = ObjectSchema.reported(
        "Figure", "A measured length of time; the true value lies in low to high.",
        [
            .always("seconds", seconds, "The best estimate, seconds."), .always("low", seconds, "Not less, seconds."),
            .always("high", seconds, "Not more, seconds."),
        ])

    static let moment = ObjectSchema.reported(
        "BoundedTimestamp", "A dated moment; the true moment lies in low to high.",
        [
            .always("at", .timestamp, "The best estimate."), .always("low", .timestamp, "Not earlier."),
            .always("high", .timestamp, "Not later."),
        ])

    static let recovery = ObjectSchema.reported(
        "RecoveryReport", "Everything measured in one run.",
        [
            .maybe(
                "recovered", .boolean, "Whether the steady state came back and held; absent when that is not known."),
            .maybe(
                "timeToRecover", .object(figure),
                "Injection effective to the start of the period in which the steady state then held."),
            .maybe(
                "notRecoveredForSeconds", seconds, "When not recovered: at least this long, seconds (a censored value)."
            ),
            .maybe("timeToDetect", .object(figure), "Injection effective to the first confirmed failure of a probe."),
            .maybe("timeToAlarm", .object(figure), "Injection effective to the first named alarm going off."),
            .maybe("downtime", .object(figure), "The sum of the outages of all probes, overlaps counted once."),
            .maybe("availability", .object(availability), "The share of attempts that succeeded."),
            .always("outages", .list(of: .object(outage), unique: false), "Each outage of each probe."),
            .always("phases", .list(of: .object(phase), unique: false), "Where the time went."),
            .always("probes", .list(of: .object(probe), unique: false), "What became of the attempts of each probe."),
            .always("gaps", .list(of: .object(gap), unique: false), "Stretches in which nothing was measured."),
        ])

    static let availability = ObjectSchema.reported(
        "AvailabilityReport",
        "Percent of attempts that succeeded from the first injection until recovered, of the probes that ask the "
            + "service itself (http, tcp, dns), or of all where there are none such. Unknown and missed "
            + "attempts widen the bounds.",
        [
            .always("percent", seconds, "The best estimate, 0 to 100."),
            .always("low", seconds, "What was not seen counts as failed."),
            .always("high", seconds, "What was not seen counts as succeeded."),
            .always("attempts", count, "The attempts."),
            .maybe(
                "errorBudgetSpentPercent", seconds, "The share of the objective's error budget that was spent, percent."
            ),
        ])

    static let outage = ObjectSchema.reported(
        "OutageReport", "One outage of one probe. One still going on when watching ended has no end.",
        [
            .always("probe", line, "The probe."), .always("start", .object(moment), "Its beginning."),
            .maybe("end", .object(moment), "Its end."), .maybe("duration", .object(figure), "Its length."),
            .always("confirmedAt", .timestamp, "When the failure threshold was reached."),
            .always("firstReason", line, "The stable reason code of the first failure."),
            .maybe("firstDetail", line, "What that failure showed, for people, such as HTTP 503."),
            .always("failedSamples", count, "The failed attempts in it."),
            .always(
                "touchesGap", .boolean,
                "Whether samples are missing in it or at its edges, so that its bounds are wider."),
        ])

    static let phase = ObjectSchema.reported(
        "PhaseReport", "One stretch of the recovery, with the evidence that bounds it.",
        [
            .always(
                "name", line,
                "instanceGone, noticed, replacementLaunched, inService, targetHealthy, probeGood or stable."),
            .always("seconds", seconds, "Its length, seconds."), .always("low", seconds, "Not less."),
            .always("high", seconds, "Not more."), .always("start", .object(moment), "Its beginning."),
            .always("end", .object(moment), "Its end."), .always("evidence", line, "What showed its end."),
        ])

    static let probe = ObjectSchema.reported(
        "ProbeReport", "What became of the planned attempts of one probe.",
        [
            .always("name", line, "The probe."), .always("expected", count, "Attempts planned: samples and missed."),
            .always("samples", count, "Attempts made."), .always("failed", count, "Of these, the failed."),
            .always("unknown", count, "Of these, those that told nothing."),
            .always("missed", count, "Attempts not made."),
            .maybe("latency", .object(latency), "How long successful attempts took."),
        ])

    static let latency = ObjectSchema.reported(
        "LatencyByPeriod", "Latency of successful attempts.",
        [
            .maybe("before", .object(summary), "Before the first injection."),
            .maybe("during", .object(summary), "From then until recovered."),
            .maybe("after", .object(summary), "After that."),
        ])

    static let summary = ObjectSchema.reported(
        "LatencySummary", "Milliseconds, by HdrHistogram with three significant digits.",
        [
            .always("count", count, "The attempts."), .always("p50Milliseconds", seconds, "The median."),
            .always("p90Milliseconds", seconds, "The 90th percentile."),
            .always("p99Milliseconds", seconds, "The 99th percentile."),
            .always("maxMilliseconds", seconds, "The slowest."),
        ])

    static let gap = ObjectSchema.reported(
        "MeasurementGap", "A stretch in which nothing was measured.",
        [
            .always("start", .timestamp, "Its beginning."), .always("end", .timestamp, "Its end."),
            .always("reason", line, "Why."),
        ])
}

/// The fields of a plan.
enum PlanSchema {
    private static let line = SchemaType.text(.lines)
    private static let count = SchemaType.integer(0...Int.max)
    private static let words = SchemaType.list(of: .text(.lines), unique: false)

    static let plan = ObjectSchema.reported(
        "PlanReport", "What a run would do, or does.",
        [
            .always("hash", line, "SHA-256, hex, over faults, chosen targets, limits and undo steps."),
            .always("seed", .unsigned, "The seed of the choice."),
            .always("steps", .list(of: .object(step), unique: false), "Each fault on each target."),
            .always("guards", .list(of: .object(guardResult), unique: false), "Each guard with what it found."),
            .always("selections", .list(of: .object(selection), unique: false), "How the choice came about, by fault."),
            .always("iamActions", words, "The IAM actions that the whole run needs, sorted."),
            .maybe(
                "optIns", .list(of: .object(PolicySchema.optIn), unique: false),
                "The opt-in tags that the targets had to carry, by the policies in force."),
        ])

    static let step = ObjectSchema.reported(
        "PlanStep", "One fault on one target.",
        [
            .always("fault", line, "The fault."), .always("action", line, "The dotted name of the harm."),
            .always("target", .object(target), "The target."), .always("call", line, "The call that will be made."),
            .maybe("undo", line, "How it is undone; absent when it cannot be."),
            .maybe("after", line, "The fault before it."),
        ])

    static let target = ObjectSchema.reported(
        "PlannedTarget", "A chosen target, with the facts that it was chosen by.",
        [
            .always("id", line, "The instance id or group name."), .always("account", line, "The account."),
            .always("region", line, "The region."), .maybe("zone", line, "The zone."),
            .maybe("autoScalingGroup", line, "Its group."),
            .always("targetGroupArns", words, "Where it is registered."),
            .maybe("launchedAt", .timestamp, "When it was launched."), .maybe("name", line, "Its Name tag."),
        ])

    static let guardResult = ObjectSchema.reported(
        "GuardResult", "One guard and what it found.",
        [
            .always("name", line, "A stable word: maxTargets, minHealthy, optIn, …"),
            .always("passed", .boolean, "Whether it lets the run go ahead."),
            .always("message", line, "What it found."),
        ])

    static let selection = ObjectSchema.reported(
        "SelectionReport", "How the choice for one fault came about.",
        [
            .always("fault", line, "The fault."), .always("found", count, "The instances listed."),
            .always("filters", .list(of: .object(filter), unique: false), "What each filter took away."),
            .always("eligible", count, "Those left."), .always("chosen", words, "Those taken."),
        ])

    private static let filter = ObjectSchema.reported(
        "SelectionFilter", "One filter.",
        [
            .always("name", line, "The filter."), .always("removed", count, "How many it took away."),
            .always("examples", words, "Up to five of them."),
        ])
}

// SPDX-License-Identifier: Apache-2.0

/// The fields of an experiment.
enum ExperimentSchema {
    static let spec = ObjectSchema(
        "ExperimentSpec", "What is expected, measured, harmed and limited.",
        fields: [
            FieldSchema(
                "hypothesis", .text(.lines), required: true, "What is expected to happen, in words.",
                example: "The web tier serves through the loss of one instance."),
            FieldSchema(
                "steadyState", .list(of: .object(ProbeSchema.probe), unique: false), required: true,
                "All of these must hold before anything is injected, and again for the system to count as "
                    + "recovered; 1 to 100."
            ),
            FieldSchema(
                "baseline", .object(baseline), "How the steady state is established first. Absent: it must hold for 3s."
            ),
            FieldSchema(
                "gates", .list(of: .object(ProbeSchema.gate), unique: false),
                "Each must pass right before injecting; one that cannot be read counts as failed."),
            FieldSchema(
                "faults", .list(of: .object(FaultSchema.fault), unique: false), required: true,
                "What is done, and to what; 1 to 100."),
            FieldSchema(
                "limits", .object(limits), required: true,
                "The most that may be harmed. Both limits are always written out.",
                example: "{ maxTargets: 1, minHealthy: 2 }"),
            FieldSchema(
                "stopWhen", .list(of: .object(stopCondition), unique: false),
                "Ends the run early, and reverts, when one of these holds."),
            FieldSchema(
                "recovery", .object(recovery), required: true,
                "When the system counts as recovered, and what is asked of the recovery."),
            FieldSchema(
                "reports", .list(of: .object(ReportSchema.report), unique: false),
                "Where events of a run are sent. Absent: nowhere."),
        ])

    static let status = ObjectSchema(
        "ExperimentStatus", "What is known of an experiment from its runs. Written by Rebound.",
        fields: [
            FieldSchema("lastRun", .text(.longName), "The name of the newest run."),
            FieldSchema("lastVerdict", .choice(Verdict.allCases.map(\.rawValue)), "Its verdict."),
        ])

    static let baseline = ObjectSchema(
        "Baseline", "How the steady state is established before anything is harmed.",
        fields: [
            FieldSchema(
                "holdFor", .duration(DurationRange(.zero, .seconds(3_600))), required: true,
                "The steady state must hold without a failed probe for this long, 0s to 1h.", example: "3s"),
            FieldSchema(
                "giveUpAfter", .duration(DurationRange(.seconds(1), .seconds(86_400))),
                "When it has not held this long after watching began, the run ends inconclusive and nothing was "
                    + "injected; longer than holdFor. Absent: one minute more than holdFor."
            ),
        ])

    static let limits = ObjectSchema(
        "Limits", "The most that may be harmed. Both are always written out.",
        fields: [
            FieldSchema(
                "maxTargets", .integer(1...10_000), required: true,
                "At most this many targets over the whole run, retries and restarts included; 1 to 10000.", example: "1"
            ),
            FieldSchema(
                "minHealthy", .integer(0...10_000), required: true,
                "No group is taken below this many healthy members; 0 to 10000. The last healthy member is never "
                    + "taken, whatever is written here.",
                example: "2"),
        ])

    static let stopCondition = ObjectSchema(
        "StopCondition",
        "Ends the run early, and reverts, when a probe of the steady state has been failing for so long.",
        fields: [
            FieldSchema(
                "probe", .text(.name), required: true, "The name of a probe in steadyState.", example: "storefront"),
            FieldSchema(
                "failingFor", .duration(DurationRange(.milliseconds(1), .seconds(86_400))), required: true,
                "How long it must have been failing without a break, 1ms to 1d.", example: "30s"),
        ])

    static let recovery = ObjectSchema(
        "Recovery", "When the system counts as recovered, and what is asked of the recovery.",
        fields: [
            FieldSchema(
                "objective", .object(objective),
                "What the recovery is held to. Absent: recovering before giveUpAfter is enough."),
            FieldSchema(
                "stableFor", .duration(DurationRange(.milliseconds(1), .seconds(86_400))), required: true,
                "The steady state must hold this long for a recovery to count; shorter than giveUpAfter.",
                example: "30s"),
            FieldSchema(
                "giveUpAfter", .duration(DurationRange(.seconds(1), .seconds(7 * 86_400))), required: true,
                "Watching ends this long after the last injection took effect or was put back, whichever was later, "
                    + "recovered or not; 1s to 7d.",
                example: "15m"),
        ])

    private static let objectiveRange = DurationRange(.milliseconds(1), .seconds(7 * 86_400))

    static let objective = ObjectSchema(
        "Objective", "What the recovery is held to; each that is written must be met for a pass.",
        fields: [
            FieldSchema(
                "timeToRecover", .duration(objectiveRange),
                "From the injection's effect until steady state again, at most giveUpAfter.", example: "5m"),
            FieldSchema(
                "timeToDetect", .duration(objectiveRange),
                "From the injection's effect until the first confirmed failure of a probe."),
            FieldSchema(
                "downtime", .duration(DurationRange(.zero, .seconds(7 * 86_400))),
                "The sum of the outages of all probes."),
            FieldSchema(
                "availability", .decimal(DecimalRange(0, 100)),
                "Percent of probe attempts that succeed, from the first injection until recovered; 0 to 100.",
                example: "99.5"),
        ], groups: [FieldGroup(.atLeastOne, ["timeToRecover", "timeToDetect", "downtime", "availability"])])
}

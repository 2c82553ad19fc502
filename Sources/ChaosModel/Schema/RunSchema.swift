// SPDX-License-Identifier: Apache-2.0

/// The fields of runs and injections, as `rebound run -o json` prints them.
enum RunSchema {
    private static let count = SchemaType.integer(0...Int.max)
    private static let line = SchemaType.text(.lines)

    static let spec = ObjectSchema(
        "RunSpec", "What is executed: a pinned copy, so that later edits of the experiment change nothing under way.",
        fields: [
            .always("experiment", .text(.name), "The experiment's name."),
            .always("plan", .object(ExperimentSchema.spec), "The experiment's spec when the run was asked for."),
            .always("seed", .unsigned, "Makes the choice of targets repeatable."),
            .maybe("expectedPlanHash", .text(.line), "The run goes ahead only if planning again gives this hash."),
            .always("requestedBy", .text(.line), "Who asked for it, as far as is known."),
            .maybe(
                "authors", .list(of: .text(.line), unique: false),
                "Who wrote the schedule and the experiment that it was made from. None of them approves it."),
            .maybe("reason", line, "Why, in the operator's words."),
            .maybe("abort", .object(abort), "Asks for the run to end early and revert."),
            .maybe(
                "policies", .list(of: .object(policy), unique: false),
                "Policies of this run alone, which came in its file. They join the stored ones and weaken none."),
            .maybe("approvals", .list(of: .object(approval), unique: false), "Who approved which plan."),
            .maybe(
                "minTimeBetween", .duration(DurationRange(.seconds(60), .seconds(366 * 86_400))),
                "Takes no target that any other run has harmed within this time, 1m to 366d. Set by its schedule."),
        ])

    static let abort = ObjectSchema.reported(
        "AbortRequest", "A request to end a run early.",
        [
            .always("requestedBy", line, "Who asked."), .always("reason", line, "Why."),
            .always("at", .timestamp, "When."),
        ])

    static let policy = ObjectSchema(
        "RunPolicy", "A policy that binds one run.",
        fields: [
            .always("name", .text(.name), "The name it had in the file."),
            .always("spec", .object(PolicySchema.spec), "What it demands."),
        ])

    static let approval = ObjectSchema.reported(
        "Approval", "One person's word that one plan may be carried out.",
        [
            .always("by", line, "Who."), .always("at", .timestamp, "When."),
            .always("planHash", line, "The plan that was approved; another plan needs another approval."),
            .maybe("reason", line, "Why, in their words."),
        ])

    static let status = ObjectSchema.reported(
        "RunStatus", "What is known of a run. Written by Rebound.",
        [
            .always("phase", .choice(RunPhase.allCases.map(\.rawValue)), "The phase; Done is the only final one."),
            .always("phaseSince", .anyMap(of: .timestamp), "When each phase began."),
            .maybe(
                "verdict", .choice(Verdict.allCases.map(\.rawValue)),
                "The outcome. Pass needs positive evidence; missing data is inconclusive."),
            .always(
                "verdictReasons", .list(of: line, unique: false),
                "Why the verdict is what it is, the most important first."),
            .always(
                "undo", .choice(UndoState.allCases.map(\.rawValue)),
                "Whether everything that was changed was put back, as read back from the world."),
            .maybe("startedAt", .timestamp, "When it began."), .maybe("endedAt", .timestamp, "When it ended."),
            .maybe("anchor", .object(anchor), "How monotonic instants were dated."),
            .maybe("plan", .object(PlanSchema.plan), "What it would do, or did: targets, guards, undo, permissions."),
            .always("injections", .list(of: .object(injection), unique: false), "What is known of each injection."),
            .maybe("recovery", .object(FigureSchema.recovery), "Everything measured."),
            .always("timeline", .list(of: .object(event), unique: false), "What happened, in order."),
            .always(
                "reports", .list(of: .object(delivery), unique: false), "What became of each event at each destination."
            ),
            .maybe("aborted", .object(abort), "The request that ended it early."),
            .always("conditions", .list(of: .object(condition), unique: false), "Conditions as in Kubernetes."),
        ])

    static let anchor = ObjectSchema.reported(
        "ClockAnchor", "Joins the monotonic clock of one boot to the wall clock.",
        [
            .always("bootID", line, "The boot whose monotonic clock it is."),
            .always("monotonic", .integer(0...Int.max), "CLOCK_MONOTONIC, nanoseconds."),
            .always("wall", .timestamp, "The wall clock at that instant."),
        ])

    static let injection = ObjectSchema.reported(
        "InjectionReport", "What is known of one injection.",
        [
            .always("name", line, "The injection's name."), .always("fault", line, "The fault's name."),
            .always("action", line, "The dotted name of the harm, such as ec2.terminate."),
            .always("target", line, "The instance id or group name."), .always("region", line, "Where it is."),
            .always("state", .choice(InjectionState.allCases.map(\.rawValue)), "Where it stands."),
            .maybe("acceptedAt", .timestamp, "When the API accepted the call; absent until then."),
            .maybe("effectiveAt", .timestamp, "When the effect was there; absent until it was seen."),
            .maybe("effective", .object(FigureSchema.moment), "The same with its bounds."),
            .maybe("revertedAt", .timestamp, "When it was put back, read back from the world."),
            .maybe("message", line, "What there is to say."),
        ])

    static let event = ObjectSchema.reported(
        "TimelineEvent", "One thing that happened.",
        [
            .always("at", .timestamp, "When."),
            .maybe("low", .timestamp, "Not before this, where the moment is not exact."),
            .maybe("high", .timestamp, "Not after this."),
            .always("type", line, "A stable word: phase, aboutToInject, injected, outageBegan, outageEnded, …"),
            .maybe("subject", line, "The probe, instance or group; absent for the run itself."),
            .always("message", line, "In words."),
        ])

    static let delivery = ObjectSchema.reported(
        "ReportDelivery", "What became of one event at one destination.",
        [
            .always("id", line, "The id, the same over all attempts."),
            .always("event", .choice(ReportEventKind.allCases.map(\.rawValue)), "The event."),
            .always("destination", line, "Where to."),
            .always("state", .choice(["pending", "delivered", "gaveUp"]), "Where it stands."),
            .always("attempts", count, "How often it was tried."),
            .maybe("deliveredAt", .timestamp, "When it arrived."),
            .maybe("lastError", line, "What went wrong last."),
        ])

    static let condition = ObjectSchema.reported(
        "Condition", "One observed fact, with since when and why.",
        [
            .always("type", line, "What it is about."),
            .always("status", .choice(["True", "False", "Unknown"]), "Whether it holds."),
            .always("reason", line, "Why, as one word."), .always("message", line, "Why, in words."),
            .always("lastTransitionTime", .timestamp, "When it changed last."),
        ])

    static let action = ObjectSchema.reported(
        "FaultAction", "The harm itself.",
        [
            .maybe("ec2", .object(FaultSchema.ec2), "Harm through the EC2 API."),
            .maybe("autoScaling", .object(FaultSchema.autoScaling), "Harm through the Auto Scaling API."),
            .maybe("elb", .object(FaultSchema.elb), "Harm through the Elastic Load Balancing API."),
        ], groups: [FieldGroup(.exactlyOne, FaultAction.keys)])

    static let injectionSpec = ObjectSchema.reported(
        "InjectionSpec", "The order: which fault on which target, for which run. Never changes once written.",
        [
            .always("run", line, "The run's name."), .always("fault", line, "The fault's name."),
            .always("action", .object(action), "The harm itself."),
            .always("target", .object(PlanSchema.target), "The chosen target."),
            .maybe(
                "host", .text(.name),
                "The Host whose agent puts the fault in and takes it out; absent where the controller does, "
                    + "by AWS calls."
            ),
            .always(
                "scope",
                .object(
                    .reported(
                        "AWSScope", "Where the calls go and as whom.", [FaultSchema.region, FaultSchema.assumeRole])),
                "Where the calls go and as whom."),
            .maybe("duration", .duration(DurationRange(.zero, .seconds(86_400))), "How long it is held."),
            .always("planHash", line, "The hash of the plan it belongs to."),
        ])

    static let injectionStatus = ObjectSchema.reported(
        "InjectionStatus",
        "What is known of an injection. Instants are CLOCK_MONOTONIC of the run's machine, nanoseconds.",
        [
            .always("state", .choice(InjectionState.allCases.map(\.rawValue)), "Where it stands."),
            .maybe("undo", .object(undo), "What must be put back."),
            .maybe("fencingToken", .integer(0...Int.max), "Counts reservations."),
            .always("attempts", count, "How often the call was made, as far as is known."),
            .maybe("callBegan", count, "When the call began."), .maybe("acceptedAt", count, "When it was accepted."),
            .maybe("effectiveLow", count, "The effect was not there before this."),
            .maybe("effectiveHigh", count, "The effect was there by this."),
            .maybe("revertBegan", count, "When putting back began."),
            .maybe("revertedAt", count, "When it was seen to be back."),
            .always("evidence", .list(of: line, unique: false), "What was seen, in order."),
            .maybe("message", line, "What there is to say."),
            .maybe("requestID", line, "The AWS request id of the acting call."),
        ])

    private static let empty = ObjectSchema.reported("Nothing", "An empty object.", [])

    static let undo = ObjectSchema.reported(
        "UndoRecord", "What must be put back, snapshotted before the act.",
        [
            .maybe("nothing", .object(empty), "There is nothing to put back."),
            .maybe(
                "startInstance",
                .object(.reported("StartInstance", "An instance to start.", [.always("id", line, "Its id.")])),
                "Start it again."),
            .maybe(
                "resumeProcesses",
                .object(
                    .reported(
                        "ResumeProcesses", "Processes to resume.",
                        [
                            .always("group", line, "The group."),
                            .always(
                                "processes", .list(of: line, unique: true),
                                "The processes that were not suspended before."),
                        ])), "Resume them."),
            .maybe(
                "registerTargets",
                .object(
                    .reported(
                        "RegisterTargets", "Targets to register.",
                        [.always("_0", .list(of: .object(registered), unique: false), "The registrations.")])),
                "Register them again."),
        ], groups: [FieldGroup(.exactlyOne, ["nothing", "startInstance", "resumeProcesses", "registerTargets"])])

    private static let registered = ObjectSchema.reported(
        "RegisteredTarget", "One registration of an instance in a target group, as it was.",
        [
            .always("targetGroupArn", line, "The target group."), .always("id", line, "The instance."),
            .maybe("port", .integer(1...65_535), "The port."), .maybe("zone", line, "The zone."),
        ])
}

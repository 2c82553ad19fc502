// SPDX-License-Identifier: Apache-2.0

/// The parts of a manifest that say what is harmed.
enum FaultSchema {
    /// The processes that SuspendProcesses takes (Auto Scaling User Guide, "Types of processes").
    static let processes = [
        "Launch", "Terminate", "AddToLoadBalancer", "AlarmNotification", "AZRebalance", "HealthCheck",
        "InstanceRefresh", "ReplaceUnhealthy", "ScheduledActions",
    ]

    static let region = FieldSchema(
        "region", .text(.region), "The AWS region. Absent: AWS_REGION, then the profile's; none is an error.",
        example: "eu-west-1")

    static let assumeRole = FieldSchema(
        "assumeRole", .object(assumedRole), "A role to take on for these calls. Absent: the controller's own identity.")

    static let assumedRole = ObjectSchema(
        "AssumeRole", "A role to take on, on top of the controller's own credentials.",
        fields: [
            FieldSchema(
                "roleArn", .text(.roleARN), required: true, "The ARN of the role.",
                example: "arn:aws:iam::123456789012:role/chaos"),
            FieldSchema("externalId", .text(.externalID), "The external id that the role's trust policy asks for."),
        ])

    static let fault: ObjectSchema = {
        var schema = ObjectSchema(
            "Fault",
            "One kind of harm, what it is done to, and for how long. Exactly one of ec2, autoScaling and elb "
                + "is written.",
            fields: [
                FieldSchema(
                    "name", .text(.name), required: true, "The fault's name, once in the experiment.",
                    example: "lose-one"),
                FieldSchema(
                    "ec2", .object(ec2), "Harm to instances through the EC2 API.", example: "{ action: terminate }"),
                FieldSchema("autoScaling", .object(autoScaling), "Harm through the Auto Scaling API."),
                FieldSchema("elb", .object(elb), "Harm through the Elastic Load Balancing API."),
                FieldSchema("targets", .object(targets), required: true, "What may be harmed, and how many of it."),
                FieldSchema(
                    "duration", .duration(DurationRange(.milliseconds(1), .seconds(86_400))),
                    "How long the fault is held before it is reverted: 1ms to 1d. Written for ec2 stop, "
                        + "autoScaling suspendProcesses and elb deregister, and only for them.",
                    example: "60s"),
                FieldSchema(
                    "after", .text(.name),
                    "Starts when the named fault has taken effect on all its targets. Absent: at once; faults "
                        + "start together.",
                    example: "lose-one"),
            ], groups: [FieldGroup(.exactlyOne, FaultAction.keys)])
        let agent = "not in this version: this fault needs the agent on the host"
        for key in ["process", "cpu", "memory", "disk", "io", "network", "clock", "host", "service", "dns"] {
            schema.notYet[key] = agent
        }
        return schema
    }()

    static let ec2 = ObjectSchema(
        "EC2Fault", "Harm to instances through the EC2 API.",
        fields: [
            FieldSchema(
                "action", .choice(EC2Action.allCases.map(\.rawValue)), required: true,
                "terminate cannot be undone; stop is undone by starting the instance again; reboot has nothing "
                    + "to undo.",
                example: "terminate")
        ])

    static let autoScaling = ObjectSchema(
        "AutoScalingFault", "Harm through the Auto Scaling API.",
        fields: [
            FieldSchema(
                "action", .choice(["terminate", "suspendProcesses", "detach"]), required: true,
                "terminate ends an instance through its group; suspendProcesses stops the group's own work and "
                    + "resumes it on revert; detach takes an instance out of its group, running, and is not undone.",
                example: "terminate"),
            FieldSchema(
                "decrementDesiredCapacity", .boolean,
                "Whether the group becomes smaller by the lost member instead of replacing it; with terminate "
                    + "and detach only. Absent: false."
            ),
            FieldSchema(
                "processes", .list(of: .choice(processes), unique: true),
                "What is suspended; with suspendProcesses only, and required there.",
                example: "[Launch, ReplaceUnhealthy]"),
        ])

    static let elb = ObjectSchema(
        "ELBFault", "Harm through the Elastic Load Balancing API.",
        fields: [
            FieldSchema(
                "action", .choice(ELBAction.allCases.map(\.rawValue)), required: true,
                "deregister takes instances out of targets.instances.targetGroup and registers them again, "
                    + "with the same port and zone, on revert.",
                example: "deregister")
        ])

    static let targets: ObjectSchema = {
        var schema = ObjectSchema(
            "Targets", "What may be harmed: instances to pick from, or one Auto Scaling group.",
            fields: [
                FieldSchema("instances", .object(instances), "Instances to pick from, with pick beside it."),
                FieldSchema(
                    "autoScalingGroup", .object(group),
                    "The one group whose processes are suspended; for autoScaling suspendProcesses only, and "
                        + "without pick."
                ),
                FieldSchema("pick", .object(pick), "How many of the instances are taken. Required with instances."),
            ], groups: [FieldGroup(.exactlyOne, ["instances", "autoScalingGroup"])])
        schema.notYet["hosts"] = "not in this version: hosts are reached through the agent"
        return schema
    }()

    static let instances = ObjectSchema(
        "InstanceSelector", "Instances for which every written criterion holds.",
        fields: [
            region, assumeRole,
            FieldSchema(
                "ids", .list(of: .text(.instanceID), unique: true), "These instances and no others.",
                example: "[i-0123456789abcdef0]"),
            FieldSchema(
                "tags", .textMap(keys: .tagKey, values: .tagValue),
                "Tags that must all be there with exactly these values; 1 to 50. No wildcards.",
                example: "{ app: web, \"rebound:opt-in\": \"true\" }"),
            FieldSchema("autoScalingGroup", .text(.groupName), "Members of this Auto Scaling group.", example: "web"),
            FieldSchema(
                "targetGroup", .text(.targetGroup), "Targets registered in this target group, by name or ARN.",
                example: "web-tg"),
            FieldSchema(
                "zones", .list(of: .text(.zone), unique: true), "In one of these availability zones. Absent: any.",
                example: "[eu-west-1a]"),
            FieldSchema(
                "states", .list(of: .choice(["running", "stopped"]), unique: true),
                "In one of these states. Absent: running only.", example: "[running]"),
            FieldSchema(
                "warmUp", .duration(DurationRange(.zero, .seconds(7 * 86_400))),
                "Instances younger than this are left alone, 0s to 7d. Absent: the group's default instance "
                    + "warm-up, if it has one.",
                example: "5m"),
        ], groups: [FieldGroup(.atLeastOne, ["ids", "tags", "autoScalingGroup", "targetGroup"])])

    static let group = ObjectSchema(
        "GroupSelector", "One Auto Scaling group by name.",
        fields: [
            FieldSchema("name", .text(.groupName), required: true, "The group's name.", example: "web"), region,
            assumeRole,
        ])

    static let pick = ObjectSchema(
        "Pick", "How many of the selected instances are taken. The choice is random, and repeated by the run's seed.",
        fields: [
            FieldSchema(
                "count", .integer(1...10_000), "Exactly this many, chosen at random; 1 to 10000.", example: "1"),
            FieldSchema(
                "percent", .decimal(DecimalRange(0, 100, excludesLow: true)),
                "This share of the selected, above 0 to 100 percent, rounded down, at least one.", example: "25"),
            FieldSchema("all", .onlyTrue, "Every selected instance; true is the only value."),
            FieldSchema("oldest", .integer(1...10_000), "This many, by launch time from the oldest on; 1 to 10000."),
            FieldSchema("newest", .integer(1...10_000), "This many, by launch time from the newest on; 1 to 10000."),
            FieldSchema(
                "atMost", .integer(1...10_000),
                "Never more than this many, whatever percent or all come to; 1 to 10000.", example: "2"),
            FieldSchema(
                "spread", .choice(["zones"]),
                "zones: take from each availability zone in turn. Absent: no matter where."),
        ], groups: [FieldGroup(.exactlyOne, ["count", "percent", "all", "oldest", "newest"])])
}

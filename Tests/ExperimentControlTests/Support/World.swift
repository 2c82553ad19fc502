// SPDX-License-Identifier: Apache-2.0

/// What there is in a scripted account, and how calls change it.
struct World: Sendable {
    struct Instance: Sendable {
        var state = "running"
        var zone = "eu-west-1a"
        var launched = "2026-03-01T08:00:00Z"
        var tags: [String: String] = ["app": "web", "rebound:opt-in": "true"]
        var group: String?
    }

    struct Group: Sendable {
        var members: [String: (lifecycle: String, health: String)] = [:]
        var suspended: Set<String> = []
        var tags: [String: String] = ["rebound:opt-in": "true"]
        var targetGroups: [String] = []
        var desired = 3
    }

    var account = Sample.account
    var instances: [String: Instance] = [:]
    var groups: [String: Group] = [:]
    /// State by target group, and by `instance:port`.
    var targets: [String: [String: String]] = [:]

    static func targetGroup(_ name: String) -> String {
        "arn:aws:elasticloadbalancing:eu-west-1:\(Sample.account):targetgroup/\(name)/0123456789abcdef"
    }

    static func id(_ number: Int) -> String { "i-" + String(1_000_000_000 + number).replacingOnes }

    /// A group `web` of so many healthy members, in a target group `web` on port 80.
    static func web(_ count: Int) -> World {
        var world = World()
        var group = Group()
        group.targetGroups = [targetGroup("web")]
        for number in 1...count {
            var instance = Instance()
            instance.zone = "eu-west-1" + ["a", "b", "c"][number % 3]
            instance.group = "web"
            world.instances[id(number)] = instance
            group.members[id(number)] = ("InService", "Healthy")
            world.targets[targetGroup("web"), default: [:]][id(number) + ":80"] = "healthy"
        }
        world.groups["web"] = group
        return world
    }

    /// So many instances of their own.
    static func alone(_ count: Int) -> World {
        var world = World()
        for number in 1...count { world.instances[id(number)] = Instance() }
        return world
    }
}

extension String {
    fileprivate var replacingOnes: String { "0" + dropFirst() }
}

// MARK: Calls

extension World {
    mutating func answer(_ call: ReceivedCall) -> String {
        let result: String
        switch call.action {
        case "GetCallerIdentity":
            result =
                "<GetCallerIdentityResult>" + Self.element("Account", account)
                + "<Arn>arn:aws:iam::\(account):user/ada</Arn><UserId>AIDA</UserId></GetCallerIdentityResult>"
        case "DescribeInstances": result = describeInstances(call)
        case "TerminateInstances": result = change(call, to: "shutting-down")
        case "StopInstances": result = change(call, to: "stopping")
        case "StartInstances": result = change(call, to: "running")
        case "RebootInstances", "CreateTags": result = "<return>true</return>"
        case "DescribeAutoScalingGroups": result = describeGroups(call)
        case "DescribeAutoScalingInstances": result = describeMembers(call)
        case "DescribeScalingActivities":
            result = "<DescribeScalingActivitiesResult><Activities/></DescribeScalingActivitiesResult>"
        case "DescribeTargetGroups": result = describeTargetGroups()
        case "DescribeTargetHealth": result = describeTargetHealth(call)
        default: result = act(call)
        }
        return "<\(call.action)Response>\(result)</\(call.action)Response>"
    }

    private mutating func act(_ call: ReceivedCall) -> String {
        let group = call.form["AutoScalingGroupName"] ?? ""
        let arn = call.form["TargetGroupArn"] ?? ""
        switch call.action {
        case "SuspendProcesses": groups[group]?.suspended.formUnion(call.list("ScalingProcesses.member."))
        case "ResumeProcesses": groups[group]?.suspended.subtract(call.list("ScalingProcesses.member."))
        case "DetachInstances":
            for id in call.list("InstanceIds.member.") { groups[group]?.members[id] = nil }
            return "<DetachInstancesResult><Activities/></DetachInstancesResult>"
        case "TerminateInstanceInAutoScalingGroup":
            let id = call.form["InstanceId"] ?? ""
            for name in groups.keys { groups[name]?.members[id]?.lifecycle = "Terminating" }
            instances[id]?.state = "shutting-down"
            return "<TerminateInstanceInAutoScalingGroupResult><Activity><ActivityId>a</ActivityId>"
                + "<AutoScalingGroupName>web</AutoScalingGroupName><StartTime>2026-03-01T12:00:00Z</StartTime>"
                + "<StatusCode>InProgress</StatusCode></Activity></TerminateInstanceInAutoScalingGroupResult>"
        case "DeregisterTargets": for key in targetKeys(call) { targets[arn]?[key] = "draining" }
        case "RegisterTargets": for key in targetKeys(call) { targets[arn, default: [:]][key] = "initial" }
        default: return "<unknown/>"
        }
        return ""
    }

    private func targetKeys(_ call: ReceivedCall) -> [String] {
        var keys: [String] = []
        while let id = call.form["Targets.member.\(keys.count + 1).Id"] {
            keys.append(id + ":" + (call.form["Targets.member.\(keys.count + 1).Port"] ?? "80"))
        }
        return keys
    }

    private mutating func change(_ call: ReceivedCall, to state: String) -> String {
        let items = call.list("InstanceId.").map { id in
            let before = instances[id]?.state ?? "terminated"
            instances[id]?.state = state
            return "<item>" + Self.element("instanceId", id)
                + "<currentState><name>\(state)</name></currentState>"
                + "<previousState><name>\(before)</name></previousState></item>"
        }
        return "<instancesSet>\(items.joined())</instancesSet>"
    }

    static func error(_ code: String) -> String {
        "<Response><Errors><Error><Code>\(code)</Code><Message>said by the test</Message></Error></Errors></Response>"
    }

    static func element(_ name: String, _ text: String) -> String { "<\(name)>\(text)</\(name)>" }
}

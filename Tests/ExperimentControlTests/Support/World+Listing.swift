// SPDX-License-Identifier: Apache-2.0

/// The listings of a scripted account, in AWS's words.
extension World {
    func describeInstances(_ call: ReceivedCall) -> String {
        var wanted: [String]?
        var group: String?
        for number in 1...10 {
            switch call.form["Filter.\(number).Name"] {
            case "instance-id": wanted = call.list("Filter.\(number).Value.")
            case "tag:aws:autoscaling:groupName": group = call.form["Filter.\(number).Value.1"]
            default: break
            }
        }
        let items = instances.sorted { $0.key < $1.key }.filter { id, instance in
            wanted?.contains(id) ?? true && (group == nil || instance.group == group)
        }.map { id, instance in
            var tags = instance.tags
            tags["aws:autoscaling:groupName"] = instance.group
            let tagItems = tags.sorted { $0.key < $1.key }.map {
                "<item><key>\($0.key)</key><value>\($0.value)</value></item>"
            }
            return "<item>" + Self.element("instanceId", id)
                + "<instanceState><name>\(instance.state)</name></instanceState>"
                + Self.element("launchTime", instance.launched)
                + "<placement>\(Self.element("availabilityZone", instance.zone))</placement>"
                + "<tagSet>\(tagItems.joined())</tagSet></item>"
        }
        return "<reservationSet><item><instancesSet>\(items.joined())</instancesSet></item></reservationSet>"
    }

    func describeGroups(_ call: ReceivedCall) -> String {
        let names = call.list("AutoScalingGroupNames.member.")
        let members = groups.sorted { $0.key < $1.key }.filter { names.isEmpty || names.contains($0.key) }
            .map { name, group in
                let members = group.members.sorted { $0.key < $1.key }.map { id, member in
                    "<member>" + Self.element("InstanceId", id)
                        + Self.element("AvailabilityZone", instances[id]?.zone ?? "eu-west-1a")
                        + Self.element("LifecycleState", member.lifecycle)
                        + Self.element("HealthStatus", member.health) + "</member>"
                }
                let suspended = group.suspended.sorted().map { "<member>\(Self.element("ProcessName", $0))</member>" }
                let tags = group.tags.sorted { $0.key < $1.key }.map {
                    "<member>\(Self.element("Key", $0.key))\(Self.element("Value", $0.value))</member>"
                }
                let arns = group.targetGroups.map { Self.element("member", $0) }
                return "<member>" + Self.element("AutoScalingGroupName", name)
                    + "<MinSize>1</MinSize><MaxSize>9</MaxSize>" + Self.element("DesiredCapacity", "\(group.desired)")
                    + "<TargetGroupARNs>\(arns.joined())</TargetGroupARNs>"
                    + "<Instances>\(members.joined())</Instances>"
                    + "<SuspendedProcesses>\(suspended.joined())</SuspendedProcesses>"
                    + "<Tags>\(tags.joined())</Tags></member>"
            }
        return "<DescribeAutoScalingGroupsResult><AutoScalingGroups>\(members.joined())</AutoScalingGroups>"
            + "</DescribeAutoScalingGroupsResult>"
    }

    func describeMembers(_ call: ReceivedCall) -> String {
        let wanted = call.list("InstanceIds.member.")
        let found = groups.sorted { $0.key < $1.key }.flatMap { name, group in
            group.members.filter { wanted.contains($0.key) }.map { id, member in
                "<member>" + Self.element("InstanceId", id) + Self.element("AutoScalingGroupName", name)
                    + "<AvailabilityZone>eu-west-1a</AvailabilityZone>"
                    + Self.element("LifecycleState", member.lifecycle)
                    + Self.element("HealthStatus", member.health) + "</member>"
            }
        }
        return "<DescribeAutoScalingInstancesResult><AutoScalingInstances>\(found.joined())</AutoScalingInstances>"
            + "</DescribeAutoScalingInstancesResult>"
    }

    func describeTargetGroups() -> String {
        let members = targets.keys.sorted().map { arn in
            "<member>" + Self.element("TargetGroupArn", arn)
                + Self.element("TargetGroupName", String(arn.split(separator: "/")[1]))
                + "<TargetType>instance</TargetType></member>"
        }
        return
            "<DescribeTargetGroupsResult><TargetGroups>\(members.joined())</TargetGroups></DescribeTargetGroupsResult>"
    }

    func describeTargetHealth(_ call: ReceivedCall) -> String {
        let found = (targets[call.form["TargetGroupArn"] ?? ""] ?? [:]).sorted { $0.key < $1.key }.map { key, state in
            let parts = key.split(separator: ":")
            return "<member><Target>" + Self.element("Id", String(parts[0])) + Self.element("Port", String(parts[1]))
                + "</Target><TargetHealth>\(Self.element("State", state))</TargetHealth></member>"
        }
        return "<DescribeTargetHealthResult><TargetHealthDescriptions>\(found.joined())</TargetHealthDescriptions>"
            + "</DescribeTargetHealthResult>"
    }
}

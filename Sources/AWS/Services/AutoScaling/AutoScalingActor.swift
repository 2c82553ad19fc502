// SPDX-License-Identifier: Apache-2.0

/// The half of Auto Scaling that changes things.
package struct AutoScalingActor: Sendable {
    let client: AWSClient

    /// Acts with this client's account and region.
    package init(client: AWSClient) { self.client = client }

    /// Ends a member. With `decrementDesiredCapacity` the group gets smaller, without it launches a replacement.
    /// Never repeated after it may have arrived: a second call that decrements would shrink the group again.
    package func terminateInstance(
        _ id: EC2InstanceID, decrementDesiredCapacity: Bool
    ) async throws(AWSError) -> ScalingActivity {
        let action = "TerminateInstanceInAutoScalingGroup"
        var form = try Self.form(action, naming: id)
        form.add("ShouldDecrementDesiredCapacity", decrementDesiredCapacity)
        let call = AWSCall.act(.autoScaling, action, form, .actsOnce)
        return try await client.call(call).value(
            of: call, root: "TerminateInstanceInAutoScalingGroupResponse",
            at: ["TerminateInstanceInAutoScalingGroupResult", "Activity"])
    }

    /// Takes members out of the group and leaves them running. Without `decrementDesiredCapacity` the group launches
    /// replacements. At most 20 at once (AWS). Never repeated after it may have arrived.
    package func detachInstances(
        _ ids: [EC2InstanceID], from group: AutoScalingGroupName, decrementDesiredCapacity: Bool
    ) async throws(AWSError) -> [ScalingActivity] {
        guard !ids.isEmpty, ids.count <= 20 else {
            throw .invalid(
                .autoScaling, "DetachInstances", "\(ids.count) instances were named",
                hint: "Name 1 to 20 instances in one call.")
        }
        var form = QueryForm()
        form.add("AutoScalingGroupName", group.rawValue)
        form.add(list: "InstanceIds.member", ids.map(\.rawValue))
        form.add("ShouldDecrementDesiredCapacity", decrementDesiredCapacity)
        let call = AWSCall.act(.autoScaling, "DetachInstances", form, .actsOnce)
        let shape = ReplyShape(root: "DetachInstancesResponse", list: ["DetachInstancesResult", "Activities"])
        return try await client.call(call).page(of: call, shape).items
    }

    /// Stops the group from doing these things until they are resumed. May be repeated. No process is
    /// `.invalidRequest`: AWS would take it for all of them.
    package func suspendProcesses(
        _ processes: [AutoScalingProcess], of group: AutoScalingGroupName
    ) async throws(AWSError) {
        try await process("SuspendProcesses", processes, group, root: "SuspendProcessesResponse")
    }

    /// Lets the group do these things again. May be repeated. No process is `.invalidRequest`.
    package func resumeProcesses(
        _ processes: [AutoScalingProcess], of group: AutoScalingGroupName
    ) async throws(AWSError) {
        try await process("ResumeProcesses", processes, group, root: "ResumeProcessesResponse")
    }

    /// Tells the group what to believe about a member. With `respectGracePeriod`, not before the group's own grace
    /// period for new members is over. May be repeated.
    package func setHealth(
        _ health: AutoScalingHealth, of id: EC2InstanceID, respectGracePeriod: Bool
    ) async throws(AWSError) {
        var form = try Self.form("SetInstanceHealth", naming: id)
        form.add("HealthStatus", health.awsName)
        form.add("ShouldRespectGracePeriod", respectGracePeriod)
        let call = AWSCall.act(.autoScaling, "SetInstanceHealth", form, .idempotent)
        try await client.call(call).confirm(call, root: "SetInstanceHealthResponse")
    }

    private func process(
        _ action: String, _ processes: [AutoScalingProcess], _ group: AutoScalingGroupName, root: StaticString
    ) async throws(AWSError) {
        guard !processes.isEmpty else {
            throw .invalid(.autoScaling, action, "no process was named", hint: "Name each process.")
        }
        var form = QueryForm()
        form.add("AutoScalingGroupName", group.rawValue)
        form.add(list: "ScalingProcesses.member", processes.map(\.awsName))
        let call = AWSCall.act(.autoScaling, action, form, .idempotent)
        try await client.call(call).confirm(call, root: root)
    }

    private static func form(_ action: String, naming id: EC2InstanceID) throws(AWSError) -> QueryForm {
        guard !id.rawValue.isEmpty else {
            throw .invalid(.autoScaling, action, "the instance id is missing", hint: "Name the instance by its id.")
        }
        var form = QueryForm()
        form.add("InstanceId", id.rawValue)
        return form
    }
}

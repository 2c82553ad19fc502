// SPDX-License-Identifier: Apache-2.0

/// The half of EC2 that changes things. Every call names its instances, and a call without any is `.invalidRequest`
/// and is not sent. A timeout or a cut connection leaves it open what was done: `AWSError.mayHaveActed`.
package struct EC2Actor: Sendable {
    let client: AWSClient

    /// Acts with this client's account and region.
    package init(client: AWSClient) { self.client = client }

    /// Ends these instances for good. May be repeated: an ended instance stays ended. Protected instances make AWS
    /// refuse the call for their zone as a whole, which is `.conflict`.
    package func terminate(_ ids: [EC2InstanceID]) async throws(AWSError) -> [EC2StateChange] {
        try await change("TerminateInstances", EC2Requests.terminate(ids), root: "TerminateInstancesResponse")
    }

    /// Stops these instances, never by hibernation. `force` does not wait for the operating system to end.
    /// May be repeated.
    package func stop(_ ids: [EC2InstanceID], force: Bool) async throws(AWSError) -> [EC2StateChange] {
        try await change("StopInstances", EC2Requests.stop(ids, force: force), root: "StopInstancesResponse")
    }

    /// Starts stopped instances. May be repeated: one that runs stays as it is.
    package func start(_ ids: [EC2InstanceID]) async throws(AWSError) -> [EC2StateChange] {
        try await change("StartInstances", EC2Requests.start(ids), root: "StartInstancesResponse")
    }

    /// Asks these instances to reboot. Each call that arrives is one more reboot, so it is never repeated after it may
    /// have arrived.
    package func reboot(_ ids: [EC2InstanceID]) async throws(AWSError) {
        let form = try EC2Requests.reboot(ids)
        let call = AWSCall.act(.ec2, "RebootInstances", form, .actsOnce)
        try await client.call(call).confirm(call, root: "RebootInstancesResponse")
    }

    /// Gives these instances these tags, replacing values under the same keys. May be repeated.
    package func createTags(_ tags: [AWSTag], on ids: [EC2InstanceID]) async throws(AWSError) {
        let form = try EC2Requests.createTags(tags, on: ids)
        let call = AWSCall.act(.ec2, "CreateTags", form, .idempotent)
        try await client.call(call).confirm(call, root: "CreateTagsResponse")
    }

    private func change(
        _ action: String, _ form: QueryForm, root: StaticString
    ) async throws(AWSError) -> [EC2StateChange] {
        let call = AWSCall.act(.ec2, action, form, .idempotent)
        let shape = ReplyShape(root: root, list: ["instancesSet"], item: ["item"])
        return try await client.call(call).page(of: call, shape).items
    }
}

/// The forms of the acting calls, the same for the call and for its dry run.
enum EC2Requests {
    static func terminate(_ ids: [EC2InstanceID]) throws(AWSError) -> QueryForm {
        try named("TerminateInstances", ids)
    }

    static func stop(_ ids: [EC2InstanceID], force: Bool) throws(AWSError) -> QueryForm {
        var form = try named("StopInstances", ids)
        form.add("Force", force)
        form.add("Hibernate", false)
        return form
    }

    static func start(_ ids: [EC2InstanceID]) throws(AWSError) -> QueryForm { try named("StartInstances", ids) }

    static func reboot(_ ids: [EC2InstanceID]) throws(AWSError) -> QueryForm { try named("RebootInstances", ids) }

    static func createTags(_ tags: [AWSTag], on ids: [EC2InstanceID]) throws(AWSError) -> QueryForm {
        guard !tags.isEmpty else {
            throw .invalid(.ec2, "CreateTags", "no tag was given", hint: "Give at least one tag.")
        }
        var form = try named("CreateTags", ids, as: "ResourceId")
        for (index, tag) in tags.enumerated() {
            form.add("Tag.\(index + 1).Key", tag.key)
            form.add("Tag.\(index + 1).Value", tag.value)
        }
        return form
    }

    private static func named(
        _ action: String, _ ids: [EC2InstanceID], as parameter: String = "InstanceId"
    ) throws(AWSError) -> QueryForm {
        guard !ids.isEmpty, !ids.contains("") else {
            throw .invalid(.ec2, action, "an instance id is missing", hint: "Name each instance by its id.")
        }
        var form = QueryForm()
        form.add(list: parameter, ids.map(\.rawValue))
        return form
    }
}

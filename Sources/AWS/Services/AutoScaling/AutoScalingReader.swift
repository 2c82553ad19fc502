// SPDX-License-Identifier: Apache-2.0

/// A condition on groups: the tag `tag:KEY` has one of `values`, or `tag-key`, `tag-value` do.
package struct AutoScalingFilter: Sendable, Hashable, Codable {
    package var name: String
    package var values: [String]

    /// A filter by AWS's own name for it.
    package init(name: String, values: [String]) { (self.name, self.values) = (name, values) }
}

/// The half of Auto Scaling that changes nothing.
package struct AutoScalingReader: Sendable {
    let client: AWSClient

    /// Reads with this client's account and region.
    package init(client: AWSClient) { self.client = client }

    /// The groups of these names; AWS leaves out names it does not know, so compare. No names, no call, no groups.
    package func describeGroups(_ names: [AutoScalingGroupName]) async throws(AWSError) -> [AutoScalingGroup] {
        var all: [AutoScalingGroup] = []
        for piece in names.pieces(of: 50) {
            var form = QueryForm()
            form.add(list: "AutoScalingGroupNames.member", piece.map(\.rawValue))
            form.add("MaxRecords", 100)
            all += try await client.everyPage(of: .read(.autoScaling, Self.groups.action, form), Self.groups.shape)
        }
        return all
    }

    /// The group of this name; one that AWS does not know is `.notFound`.
    package func describeGroup(_ name: AutoScalingGroupName) async throws(AWSError) -> AutoScalingGroup {
        if let group = try await describeGroups([name]).first(where: { $0.name == name }) { return group }
        throw AWSError(
            code: .notFound, awsCode: nil, message: "there is no group \(name)",
            hint: "Check the group's name, the region and the account.", service: AWSService.autoScaling.signingName,
            action: Self.groups.action, requestID: nil, httpStatus: nil, mayHaveActed: false, cause: nil)
    }

    /// Every group of the account and region for which all `filters` hold.
    package func describeEveryGroup(
        filters: [AutoScalingFilter] = []
    ) async throws(AWSError) -> [AutoScalingGroup] {
        var form = QueryForm()
        for (index, filter) in filters.enumerated() {
            guard !filter.values.isEmpty else {
                throw .invalid(
                    .autoScaling, Self.groups.action, "filter \(filter.name.debugDescription) has no values",
                    hint: "Give each filter at least one value.")
            }
            form.add("Filters.member.\(index + 1).Name", filter.name)
            form.add(list: "Filters.member.\(index + 1).Values.member", filter.values)
        }
        form.add("MaxRecords", 100)
        return try await client.everyPage(of: .read(.autoScaling, Self.groups.action, form), Self.groups.shape)
    }

    /// Which groups these instances belong to and how they do there; those in no group are left out. Asks for 50 at
    /// a time, the most AWS takes.
    package func describeMembers(_ ids: [EC2InstanceID]) async throws(AWSError) -> [AutoScalingMember] {
        var all: [AutoScalingMember] = []
        for piece in ids.pieces(of: 50) {
            var form = QueryForm()
            form.add(list: "InstanceIds.member", piece.map(\.rawValue))
            let call = AWSCall.read(.autoScaling, "DescribeAutoScalingInstances", form)
            all += try await client.everyPage(of: call, Self.members)
        }
        return all
    }

    /// What the group did, newest first, with what is still under way before that. With `since`, everything that
    /// started at or after it or is still under way; without, all that AWS keeps (six weeks). `includeDeleted` also
    /// finds activities of a deleted group of that name.
    package func describeActivities(
        of group: AutoScalingGroupName, since: AWSInstant? = nil, includeDeleted: Bool = false
    ) async throws(AWSError) -> [ScalingActivity] {
        var form = QueryForm()
        form.add("AutoScalingGroupName", group.rawValue)
        if includeDeleted { form.add("IncludeDeletedGroups", true) }
        form.add("MaxRecords", 100)
        let call = AWSCall.read(.autoScaling, "DescribeScalingActivities", form)
        let all: [ScalingActivity] = try await client.everyPage(
            of: call, Self.activities, until: { page in Self.isPast(since, page) })
        guard let since else { return all }
        return all.filter { $0.started >= since || !$0.status.isOver }
    }

    /// AWS sorts activities by their start, newest first, those under way before all. A whole page of finished ones in
    /// that order, all older than `since`, is followed by older ones only.
    private static func isPast(_ since: AWSInstant?, _ page: [ScalingActivity]) -> Bool {
        guard let since, !page.isEmpty, page.allSatisfy({ $0.status.isOver && $0.started < since }) else {
            return false
        }
        return zip(page, page.dropFirst()).allSatisfy { $0.started >= $1.started }
    }

    /// The rules by which the group changes its size.
    package func describePolicies(of group: AutoScalingGroupName) async throws(AWSError) -> [ScalingPolicy] {
        var form = QueryForm()
        form.add("AutoScalingGroupName", group.rawValue)
        form.add("MaxRecords", 100)
        return try await client.everyPage(of: .read(.autoScaling, "DescribePolicies", form), Self.policies)
    }
}

extension AutoScalingReader {
    static let groups = (
        action: "DescribeAutoScalingGroups",
        shape: ReplyShape(
            root: "DescribeAutoScalingGroupsResponse",
            list: ["DescribeAutoScalingGroupsResult", "AutoScalingGroups"],
            ignoring: ["MixedInstancesPolicy", "EnabledMetrics", "LaunchTemplate"], token: "NextToken")
    )
    static let members = ReplyShape(
        root: "DescribeAutoScalingInstancesResponse",
        list: ["DescribeAutoScalingInstancesResult", "AutoScalingInstances"], token: "NextToken")
    static let activities = ReplyShape(
        root: "DescribeScalingActivitiesResponse", list: ["DescribeScalingActivitiesResult", "Activities"],
        token: "NextToken")
    static let policies = ReplyShape(
        root: "DescribePoliciesResponse", list: ["DescribePoliciesResult", "ScalingPolicies"], token: "NextToken")
}

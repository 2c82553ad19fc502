// SPDX-License-Identifier: Apache-2.0

/// The half of Elastic Load Balancing v2 (application, network and gateway load balancers) that changes nothing.
package struct ELBReader: Sendable {
    let client: AWSClient

    /// Reads with this client's account and region.
    package init(client: AWSClient) { self.client = client }

    /// The target groups of these ARNs; one that AWS does not know is `.notFound`. No ARNs, no call, no groups.
    package func describeTargetGroups(_ arns: [TargetGroupARN]) async throws(AWSError) -> [TargetGroup] {
        var all: [TargetGroup] = []
        for piece in arns.pieces(of: 20) {
            var form = QueryForm()
            form.add(list: "TargetGroupArns.member", piece.map(\.rawValue))
            all += try await groups(form)
        }
        return all
    }

    /// The target groups of these names; one that AWS does not know is `.notFound`. No names, no call, no groups.
    package func describeTargetGroups(named names: [String]) async throws(AWSError) -> [TargetGroup] {
        var all: [TargetGroup] = []
        for piece in names.pieces(of: 20) {
            var form = QueryForm()
            form.add(list: "Names.member", piece)
            all += try await groups(form)
        }
        return all
    }

    /// Every target group of the account and region.
    package func describeEveryTargetGroup() async throws(AWSError) -> [TargetGroup] {
        var form = QueryForm()
        form.add("PageSize", 400)
        return try await groups(form)
    }

    private func groups(_ form: QueryForm) async throws(AWSError) -> [TargetGroup] {
        try await client.everyPage(of: .read(.elbv2, "DescribeTargetGroups", form), Self.targetGroups)
    }

    /// How the targets of a group are doing: all that are registered, or just these `targets` (one that is not
    /// registered is answered with `unused`). AWS answers in one piece.
    package func describeTargetHealth(
        of group: TargetGroupARN, targets: [LoadBalancerTarget]? = nil
    ) async throws(AWSError) -> [TargetHealth] {
        if let targets, targets.isEmpty { return [] }
        var form = QueryForm()
        form.add("TargetGroupArn", group.rawValue)
        form.add(targets ?? [])
        let call = AWSCall.read(.elbv2, "DescribeTargetHealth", form)
        return try await client.call(call).page(of: call, Self.targetHealth).items
    }

    static let targetGroups = ReplyShape(
        root: "DescribeTargetGroupsResponse", list: ["DescribeTargetGroupsResult", "TargetGroups"],
        token: "NextMarker", tokenParameter: "Marker")
    static let targetHealth = ReplyShape(
        root: "DescribeTargetHealthResponse", list: ["DescribeTargetHealthResult", "TargetHealthDescriptions"])
}

extension QueryForm {
    /// Adds targets as `Targets.member.N`.
    mutating func add(_ targets: [LoadBalancerTarget]) {
        for (index, target) in targets.enumerated() {
            add("Targets.member.\(index + 1).Id", target.id)
            add("Targets.member.\(index + 1).Port", target.port)
            add("Targets.member.\(index + 1).AvailabilityZone", target.availabilityZone)
        }
    }
}

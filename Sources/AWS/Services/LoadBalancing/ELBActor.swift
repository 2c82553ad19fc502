// SPDX-License-Identifier: Apache-2.0

/// The half of Elastic Load Balancing v2 that changes things.
package struct ELBActor: Sendable {
    let client: AWSClient

    /// Acts with this client's account and region.
    package init(client: AWSClient) { self.client = client }

    /// Sends these targets requests, once they are healthy. May be repeated. No target is `.invalidRequest`.
    package func registerTargets(
        _ targets: [LoadBalancerTarget], in group: TargetGroupARN
    ) async throws(AWSError) {
        try await change("RegisterTargets", targets, group, root: "RegisterTargetsResponse")
    }

    /// Sends these targets no more requests, after what is under way has drained. May be repeated. A target without a
    /// port is taken out of the group on every port. No target is `.invalidRequest`.
    package func deregisterTargets(
        _ targets: [LoadBalancerTarget], from group: TargetGroupARN
    ) async throws(AWSError) {
        try await change("DeregisterTargets", targets, group, root: "DeregisterTargetsResponse")
    }

    private func change(
        _ action: String, _ targets: [LoadBalancerTarget], _ group: TargetGroupARN, root: StaticString
    ) async throws(AWSError) {
        guard !targets.isEmpty else {
            throw .invalid(.elbv2, action, "no target was named", hint: "Name at least one target.")
        }
        var form = QueryForm()
        form.add("TargetGroupArn", group.rawValue)
        form.add(targets)
        let call = AWSCall.act(.elbv2, action, form, .idempotent)
        try await client.call(call).confirm(call, root: root)
    }
}

// SPDX-License-Identifier: Apache-2.0

/// The half of CloudWatch that changes things: it stores measurements.
package struct CloudWatchActor: Sendable {
    let client: AWSClient

    /// Writes with this client's account and region.
    package init(client: AWSClient) { self.client = client }

    /// Stores these measurements under `namespace` (not one of AWS's own, which begin with `AWS/`). Goes out in calls
    /// of at most 500, in order; one that fails ends it, and those before it are stored. A call is never repeated after
    /// it may have arrived, because each adds to the sums. A value that is not finite is `.invalidRequest` and nothing
    /// is sent.
    package func putMetricData(_ data: [MetricDatum], namespace: String) async throws(AWSError) {
        guard !namespace.isEmpty, !namespace.hasPrefix("AWS/") else {
            throw .invalid(
                .cloudWatch, "PutMetricData", "namespace \(namespace.debugDescription) cannot be written to",
                hint: "Choose a namespace of your own, such as Rebound.")
        }
        if let wrong = data.first(where: { !$0.value.isFinite }) {
            throw .invalid(
                .cloudWatch, "PutMetricData", "\(wrong.name) has the value \(wrong.value)",
                hint: "CloudWatch stores finite numbers only; leave this measurement out.")
        }
        for piece in data.pieces(of: 500) {
            var form = QueryForm()
            form.add("Namespace", namespace)
            for (index, datum) in piece.enumerated() { form.add(datum, at: "MetricData.member.\(index + 1)") }
            let call = AWSCall.act(.cloudWatch, "PutMetricData", form, .actsOnce)
            try await client.call(call).confirm(call, root: "PutMetricDataResponse")
        }
    }
}

extension QueryForm {
    fileprivate mutating func add(_ datum: MetricDatum, at prefix: String) {
        add("\(prefix).MetricName", datum.name)
        add(datum.dimensions, at: "\(prefix).Dimensions")
        add("\(prefix).Value", "\(datum.value)")
        add("\(prefix).Unit", datum.unit)
        add("\(prefix).Timestamp", datum.time)
        add("\(prefix).StorageResolution", datum.storageResolutionSeconds)
    }
}

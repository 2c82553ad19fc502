// SPDX-License-Identifier: Apache-2.0

/// Looks at SNS topics.
package struct SNSReader: Sendable {
    let client: AWSClient

    /// Looks with this client's account and region; the topic must be in that region.
    package init(client: AWSClient) { self.client = client }

    /// The topic's ARN as SNS writes it. Throws `.notFound` when there is no such topic. Needs `sns:GetTopicAttributes`
    /// (https://docs.aws.amazon.com/sns/latest/api/API_GetTopicAttributes.html).
    package func find(_ topic: TopicARN) async throws(AWSError) -> TopicARN {
        var form = QueryForm()
        form.add("TopicArn", topic.rawValue)
        let call = AWSCall.read(.sns, "GetTopicAttributes", form)
        let found: TopicAttributes = try await client.call(call).value(
            of: call, root: "GetTopicAttributesResponse", at: ["GetTopicAttributesResult"])
        return TopicARN(rawValue: found.arn)
    }
}

private struct TopicAttributes: XMLDecodable {
    var arn: String

    init(xml: XMLElement) throws(XMLFault) {
        let attributes = try xml.requiredChild("Attributes")
        let entry = attributes.children("entry").first { $0.text("key") == "TopicArn" }
        guard let arn = entry?.text("value") else { throw xml.fault("Attributes", "has no TopicArn") }
        self.arn = arn
    }
}

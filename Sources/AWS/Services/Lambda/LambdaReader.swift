// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials
import HTTPTransport

/// Looks at Lambda functions.
package struct LambdaReader: Sendable {
    let client: AWSClient

    /// Looks with this client's account and region; a function's ARN must be of that region.
    package init(client: AWSClient) { self.client = client }

    /// The state that Lambda writes of the function, `Active` as a rule; nil where it writes none. Throws `.notFound`
    /// when there is no such function. Needs `lambda:GetFunctionConfiguration`
    /// (https://docs.aws.amazon.com/lambda/latest/api/API_GetFunctionConfiguration.html).
    package func state(of function: LambdaFunctionName) async throws(AWSError) -> String? {
        let call = AWSCall(
            service: .lambda, action: "GetFunctionConfiguration",
            payload: .rest(
                method: "GET", path: "/2015-03-31/functions/\(function.rawValue.percentEncoded)/configuration",
                query: [], headers: [], body: []),
            effect: .reads)
        let reply = try await client.call(call)
        do {
            return try JSONDecoder().decode(Configuration.self, from: Data(reply.body)).state
        } catch {
            throw AWSError(
                code: .malformedReply, message: "the configuration of \(function) is not what Lambda writes: \(error)",
                hint: "Check that the endpoint is AWS and no proxy stands between.", service: call.service.signingName,
                action: call.action, requestID: reply.requestID, httpStatus: reply.status, cause: error)
        }
    }

    private struct Configuration: Decodable {
        var state: String?

        private enum CodingKeys: String, CodingKey { case state = "State" }
    }
}

// SPDX-License-Identifier: Apache-2.0

/// Whose credentials these are.
package struct CallerIdentity: Sendable, Hashable, Codable {
    /// Twelve digits.
    package var account: String
    package var arn: String
    package var userID: String

    /// Of these facts, as AWS would tell them.
    package init(account: String, arn: String, userID: String) {
        self.account = account
        self.arn = arn
        self.userID = userID
    }
}

extension CallerIdentity: XMLDecodable {
    init(xml: XMLElement) throws(XMLFault) {
        account = try xml.required("Account")
        arn = try xml.required("Arn")
        userID = try xml.required("UserId")
    }
}

/// STS as a reader uses it: it tells who we are. Sessions of roles are the credential chain's business.
package struct STSClient: Sendable {
    let client: AWSClient

    /// Asks with this client's credentials.
    package init(client: AWSClient) { self.client = client }

    /// Whose credentials the client signs with. Needs no permission; AWS answers every valid key.
    package func callerIdentity() async throws(AWSError) -> CallerIdentity {
        let call = AWSCall.read(.sts, "GetCallerIdentity", QueryForm())
        return try await client.call(call).value(
            of: call, root: "GetCallerIdentityResponse", at: ["GetCallerIdentityResult"])
    }
}

// SPDX-License-Identifier: Apache-2.0

/// Credentials that STS gave for a time.
package struct STSSession: Sendable, Hashable {
    package var accessKeyID: String
    package var secretAccessKey: String
    package var sessionToken: String
    package var expiration: AWSInstant
    /// The ARN of the role's session.
    package var assumedRoleARN: String?

    /// Of these facts, as AWS would tell them.
    package init(
        accessKeyID: String, secretAccessKey: String, sessionToken: String, expiration: AWSInstant,
        assumedRoleARN: String? = nil
    ) {
        self.accessKeyID = accessKeyID
        self.secretAccessKey = secretAccessKey
        self.sessionToken = sessionToken
        self.expiration = expiration
        self.assumedRoleARN = assumedRoleARN
    }
}

extension STSSession: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// Names the key, never the secret or the token.
    package var description: String { "STSSession(\(accessKeyID), until \(expiration))" }
    /// The same.
    package var debugDescription: String { description }
    /// Shows a mirror, and with it `dump`, the same.
    package var customMirror: Mirror { Mirror(self, children: ["accessKeyID": accessKeyID]) }
}

/// The forms and answers of STS as values: the credential chain sends them itself, before there is a client.
package enum STSProtocol {
    /// The parameters of AssumeRole, without `Action` and `Version`.
    package static func assumeRoleForm(
        roleARN: String, sessionName: String, externalID: String? = nil, durationSeconds: Int? = nil,
        serialNumber: String? = nil, tokenCode: String? = nil
    ) -> [(name: String, value: String)] {
        var form = QueryForm()
        form.add("RoleArn", roleARN)
        form.add("RoleSessionName", sessionName)
        form.add("ExternalId", externalID)
        form.add("DurationSeconds", durationSeconds)
        form.add("SerialNumber", serialNumber)
        form.add("TokenCode", tokenCode)
        return form.parameters
    }

    /// The parameters of AssumeRoleWithWebIdentity, which is sent unsigned.
    package static func assumeRoleWithWebIdentityForm(
        roleARN: String, sessionName: String, token: String, durationSeconds: Int? = nil
    ) -> [(name: String, value: String)] {
        var form = QueryForm()
        form.add("RoleArn", roleARN)
        form.add("RoleSessionName", sessionName)
        form.add("WebIdentityToken", token)
        form.add("DurationSeconds", durationSeconds)
        return form.parameters
    }

    /// Reads the answer to AssumeRole; throws `.malformedReply`.
    package static func parseAssumeRole(_ reply: AWSReply) throws(AWSError) -> STSSession {
        try reply.value(
            of: .read(.sts, "AssumeRole", QueryForm()), root: "AssumeRoleResponse", at: ["AssumeRoleResult"]
        )
    }

    /// Reads the answer to AssumeRoleWithWebIdentity; throws `.malformedReply`.
    package static func parseAssumeRoleWithWebIdentity(_ reply: AWSReply) throws(AWSError) -> STSSession {
        try reply.value(
            of: .read(.sts, "AssumeRoleWithWebIdentity", QueryForm()),
            root: "AssumeRoleWithWebIdentityResponse", at: ["AssumeRoleWithWebIdentityResult"])
    }
}

extension STSSession: XMLDecodable {
    /// Reads the `…Result` element of either call.
    init(xml: XMLElement) throws(XMLFault) {
        let credentials = try xml.requiredChild("Credentials")
        accessKeyID = try credentials.required("AccessKeyId")
        secretAccessKey = try credentials.required("SecretAccessKey")
        sessionToken = try credentials.required("SessionToken")
        expiration = try credentials.requiredTime("Expiration")
        assumedRoleARN = xml.child("AssumedRoleUser")?.text("Arn")
    }
}

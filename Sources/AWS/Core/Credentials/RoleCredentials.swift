// SPDX-License-Identifier: Apache-2.0

/// A role to take on, with what its trust policy may demand.
package struct AWSRole: Sendable, Hashable {
    package var arn: String
    package var externalID: String?
    /// Appears in CloudTrail as the last part of the caller's ARN.
    package var sessionName: String
    /// Between 900 and what the role permits; nil for AWS's hour.
    package var durationSeconds: Int?

    package init(arn: String, externalID: String?, sessionName: String, durationSeconds: Int? = nil) {
        self.arn = arn
        self.externalID = externalID
        self.sessionName = sessionName
        self.durationSeconds = durationSeconds
    }

    /// The session name of everyone who gives none.
    package static let usualSessionName = "rebound"

    /// Throws `.invalidConfiguration` where AWS would refuse the value (STS API reference, AssumeRole).
    func check(_ origin: String) throws(AWSError) {
        let parts = arn.split(separator: ":", maxSplits: 5, omittingEmptySubsequences: false)
        guard parts.count == 6, parts[0] == "arn", parts[2] == "iam", parts[5].hasPrefix("role/") else {
            throw invalid(origin, "role_arn", arn, "Write arn:aws:iam::<account>:role/<name>.")
        }
        let isName = sessionName.utf8.allSatisfy { byte in
            (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
                || "_+=,.@-".utf8.contains(byte)
        }
        guard (2...64).contains(sessionName.utf8.count), isName else {
            throw invalid(origin, "role_session_name", sessionName, "Use 2 to 64 letters, digits or _+=,.@-")
        }
        if let durationSeconds, !(900...43_200).contains(durationSeconds) {
            throw invalid(origin, "duration_seconds", String(durationSeconds), "Use 900 to 43200 seconds.")
        }
    }

    private func invalid(_ origin: String, _ key: String, _ value: String, _ hint: String) -> AWSError {
        AWSError(
            code: .invalidConfiguration, message: "\(origin): \(key) is \"\(value)\", which AWS refuses.", hint: hint,
            service: "credentials", action: key)
    }
}

/// Exchanges something for the keys of a role at the Security Token Service.
struct RoleExchange: Sendable {
    let context: AWSContext
    let settings: AWSSettings
    let region: String?
    /// For error messages and `AWSCredentials.source`.
    let source: String

    /// AssumeRole, signed with the keys of `base`.
    func assume(_ role: AWSRole, base: any CredentialProvider) async throws(AWSError) -> AWSCredentials {
        let fields = STSProtocol.assumeRoleForm(
            roleARN: role.arn, sessionName: role.sessionName, externalID: role.externalID,
            durationSeconds: role.durationSeconds)
        let call = AWSCall(service: .sts, action: "AssumeRole", payload: .form(fields), effect: .reads)
        return try await exchange(call, role, base, STSProtocol.parseAssumeRole)
    }

    /// AssumeRoleWithWebIdentity, which the token itself authenticates.
    func assume(_ role: AWSRole, webIdentityToken token: String) async throws(AWSError) -> AWSCredentials {
        let fields = STSProtocol.assumeRoleWithWebIdentityForm(
            roleARN: role.arn, sessionName: role.sessionName, token: token, durationSeconds: role.durationSeconds)
        var call = AWSCall(
            service: .sts, action: "AssumeRoleWithWebIdentity", payload: .form(fields), effect: .reads)
        call.authentication = .anonymous
        call.secrets = [token]
        return try await exchange(call, role, NoKeys(), STSProtocol.parseAssumeRoleWithWebIdentity)
    }

    private func exchange(
        _ call: AWSCall, _ role: AWSRole, _ base: any CredentialProvider,
        _ parse: (AWSReply) throws(AWSError) -> STSSession
    ) async throws(AWSError) -> AWSCredentials {
        try role.check(source)
        let region = try settings.region(given: region)
        let client = try context.client(region: region, settings: settings, credentials: base)
        let session: STSSession
        do throws(AWSError) {
            session = try parse(try await client.call(call))
        } catch {
            throw named(error, role)
        }
        let account = session.assumedRoleARN?
            .split(separator: ":", omittingEmptySubsequences: false).dropFirst(4).first.map(String.init)
        return AWSCredentials(
            accessKeyID: session.accessKeyID, secretAccessKey: session.secretAccessKey,
            sessionToken: session.sessionToken, expiration: session.expiration, source: source, accountID: account)
    }

    /// Says which role of which provider was refused; AWS's own text alone does not.
    private func named(_ error: AWSError, _ role: AWSRole) -> AWSError {
        var error = error
        error.message = "Credentials from \(source): \(role.arn) was not assumed: \(error.message)"
        if error.code == .accessDenied {
            error.hint = "Check the role's trust policy, its external id and the caller's sts:AssumeRole permission."
        }
        return error
    }
}

/// For calls that are not signed.
struct NoKeys: CredentialProvider {
    func credentials() async throws(AWSError) -> AWSCredentials {
        throw AWSError(
            code: .noCredentials, message: "This call is made without credentials.", hint: "", service: "credentials",
            action: "none")
    }
}

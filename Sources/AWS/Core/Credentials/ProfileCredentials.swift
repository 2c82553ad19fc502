// SPDX-License-Identifier: Apache-2.0

/// What a profile of the shared files says: a role (by another profile, by another source or by a web identity token),
/// IAM Identity Center, keys, or a program that prints keys; looked for in this order.
struct ProfileCredentials: CredentialSource {
    let context: AWSContext
    let settings: AWSSettings
    let region: String?

    var name: String { "profile \(settings.profileName)" }

    func find() async throws(AWSError) -> CredentialFinding {
        guard let profile = settings.profile else {
            return .notConfigured(
                "there is no profile \(settings.profileName) in \(settings.config.paths.joined(separator: " or "))")
        }
        return try await find(profile, chain: [])
    }

    /// `chain` names the profiles that led here.
    private func find(_ profile: AWSProfile, chain: [String]) async throws(AWSError) -> CredentialFinding {
        if profile["role_arn"] != nil, chain.last != profile.name {
            return .found(try await role(profile, chain: chain + [profile.name]))
        }
        if let source = other(profile) { return try await source.find() }
        guard profile["aws_access_key_id"] != nil || profile["aws_secret_access_key"] != nil else {
            return .notConfigured("the profile \(profile.name) has no credentials")
        }
        return .found(try keys(profile))
    }

    /// Identity Center goes first; a program is asked only where there are no keys.
    private func other(_ profile: AWSProfile) -> (any CredentialSource)? {
        if profile["sso_session"] != nil || profile["sso_start_url"] != nil || profile["sso_account_id"] != nil {
            return SSOCredentials(context: context, settings: settings, profile: profile)
        }
        guard profile["aws_access_key_id"] == nil, profile["aws_secret_access_key"] == nil,
            let command = profile["credential_process"]
        else { return nil }
        return ProcessCredentials(context: context, profile: profile, command: command)
    }

    private func keys(_ profile: AWSProfile) throws(AWSError) -> AWSCredentials {
        guard let key = profile["aws_access_key_id"], let secret = profile["aws_secret_access_key"] else {
            throw broken(
                "the profile \(profile.name) has only one of aws_access_key_id and aws_secret_access_key.",
                hint: "Write both.")
        }
        return AWSCredentials(
            accessKeyID: key, secretAccessKey: secret, sessionToken: profile["aws_session_token"], expiration: nil,
            source: "profile \(profile.name)", accountID: profile["aws_account_id"])
    }

    private func role(_ profile: AWSProfile, chain: [String]) async throws(AWSError) -> AWSCredentials {
        let source = "profile \(profile.name) (assumed role)"
        let exchange = RoleExchange(
            context: context, settings: settings, region: region ?? profile["region"], source: source)
        let role = AWSRole(
            arn: profile["role_arn"] ?? "", externalID: profile["external_id"],
            sessionName: profile["role_session_name"] ?? AWSRole.usualSessionName,
            durationSeconds: try duration(profile))
        guard profile["mfa_serial"] == nil else {
            throw broken(
                "the profile \(profile.name) wants a code from \(profile["mfa_serial"] ?? "") (mfa_serial).",
                hint: "Nobody can type one here. Use aws sts assume-role with --token-code, and give us its keys.")
        }
        switch (profile["source_profile"], profile["credential_source"], profile["web_identity_token_file"]) {
        case (.some(let name), nil, nil):
            return try await exchange.assume(role, base: try await base(name, of: profile, chain: chain))
        case (nil, .some(let name), nil):
            return try await exchange.assume(role, base: try await base(source: name, of: profile))
        case (nil, nil, .some(let file)):
            let token = try context.environment.secret(inFile: file, of: source)
            return try await exchange.assume(role, webIdentityToken: token)
        default:
            throw broken(
                "the profile \(profile.name) has role_arn, and not exactly one of source_profile, credential_source "
                    + "and web_identity_token_file.", hint: "Say with one of them whose keys assume the role.")
        }
    }

    private func duration(_ profile: AWSProfile) throws(AWSError) -> Int? {
        guard let text = profile["duration_seconds"] else { return nil }
        guard let seconds = Int(text) else {
            throw broken(
                "duration_seconds of the profile \(profile.name) is \"\(text)\".", hint: "Use 900 to 43200 seconds.")
        }
        return seconds
    }

    /// A profile may name itself: its own keys assume its role.
    private func base(
        _ name: String, of profile: AWSProfile, chain: [String]
    ) async throws(AWSError) -> StaticCredentials {
        guard let next = settings.config.profiles[name] else {
            throw broken(
                "source_profile of \(profile.name) is \(name), and there is no such profile.",
                hint: "Write it, or name another.")
        }
        guard name == profile.name || !chain.contains(name) else {
            throw broken(
                "source_profile goes round in a circle: \((chain + [name]).joined(separator: " -> ")).",
                hint: "Let the last profile hold keys.")
        }
        switch try await find(next, chain: chain) {
        case .found(let credentials): return StaticCredentials(credentials)
        case .notConfigured(let reason):
            throw broken("source_profile of \(profile.name): \(reason).", hint: "Give that profile credentials.")
        }
    }

    private func base(source name: String, of profile: AWSProfile) async throws(AWSError) -> StaticCredentials {
        let source: any CredentialSource
        switch name {
        case "Environment": source = EnvironmentCredentials(environment: context.environment)
        case "EcsContainer": source = ContainerCredentials(context: context)
        case "Ec2InstanceMetadata": source = InstanceCredentials(context: context, settings: settings)
        default:
            throw broken(
                "credential_source of \(profile.name) is \"\(name)\".",
                hint: "Use Environment, EcsContainer or Ec2InstanceMetadata.")
        }
        switch try await source.find() {
        case .found(let credentials): return StaticCredentials(credentials)
        case .notConfigured(let reason):
            throw broken("credential_source of \(profile.name) is \(name), but \(reason).", hint: "Set that up.")
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import AWS

@Suite("credentials of profiles")
struct ProfileCredentialsTests {
    private static let config = """
        [default]
        region = eu-west-1
        [profile keys]
        aws_access_key_id = AKIAKEYS
        aws_secret_access_key = s
        aws_session_token = t
        [profile role]
        role_arn = arn:aws:iam::111122223333:role/first
        source_profile = keys
        external_id = ext-1
        role_session_name = drill
        duration_seconds = 1800
        [profile chain]
        role_arn = arn:aws:iam::111122223333:role/second
        source_profile = role
        [profile itself]
        role_arn = arn:aws:iam::111122223333:role/own
        source_profile = itself
        aws_access_key_id = AKIAITSELF
        aws_secret_access_key = s
        [profile environment]
        role_arn = arn:aws:iam::111122223333:role/env
        credential_source = Environment
        [profile web]
        role_arn = arn:aws:iam::111122223333:role/web
        web_identity_token_file = /token
        [profile a]
        role_arn = arn:aws:iam::111122223333:role/a
        source_profile = b
        [profile b]
        role_arn = arn:aws:iam::111122223333:role/b
        source_profile = c
        [profile c]
        role_arn = arn:aws:iam::111122223333:role/c
        source_profile = a
        [profile lost]
        role_arn = arn:aws:iam::111122223333:role/x
        source_profile = nobody
        [profile alone]
        role_arn = arn:aws:iam::111122223333:role/x
        [profile twice]
        role_arn = arn:aws:iam::111122223333:role/x
        source_profile = keys
        credential_source = Environment
        [profile wrongsource]
        role_arn = arn:aws:iam::111122223333:role/x
        credential_source = Elsewhere
        [profile mfa]
        role_arn = arn:aws:iam::111122223333:role/x
        source_profile = keys
        mfa_serial = arn:aws:iam::111122223333:mfa/op
        [profile badarn]
        role_arn = first
        source_profile = keys
        [profile badname]
        role_arn = arn:aws:iam::111122223333:role/x
        source_profile = keys
        role_session_name = has space
        [profile badtime]
        role_arn = arn:aws:iam::111122223333:role/x
        source_profile = keys
        duration_seconds = 5
        [profile forbidden]
        role_arn = arn:aws:iam::111122223333:role/forbidden
        source_profile = keys
        [profile empty]
        region = eu-west-1
        [profile sourceempty]
        role_arn = arn:aws:iam::111122223333:role/x
        source_profile = empty
        """

    private let clock = ManualAWSClock(skipping: true)
    private let sts: ScriptedSTS

    init() {
        sts = ScriptedSTS(clock: clock)
    }

    private func chain(_ profile: String, _ more: [String: String] = [:]) throws -> CredentialChain {
        let files = MemoryFiles(["/home/op/.aws/config": Self.config, "/token": "jwt"])
        let environment = files.environment(
            ["AWS_PROFILE": profile, "AWS_REGION": "eu-west-1", "AWS_ENDPOINT_URL_STS": sts.url].merging(more) { $1 })
        return CredentialChain(
            context: .test(environment, clock: clock), settings: try AWSSettings(environment: environment))
    }

    @Test("keys of a profile are handed out with their token")
    func keys() async throws {
        let credentials = try await chain("keys").credentials()
        #expect(credentials.accessKeyID == "AKIAKEYS")
        #expect(credentials.sessionToken == "t")
        #expect(credentials.source == "profile keys")
    }

    @Test("a role is assumed with the source profile's keys, its external id, session name and duration")
    func role() async throws {
        let credentials = try await chain("role").credentials()
        #expect(credentials.accessKeyID == "ASIA-first-1")
        #expect(credentials.source == "profile role (assumed role)")
        let request = try #require(sts.requests.first)
        #expect(request.signer == "AKIAKEYS")
        #expect(request.headers["x-amz-security-token"] == "t")
        #expect(request.form["ExternalId"] == "ext-1")
        #expect(request.form["RoleSessionName"] == "drill")
        #expect(request.form["DurationSeconds"] == "1800")
    }

    @Test("roles chain: each is assumed with the keys of the one before")
    func roleChain() async throws {
        #expect(try await chain("chain").credentials().accessKeyID == "ASIA-second-2")
        #expect(sts.requests.map(\.signer) == ["AKIAKEYS", "ASIA-first-1"])
        #expect(sts.requests.map { $0.form["RoleSessionName"] } == ["drill", "rebound"])
    }

    @Test("a profile may assume its role with its own keys")
    func itself() async throws {
        #expect(try await chain("itself").credentials().accessKeyID == "ASIA-own-1")
        #expect(sts.requests.map(\.signer) == ["AKIAITSELF"])
    }

    @Test("credential_source takes the environment's keys")
    func credentialSource() async throws {
        let files = MemoryFiles(["/home/op/.aws/config": Self.config])
        let environment = files.environment([
            "AWS_ACCESS_KEY_ID": "AKIAENV", "AWS_SECRET_ACCESS_KEY": "s", "AWS_REGION": "eu-west-1",
            "AWS_ENDPOINT_URL_STS": sts.url,
        ])
        let settings = try AWSSettings(environment: environment, profile: "environment")
        let chain = CredentialChain(context: .test(environment, clock: clock), settings: settings)
        #expect(try await chain.credentials().accessKeyID == "ASIA-env-1")
        #expect(sts.requests.map(\.signer) == ["AKIAENV"])
    }

    @Test("a profile's web identity token is exchanged unsigned")
    func webIdentity() async throws {
        #expect(try await chain("web").credentials().accessKeyID == "ASIA-web-1")
        #expect(sts.requests.first?.form["WebIdentityToken"] == "jwt")
    }

    @Test(
        "a profile that cannot work says why, and no call is made",
        arguments: [
            ("a", "circle: a -> b -> c -> a"), ("lost", "there is no such profile"),
            ("alone", "not exactly one of source_profile"), ("twice", "not exactly one of source_profile"),
            ("wrongsource", "is \"Elsewhere\""), ("mfa", "mfa_serial"), ("badarn", "role_arn is \"first\""),
            ("badname", "role_session_name is \"has space\""), ("badtime", "duration_seconds is \"5\""),
            ("sourceempty", "the profile empty has no credentials"),
        ])
    func refuses(profile: String, reason: String) async throws {
        let chain = try chain(profile)
        let error = try #require(try await awsError { try await chain.credentials() })
        #expect(error.code == .invalidConfiguration)
        #expect(error.message.contains(reason), "\(error.message)")
        #expect(sts.requests.isEmpty)
    }

    @Test("a role that may not be assumed is an error with its ARN and AWS's words")
    func forbidden() async throws {
        let chain = try chain("forbidden")
        let error = try #require(try await awsError { try await chain.credentials() })
        #expect(error.code == .accessDenied)
        #expect(error.message.contains("arn:aws:iam::111122223333:role/forbidden was not assumed: may not assume"))
        #expect(error.hint.contains("trust policy"))
    }

    @Test("a profile without credentials is passed over, so that an instance's role can serve")
    func empty() async throws {
        let imds = MetadataTests.imds(clock: clock)
        let chain = try chain("empty", ["AWS_EC2_METADATA_SERVICE_ENDPOINT": imds.url()])
        #expect(try await chain.credentials().accessKeyID == "ASIAROLE")
    }

    @Test("a target's own role is assumed with the chain's keys, external id and all, and renewed")
    func targetRole() async throws {
        let files = MemoryFiles([:])
        let environment = files.environment(["AWS_ENDPOINT_URL_STS": sts.url])
        let role = AWSRole(arn: "arn:aws:iam::444455556666:role/chaos", externalID: "x-9", sessionName: "run-1")
        let provider = AssumedRoleCredentials(
            context: .test(environment, clock: clock), settings: try AWSSettings(environment: environment),
            region: "eu-west-3", role: role, base: StaticCredentials(.example))
        #expect(try await provider.credentials().accessKeyID == "ASIA-chaos-1")
        #expect(try await provider.credentials().accessKeyID == "ASIA-chaos-1")
        clock.advance(by: .seconds(3_600))
        #expect(try await provider.credentials().accessKeyID == "ASIA-chaos-2")
        #expect(sts.requests[0].form["ExternalId"] == "x-9")
        #expect(sts.requests[0].headers["authorization"]?.contains("/eu-west-3/sts/") == true)
    }
}

// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import AWS

@Suite("the credential chain")
struct CredentialChainTests {
    /// Closed at once, so that the metadata service counts as absent.
    private static let nobody = ["AWS_EC2_METADATA_DISABLED": "true"]

    private func chain(
        _ variables: [String: String], files: [String: String] = [:], profile: String? = nil,
        clock: ManualAWSClock = ManualAWSClock(skipping: true)
    ) throws -> CredentialChain {
        let environment = MemoryFiles(files).environment(
            variables.merging(Self.nobody) { given, _ in given })
        let settings = try AWSSettings(environment: environment, profile: profile)
        return CredentialChain(context: .test(environment, clock: clock), settings: settings)
    }

    @Test("nothing set up: the error lists each place with why it was passed over")
    func nothing() async throws {
        let chain = try chain([:])
        let error = try #require(try await awsError { try await chain.credentials() })
        #expect(error.code == .noCredentials)
        for part in [
            "environment: AWS_ACCESS_KEY_ID is not set", "web identity: AWS_WEB_IDENTITY_TOKEN_FILE is not set",
            "profile default: there is no profile default in /home/op/.aws/config or /home/op/.aws/credentials",
            "container: AWS_CONTAINER_CREDENTIALS_RELATIVE_URI and AWS_CONTAINER_CREDENTIALS_FULL_URI are not set",
            "instance metadata (IMDSv2): AWS_EC2_METADATA_DISABLED is true",
        ] {
            #expect(error.message.contains(part), "\(part) in \(error.message)")
        }
    }

    @Test("every place wins over those behind it, in AWS's order")
    func order() async throws {
        let clock = ManualAWSClock(skipping: true)
        let sts = ScriptedSTS(clock: clock)
        let container = ScriptedHTTP { _, _ in .answer(200, MetadataTests.keys("ASIACONTAINER", clock: clock)) }
        let imds = MetadataTests.imds(clock: clock)
        var variables = [
            "AWS_ACCESS_KEY_ID": "AKIAENV", "AWS_SECRET_ACCESS_KEY": "s", "AWS_REGION": "eu-west-1",
            "AWS_WEB_IDENTITY_TOKEN_FILE": "/token", "AWS_ROLE_ARN": "arn:aws:iam::111122223333:role/web",
            "AWS_ENDPOINT_URL_STS": sts.url, "AWS_CONTAINER_CREDENTIALS_FULL_URI": container.url("/keys"),
            "AWS_EC2_METADATA_DISABLED": "false", "AWS_EC2_METADATA_SERVICE_ENDPOINT": imds.url(),
        ]
        var files = [
            "/token": "jwt\n",
            "/home/op/.aws/credentials": "[default]\naws_access_key_id = AKIAPROFILE\naws_secret_access_key = s\n",
        ]
        var found: [String] = []
        for remove in [
            ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"], ["AWS_WEB_IDENTITY_TOKEN_FILE"], ["profile"],
            ["AWS_CONTAINER_CREDENTIALS_FULL_URI"], [],
        ] {
            found.append(try await chain(variables, files: files, clock: clock).credentials().accessKeyID)
            for name in remove { variables[name] = nil }
            if remove == ["profile"] { files["/home/op/.aws/credentials"] = nil }
        }
        #expect(found == ["AKIAENV", "ASIA-web-1", "AKIAPROFILE", "ASIACONTAINER", "ASIAROLE"])
    }

    @Test(
        "a place that is set up and broken is an error that names it, and nothing behind it is tried",
        arguments: [
            (["AWS_ACCESS_KEY_ID": "A"], "environment", "AWS_SECRET_ACCESS_KEY is missing"),
            (["AWS_SECRET_ACCESS_KEY": "A"], "environment", "AWS_ACCESS_KEY_ID is missing"),
            (
                ["AWS_ACCESS_KEY_ID": "A", "AWS_SECRET_ACCESS_KEY": "s", "AWS_CREDENTIAL_EXPIRATION": "soon"],
                "environment", "is no time"
            ),
            (["AWS_WEB_IDENTITY_TOKEN_FILE": "/t"], "web identity", "AWS_ROLE_ARN is not"),
            (
                ["AWS_WEB_IDENTITY_TOKEN_FILE": "/t", "AWS_ROLE_ARN": "arn:aws:iam::1:role/x"], "web identity",
                "the token file /t does not exist"
            ),
            (
                ["AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://example.com/keys"], "container",
                "names example.com without TLS"
            ),
            (["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "keys"], "container", "does not begin with a slash"),
            (["AWS_PROFILE": "half"], "profile half", "only one of aws_access_key_id and aws_secret_access_key"),
            (
                ["AWS_EC2_METADATA_DISABLED": "0", "AWS_EC2_METADATA_SERVICE_ENDPOINT": "ftp://x"], "IMDSv2",
                "no http(s) URL"
            ),
        ] as [([String: String], String, String)])
    func broken(variables: [String: String], place: String, reason: String) async throws {
        let chain = try chain(variables, files: ["/home/op/.aws/config": "[profile half]\naws_access_key_id = A\n"])
        let error = try #require(try await awsError { try await chain.credentials() })
        #expect(error.code == .invalidConfiguration)
        #expect(error.message.contains(place), "\(error.message)")
        #expect(error.message.contains(reason), "\(error.message)")
        #expect(!error.hint.isEmpty)
    }

    @Test("a profile asked for in code goes before the environment's keys, and nothing else is tried")
    func profileInCode() async throws {
        let files = [
            "/home/op/.aws/config":
                "[profile a]\naws_access_key_id = AKIAPROFILE\naws_secret_access_key = s\n[profile b]\n"
        ]
        let keys = ["AWS_ACCESS_KEY_ID": "AKIAENV", "AWS_SECRET_ACCESS_KEY": "s"]
        #expect(try await chain(keys, files: files, profile: "a").credentials().accessKeyID == "AKIAPROFILE")
        let empty = try chain(keys, files: files, profile: "b")
        let error = try #require(try await awsError { try await empty.credentials() })
        #expect(error.code == .noCredentials)
    }

    @Test("web identity sends the token unsigned, with the session's name, and reads it anew at each renewal")
    func webIdentity() async throws {
        let clock = ManualAWSClock(skipping: true)
        let sts = ScriptedSTS(clock: clock)
        let files = MemoryFiles(["/token": "jwt-1"])
        let environment = files.environment([
            "AWS_WEB_IDENTITY_TOKEN_FILE": "/token", "AWS_ROLE_ARN": "arn:aws:iam::111122223333:role/web",
            "AWS_ROLE_SESSION_NAME": "pod-7", "AWS_REGION": "eu-west-1", "AWS_ENDPOINT_URL": sts.url,
        ])
        let chain = CredentialChain(
            context: .test(environment, clock: clock), settings: try AWSSettings(environment: environment))
        let first = try await chain.credentials()
        #expect(first.sessionToken == "TOKEN-web")
        #expect(first.accountID == "111122223333")
        files["/token"] = "jwt-2"
        clock.advance(by: .seconds(3_600))
        #expect(try await chain.credentials().accessKeyID == "ASIA-web-2")
        #expect(sts.requests.map { $0.form["WebIdentityToken"] } == ["jwt-1", "jwt-2"])
        #expect(sts.requests[0].form["RoleSessionName"] == "pod-7")
        #expect(sts.requests[0].form["Action"] == "AssumeRoleWithWebIdentity")
    }

    @Test("keys without an expiry are found once; renewals ask only the place that gave keys first")
    func staysWithItsPlace() async throws {
        let clock = ManualAWSClock(skipping: true)
        let container = ScriptedHTTP { _, number in
            number == 1 ? .answer(200, MetadataTests.keys("ASIA1", clock: clock)) : .answer(404, "")
        }
        let imds = MetadataTests.imds(clock: clock)
        let chain = try chain(
            [
                "AWS_CONTAINER_CREDENTIALS_FULL_URI": container.url("/"), "AWS_EC2_METADATA_DISABLED": "false",
                "AWS_EC2_METADATA_SERVICE_ENDPOINT": imds.url(),
            ], clock: clock)
        _ = try await chain.credentials()
        clock.advance(by: .seconds(7_200))
        let error = try #require(try await awsError { try await chain.credentials() })
        #expect(error.message.contains("container"))
        #expect(imds.requests.isEmpty)
    }
}

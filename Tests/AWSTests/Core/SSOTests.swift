// SPDX-License-Identifier: Apache-2.0
import Digests
import FoundationEssentials
import Testing

@testable import AWS

@Suite("IAM Identity Center")
struct SSOTests {
    private static let config = """
        [profile dev]
        sso_session = corp
        sso_account_id = 111122223333
        sso_role_name = Chaos
        [profile old]
        sso_start_url = https://corp.example/start
        sso_region = eu-west-2
        sso_account_id = 111122223333
        sso_role_name = Chaos
        [profile nosession]
        sso_session = gone
        sso_account_id = 1
        sso_role_name = x
        [profile norole]
        sso_session = corp
        sso_account_id = 1
        [sso-session corp]
        sso_region = eu-west-2
        sso_start_url = https://corp.example/start
        """

    private let clock = ManualAWSClock(skipping: true)
    private let files = MemoryFiles(["/home/op/.aws/config": SSOTests.config])

    private func path(_ key: String) throws -> String {
        try #require(SSOTokenCache.path(for: key, files.environment([:])))
    }

    private func cache(token: String = "ACCESS-OLD", minutes: Int64, refresh: Bool, registered: Int64 = 90) -> String {
        let now = clock.now().seconds
        let more =
            refresh
            ? ",\"clientId\":\"cid\",\"clientSecret\":\"CLIENTSECRET\",\"refreshToken\":\"REFRESH-OLD\","
                + "\"registrationExpiresAt\":\"\(AWSInstant(seconds: now + registered * 86_400).iso8601)\","
                + "\"extra\":[1,true]"
            : ""
        return "{\"startUrl\":\"u\",\"region\":\"eu-west-2\",\"accessToken\":\"\(token)\","
            + "\"expiresAt\":\"\(AWSInstant(seconds: now + minutes * 60).iso8601)\"\(more)}"
    }

    /// Portal and token service in one.
    private func server(refuses: Bool = false) -> ScriptedHTTP {
        let expiration = (clock.now().seconds + 3_600) * 1_000
        return ScriptedHTTP { request, _ in
            if request.headers["authorization"] != nil { return .answer(400, "signed") }
            if request.target == "/token" {
                return request.body.contains("\"refresh_token\"") && request.body.contains("REFRESH-OLD") && !refuses
                    ? .answer(
                        200, "{\"accessToken\":\"ACCESS-NEW\",\"expiresIn\":3600,\"refreshToken\":\"REFRESH-NEW\"}")
                    : .answer(400, "{\"error\":\"invalid_grant\",\"error_description\":\"no REFRESH-OLD\"}")
            }
            let token = request.headers["x-amz-sso_bearer_token"] ?? ""
            guard request.target == "/federation/credentials?role_name=Chaos&account_id=111122223333",
                token.hasPrefix("ACCESS"), !refuses
            else { return .answer(401, "{\"message\":\"Session token \(token) not found or invalid\"}") }
            return .answer(
                200,
                "{\"roleCredentials\":{\"accessKeyId\":\"ASIASSO\",\"secretAccessKey\":\"SSOSECRET\","
                    + "\"sessionToken\":\"SSOTOKEN\",\"expiration\":\(expiration)}}")
        }
    }

    private func chain(_ profile: String, _ server: ScriptedHTTP) throws -> CredentialChain {
        let environment = files.environment(["AWS_ENDPOINT_URL": server.url()])
        return CredentialChain(
            context: .test(environment, clock: clock),
            settings: try AWSSettings(environment: environment, profile: profile))
    }

    @Test("a session's token, and a legacy start URL's, give the role's keys", arguments: ["dev", "old"])
    func keys(profile: String) async throws {
        let server = server()
        files[try path(profile == "dev" ? "corp" : "https://corp.example/start")] = cache(minutes: 60, refresh: false)
        let credentials = try await chain(profile, server).credentials()
        #expect(credentials.accessKeyID == "ASIASSO")
        #expect(credentials.accountID == "111122223333")
        #expect(credentials.expiration == AWSInstant(seconds: clock.now().seconds + 3_600))
        #expect(server.requests.map { $0.headers["x-amz-sso_bearer_token"] } == ["ACCESS-OLD"])
    }

    @Test("the cache file's name is the SHA-1 that AWS's own tools use")
    func cacheName() throws {
        #expect(try path("my-sso").hasSuffix("/" + Hex.text(SHA1.digest(Array("my-sso".utf8))) + ".json"))
        // The published vector of FIPS 180 for "abc".
        #expect(Hex.text(SHA1.digest(Array("abc".utf8))) == "a9993e364706816aba3e25717850c26c9cd0d89d")
    }

    @Test("a token about to expire is renewed, and the file keeps what is not ours", arguments: [Int64(4), -10])
    func renews(minutes: Int64) async throws {
        let server = server()
        files[try path("corp")] = cache(minutes: minutes, refresh: true)
        _ = try await chain("dev", server).credentials()
        #expect(server.requests.map(\.target).first == "/token")
        #expect(server.requests.last?.headers["x-amz-sso_bearer_token"] == "ACCESS-NEW")
        let written = try #require(SSOTokenCache(path: "", Array((files[try path("corp")] ?? "").utf8)))
        #expect(written.accessToken == "ACCESS-NEW")
        #expect(written.members["refreshToken"] == .string("REFRESH-NEW"))
        #expect(written.members["extra"] == .array([.integer(1), .bool(true)]))
        #expect(written.expiresAt == AWSInstant(seconds: clock.now().seconds + 3_600))
    }

    @Test("a renewal that fails costs nothing while the old token holds")
    func renewalFails() async throws {
        let server = ScriptedHTTP { [self] request, _ in
            request.target == "/token" ? .answer(400, "{\"error\":\"invalid_grant\"}") : good(request)
        }
        files[try path("corp")] = cache(minutes: 4, refresh: true)
        #expect(try await chain("dev", server).credentials().accessKeyID == "ASIASSO")
    }

    private func good(_ request: ReceivedRequest) -> ScriptedAnswer {
        .answer(
            200,
            "{\"roleCredentials\":{\"accessKeyId\":\"ASIASSO\",\"secretAccessKey\":\"SSOSECRET\","
                + "\"sessionToken\":\"SSOTOKEN\",\"expiration\":\((clock.now().seconds + 60) * 1_000)}}")
    }

    @Test("who has to log in again is told so, with the profile; no token is ever shown")
    func loginNeeded() async throws {
        for content in [
            nil, "", "{}", cache(minutes: -1, refresh: false), cache(minutes: -1, refresh: true, registered: -1),
            cache(minutes: -1, refresh: true), cache(minutes: 60, refresh: true),
        ] {
            files[try path("corp")] = content
            let chain = try chain("dev", server(refuses: true))
            let error = try #require(try await awsError { try await chain.credentials() })
            #expect(error.code == .expiredCredentials, "\(content ?? "no file")")
            #expect(error.hint == "Run aws sso login --profile dev.")
            for secret in ["ACCESS-OLD", "REFRESH-OLD", "CLIENTSECRET"] {
                #expect(!"\(error)\(String(describing: error.cause))".contains(secret))
            }
        }
    }

    @Test(
        "a profile with something missing says what",
        arguments: [("nosession", "[sso-session gone]"), ("norole", "sso_role_name")])
    func incomplete(profile: String, missing: String) async throws {
        let chain = try chain(profile, server())
        let error = try #require(try await awsError { try await chain.credentials() })
        #expect(error.code == .invalidConfiguration)
        #expect(error.message.contains(missing))
    }
}

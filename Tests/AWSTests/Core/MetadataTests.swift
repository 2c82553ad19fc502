// SPDX-License-Identifier: Apache-2.0
import HTTPTransport
import Logging
import Synchronization
import TestSupport
import Testing

@testable import AWS

@Suite("container and instance metadata")
struct MetadataTests {
    /// The document of a metadata service; keys last an hour.
    static func keys(_ id: String, clock: ManualAWSClock, lifetime: Int64 = 3_600) -> String {
        let end = AWSInstant(seconds: clock.now().seconds + lifetime).iso8601
        return """
            {"Code":"Success","LastUpdated":"x","Type":"AWS-HMAC","AccessKeyId":"\(id)","SecretAccessKey":"METASECRET",
            "Token":"METATOKEN","Expiration":"\(end)"}
            """
    }

    /// IMDSv2: no answer without a token it gave; each token is good for `uses` requests, then it is unknown.
    static func imds(clock: ManualAWSClock, uses: Int = .max) -> ScriptedHTTP {
        let tokens = Mutex<[String: Int]>([:])
        return ScriptedHTTP { request, number in
            if request.method == "PUT", request.target == "/latest/api/token" {
                guard request.headers["x-aws-ec2-metadata-token-ttl-seconds"] == "21600" else {
                    return .answer(400, "")
                }
                tokens.withLock { $0["token-\(number)"] = uses }
                return .answer(200, "token-\(number)")
            }
            let isKnown = tokens.withLock { tokens in
                guard let token = request.headers["x-aws-ec2-metadata-token"], let left = tokens[token], left > 0 else {
                    return false
                }
                tokens[token] = left - 1
                return true
            }
            guard isKnown else { return .answer(401, "") }
            switch request.target {
            case "/latest/meta-data/iam/security-credentials/": return .answer(200, "chaos role\n")
            case "/latest/meta-data/iam/security-credentials/chaos%20role":
                return .answer(200, keys("ASIAROLE", clock: clock))
            default: return .answer(404, "")
            }
        }
    }

    private let clock = ManualAWSClock(skipping: true)

    private func instance(_ url: String, _ more: [String: String] = [:]) throws -> InstanceCredentials {
        let environment = MemoryFiles([:]).environment(
            ["AWS_EC2_METADATA_SERVICE_ENDPOINT": url].merging(more) { $1 })
        return InstanceCredentials(
            context: .test(environment, clock: clock), settings: try AWSSettings(environment: environment))
    }

    private func container(_ variables: [String: String], agent: String = "http://169.254.170.2")
        -> ContainerCredentials
    {
        let files = MemoryFiles(["/token": "Basic abc\n"])
        return ContainerCredentials(context: .test(files.environment(variables), clock: clock), agent: agent)
    }

    private func found(_ source: any CredentialSource) async throws -> AWSCredentials {
        switch try await source.find() {
        case .found(let credentials): return credentials
        case .notConfigured(let reason): throw AWSFileError(path: source.name, reason: reason)
        }
    }

    @Test("IMDSv2 gives the role's keys to who fetches a token first; the token is kept")
    func instanceRole() async throws {
        let server = Self.imds(clock: clock)
        let source = try instance(server.url())
        let credentials = try await found(source)
        #expect(credentials.accessKeyID == "ASIAROLE")
        #expect(credentials.sessionToken == "METATOKEN")
        #expect(credentials.expiration == AWSInstant(seconds: clock.now().seconds + 3_600))
        _ = try await found(source)
        #expect(server.requests.map(\.method) == ["PUT", "GET", "GET", "GET", "GET"])
    }

    @Test("a token the service no longer knows (401) is replaced, once")
    func tokenRenewed() async throws {
        let server = Self.imds(clock: clock, uses: 3)
        let source = try instance(server.url())
        _ = try await found(source)
        _ = try await found(source)
        #expect(server.requests.map(\.method) == ["PUT", "GET", "GET", "GET", "GET", "PUT", "GET"])
    }

    @Test("a service without tokens is refused: version 1 is never used", arguments: [403, 404, 405, 200])
    func neverVersion1(status: Int) async throws {
        let server = ScriptedHTTP { request, _ in
            request.method == "PUT" ? .answer(status, "") : .answer(200, Self.keys("ASIAV1", clock: ManualAWSClock()))
        }
        let source = try instance(server.url())
        let error = try #require(try await awsError { try await source.find() })
        #expect(error.code == .accessDenied)
        #expect(error.hint.contains("version 1 is not used"))
        #expect(server.requests.allSatisfy { $0.method == "PUT" })
    }

    @Test("nobody there, or no role: passed over with the reason")
    func absent() async throws {
        let nobody = UnusedPort()
        guard case .notConfigured(let reason) = try await instance(nobody.url).find() else {
            Issue.record("keys from nobody")
            return
        }
        #expect(reason.contains("nothing answers at"))
        let noRole = ScriptedHTTP { request, _ in request.method == "PUT" ? .answer(200, "t") : .answer(404, "") }
        guard case .notConfigured("the instance has no role") = try await instance(noRole.url()).find() else {
            Issue.record("keys without a role")
            return
        }
    }

    @Test("a packet filter that swallows everything costs the connect timeout of a second, not more")
    func swallowed() async throws {
        let silent = FullListener()
        let start = SystemAWSClock().monotonicNanoseconds()
        guard case .notConfigured = try await instance("http://127.0.0.1:\(silent.port)").find() else {
            Issue.record("keys from nobody")
            return
        }
        #expect(MetadataFetcher.timeouts.connect == .seconds(1))
        #expect(SystemAWSClock().monotonicNanoseconds() - start >= 1_000_000_000)
    }

    @Test("a service that fails for a moment is asked again; one that keeps failing is an error")
    func transient() async throws {
        let server = ScriptedHTTP { request, number in
            if number == 1 { return .reset }
            if number == 2 { return .answer(503, "") }
            if request.method == "PUT" { return .answer(200, "t") }
            return request.target.hasSuffix("/")
                ? .answer(200, "r") : .answer(200, Self.keys("ASIAOK", clock: ManualAWSClock()))
        }
        #expect(try await found(try instance(server.url())).accessKeyID == "ASIAOK")
        #expect(clock.slept == [.milliseconds(100), .milliseconds(200)])
        let broken = ScriptedHTTP { request, _ in request.method == "PUT" ? .answer(200, "t") : .answer(500, "") }
        let source = try instance(broken.url())
        #expect(try await awsError { try await source.find() }?.code == .serviceUnavailable)
    }

    @Test(
        "an answer that is no set of keys is an error that does not repeat it",
        arguments: [
            "", "{", "[]", "{\"Code\":\"Failed\",\"SecretAccessKey\":\"METASECRET\"}",
            "{\"AccessKeyId\":\"A\",\"SecretAccessKey\":\"METASECRET\",\"Token\":\"t\"}",
            "{\"AccessKeyId\":\"A\",\"SecretAccessKey\":\"METASECRET\",\"Token\":\"t\",\"Expiration\":\"METASECRET\"}",
            "{\"AccessKeyId\":7,\"SecretAccessKey\":\"METASECRET\"}", "{\"SecretAccessKey\":\"METASECRET\"}",
        ])
    func rubbish(body: String) async throws {
        let server = ScriptedHTTP { _, _ in .answer(200, body) }
        let source = container(["AWS_CONTAINER_CREDENTIALS_FULL_URI": server.url("/")])
        let error = try #require(try await awsError { try await source.find() })
        #expect(error.code == .malformedReply)
        #expect(!"\(error) \(String(reflecting: error))".contains("METASECRET"))
    }

    @Test("a container's endpoint gets the authorization token; a token file goes before, and is read anew")
    func containerToken() async throws {
        let server = ScriptedHTTP { request, _ in
            request.headers["authorization"]?.isEmpty == false
                ? .answer(200, Self.keys("ASIACONTAINER", clock: ManualAWSClock())) : .answer(403, "")
        }
        let base = ["AWS_CONTAINER_CREDENTIALS_FULL_URI": server.url("/keys?x=1")]
        let variables = base.merging(["AWS_CONTAINER_AUTHORIZATION_TOKEN": "direct"]) { $1 }
        #expect(try await found(container(variables)).accessKeyID == "ASIACONTAINER")
        let both = variables.merging(["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": "/token"]) { $1 }
        _ = try await found(container(both))
        #expect(server.requests.map { $0.headers["authorization"] } == ["direct", "Basic abc"])
        #expect(server.requests.allSatisfy { $0.target == "/keys?x=1" })
        let bare = container(base)
        #expect(try await awsError { try await bare.find() }?.code == .accessDenied)
    }

    @Test("a token with a line break is refused before anything is sent")
    func smuggling() async throws {
        let server = ScriptedHTTP { _, _ in .answer(200, "") }
        let source = container([
            "AWS_CONTAINER_CREDENTIALS_FULL_URI": server.url("/"), "AWS_CONTAINER_AUTHORIZATION_TOKEN": "a\r\nHost: b",
        ])
        #expect(try await awsError { try await source.find() }?.code == .invalidConfiguration)
        #expect(server.requests.isEmpty)
    }

    @Test("a relative URI belongs to the ECS agent")
    func relative() async throws {
        let server = ScriptedHTTP { _, _ in .answer(200, Self.keys("ASIATASK", clock: ManualAWSClock())) }
        let source = container(["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/v2/credentials/x"], agent: server.url())
        #expect(try await found(source).accessKeyID == "ASIATASK")
        #expect(server.requests.map(\.target) == ["/v2/credentials/x"])
        #expect(ContainerCredentials(context: source.context).agent == "http://169.254.170.2")
    }

    @Test(
        "plain HTTP is for near hosts only",
        arguments: [
            ("127.0.0.1", true), ("127.9.9.9", true), ("localhost", true), ("::1", true), ("169.254.170.2", true),
            ("169.254.170.23", true), ("fd00:ec2::23", true), ("169.254.169.254", false), ("127.0.0.1.evil.com", false),
            ("127.1", false), ("10.0.0.1", false), ("localhost.evil.com", false), ("::2", false),
        ])
    func near(host: String, isNear: Bool) {
        #expect(ContainerCredentials.isNear(host) == isNear)
    }
}

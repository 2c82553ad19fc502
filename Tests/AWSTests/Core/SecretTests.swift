// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials
import HTTPTransport
import Logging
import Synchronization
import Testing

@testable import AWS

@Suite("secrets stay secret")
struct SecretTests {
    private static let secret = "wJalrXUtnFEMI+K7MDENG"

    /// Everything a careless line of code could print of a value.
    private static func prints(_ value: Any) -> String {
        var dumped = ""
        dump(value, to: &dumped)
        return "\(value) \(String(reflecting: value)) \(dumped) \(Mirror(reflecting: value).children.map { "\($0)" })"
    }

    private static func values() throws -> [Any] {
        var keys = AWSCredentials.example
        keys.secretAccessKey = secret
        keys.sessionToken = secret
        let ini = "[profile p]\naws_access_key_id = A\naws_secret_access_key = \(secret)\n"
        let files = MemoryFiles(["/home/op/.aws/config": ini])
        let environment = files.environment([
            "AWS_SECRET_ACCESS_KEY": secret, "AWS_CONTAINER_AUTHORIZATION_TOKEN": secret,
        ])
        let settings = try AWSSettings(environment: environment, profile: "p")
        let context = AWSContext.test(environment)
        var call = AWSCall(service: .sts, action: "X", payload: .form([("WebIdentityToken", secret)]), effect: .reads)
        call.secrets = [secret]
        let json = Array("{\"AccessKeyId\":\"A\",\"SecretAccessKey\":\"\(secret)\",\"accessToken\":\"\(secret)\"}".utf8)
        let environmentSource = EnvironmentCredentials(environment: environment)
        let request = SignableRequest(
            method: "POST", path: "/", query: [], headers: [HTTPHeader(name: "X-Amz-Security-Token", value: secret)],
            body: json)
        let reply = AWSReply(
            status: 200, headers: [], body: json, requestID: nil, begun: 0, ended: 1, attempts: 1)
        return [
            STSSession(
                accessKeyID: "A", secretAccessKey: secret, sessionToken: secret, expiration: AWSInstant(seconds: 0)),
            keys, [keys], Optional(keys) as Any, ["k": keys], StaticCredentials(keys), environment, settings, context,
            call,
            reply, request, environmentSource, CredentialChain(context: context, settings: settings),
            ProfileCredentials(context: context, settings: settings, region: nil),
            try KeyDocument.parse(json, of: environmentSource), try #require(SSOTokenCache(path: "/c", json)),
            try SharedConfigFile.parse(Array(ini.utf8), path: "/c"), ProcessOutput(bytes: json, exitStatus: 0),
            ProcessCredentials(context: context, profile: AWSProfile(name: "p"), command: "tool \(secret)"),
            try context.client(region: "eu-west-1", settings: settings, credentials: StaticCredentials(keys)),
        ]
    }

    @Test("no value that holds a secret prints, dumps or reflects it")
    func values() throws {
        // The instrument first: a value that does not hide its secret is seen.
        #expect(Self.prints(["plain": Self.secret]).contains(Self.secret))
        let bytes = Array(Self.secret.utf8).map { "\($0)" }.joined(separator: ", ")
        for value in try Self.values() {
            let text = Self.prints(value)
            #expect(!text.contains(Self.secret), "\(type(of: value))")
            #expect(!text.contains(bytes), "\(type(of: value))")
        }
    }

    @Test("whole flows, failing and succeeding, leave no secret in logs, errors or this process's arguments")
    func flows() async throws {
        let log = LogCapture()
        let clock = ManualAWSClock(skipping: true)
        let sts = ScriptedHTTP { request, number in
            let seen = "\(request.body) \(request.headers)"
            if number % 3 == 1 { return .answer(503, "<html>\(seen)</html>") }
            if number % 3 == 2 {
                let error =
                    "<Error><Code>AccessDenied</Code><Message>you sent \(seen.filter { $0 != "<" })</Message></Error>"
                return .answer(403, "<ErrorResponse>\(error)</ErrorResponse>")
            }
            return .reset
        }
        let files = MemoryFiles([
            "/home/op/.aws/config": """
            [profile keys]
            aws_access_key_id = AKIAKEYS
            aws_secret_access_key = \(Self.secret)
            aws_session_token = \(Self.secret)
            [profile role]
            role_arn = arn:aws:iam::111122223333:role/x
            source_profile = keys
            [profile tool]
            credential_process = sh -c 'echo \(Self.secret); exit 1'
            """, "/token": Self.secret,
        ])
        for variables in [
            ["AWS_PROFILE": "role"], ["AWS_PROFILE": "tool"],
            ["AWS_WEB_IDENTITY_TOKEN_FILE": "/token", "AWS_ROLE_ARN": "arn:aws:iam::111122223333:role/x"],
            ["AWS_CONTAINER_CREDENTIALS_FULL_URI": sts.url(), "AWS_CONTAINER_AUTHORIZATION_TOKEN": Self.secret],
        ] {
            let environment = files.environment(
                variables.merging(["AWS_ENDPOINT_URL": sts.url(), "AWS_REGION": "eu-west-1"]) { $1 }
                    .merging(["PATH": "/usr/bin:/bin"]) { $1 })
            for _ in 0..<3 {
                let settings = try AWSSettings(environment: environment)
                let context = AWSContext.test(environment, clock: clock, logger: log.logger)
                let chain = CredentialChain(context: context, settings: settings)
                let error = try #require(try await awsError { try await chain.credentials() })
                #expect(!Self.prints(error).contains(Self.secret), "\(variables.keys.sorted())")
            }
        }
        #expect(!log.text.isEmpty)
        #expect(!log.text.contains(Self.secret))
        let own = FileManager.default.contents(atPath: "/proc/self/cmdline").map { String(decoding: $0, as: UTF8.self) }
        #expect(own?.contains(Self.secret) == false)
    }
}

/// Keeps all that is logged, at every level.
private final class LogCapture: Sendable {
    private let lines = Mutex<[String]>([])

    var text: String { lines.withLock { $0.joined(separator: "\n") } }

    var logger: Logger { Logger(label: "capture") { _ in Handler(capture: self) } }

    private struct Handler: LogHandler {
        let capture: LogCapture
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.trace

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            capture.lines.withLock { $0.append("\(event.message) \(event.metadata ?? [:])") }
        }
    }
}

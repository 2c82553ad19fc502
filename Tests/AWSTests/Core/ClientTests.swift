// SPDX-License-Identifier: Apache-2.0
import HTTPTransport
import Logging
import Synchronization
import TestSupport
import Testing

@testable import AWS

@Suite("the client on the wire")
struct ClientTests {
    private static let denial =
        "<Response><Errors><Error><Code>UnauthorizedOperation</Code><Message>no</Message></Error></Errors></Response>"
    private static let throttled =
        "<Response><Errors><Error><Code>RequestLimitExceeded</Code><Message>slow</Message></Error></Errors></Response>"

    private static func call(_ effect: AWSCallEffect, service: AWSService = .ec2) -> AWSCall {
        AWSCall(service: service, action: "Do", payload: .form([("A.1", "é &="), ("B", "")]), effect: effect)
    }

    @Test("a form arrives encoded and signed, and the answer brings request id, times and attempts")
    func form() async throws {
        let server = ScriptedHTTP { _, _ in .answer(200, "<DoResponse/>", headers: ["x-amzn-RequestId": "r-1"]) }
        let reply = try await TestClient(server).call(Self.call(.reads))
        #expect(reply.requestID == "r-1")
        #expect(reply.attempts == 1)
        #expect(reply.ended > reply.begun)
        let request = try #require(server.requests.first)
        #expect(request.body == "Action=Do&Version=2016-11-15&A.1=%C3%A9+%26%3D&B=")
        #expect(request.headers["content-type"] == "application/x-www-form-urlencoded; charset=utf-8")
        #expect(request.headers["x-amz-date"] == "20260301T120000Z")
        let scope = "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260301/eu-west-1/ec2/aws4_request, "
        let signed = "SignedHeaders=content-type;host;x-amz-date, Signature="
        #expect(request.headers["authorization"]?.hasPrefix(scope + signed) == true)
    }

    @Test("JSON names its target, and REST keeps path, query and base path")
    func otherWires() async throws {
        let server = ScriptedHTTP { _, _ in .answer(200, "{}") }
        let json = AWSService(
            signingName: "x", endpointPrefix: "x", apiVersion: "1", wire: .json(version: "1.0", targetPrefix: "T"),
            endpointVariable: "X")
        let client = TestClient(server, path: "/base/")
        _ = try await client.call(
            AWSCall(service: json, action: "Put", payload: .json(Array("{}".utf8)), effect: .reads))
        let rest = AWSPayload.rest(
            method: "POST", path: "/2015-03-31/functions/arn%3Aaws/invocations", query: [("Qualifier", "$LATEST")],
            headers: [HTTPHeader(name: "X-Amz-Invocation-Type", value: "Event")], body: Array("{}".utf8))
        _ = try await client.call(AWSCall(service: .lambda, action: "Invoke", payload: rest, effect: .reads))
        let requests = server.requests
        #expect(requests[0].target == "/base/")
        #expect(requests[0].headers["x-amz-target"] == "T.Put")
        #expect(requests[0].headers["content-type"] == "application/x-amz-json-1.0")
        #expect(requests[1].target == "/base/2015-03-31/functions/arn%3Aaws/invocations?Qualifier=%24LATEST")
        #expect(requests[1].headers["x-amz-invocation-type"] == "Event")
    }

    @Test("a call that acts once is not sent again after its request was read", arguments: [false, true])
    func actsOnce(answersHTML: Bool) async throws {
        let server = ScriptedHTTP { _, _ in answersHTML ? .answer(500, "<html>oops</html>") : .reset }
        let client = TestClient(server)
        let error = try #require(try await awsError { try await client.call(Self.call(.actsOnce)) })
        #expect(error.mayHaveActed)
        #expect(error.code == (answersHTML ? .serviceUnavailable : .network))
        #expect(server.requests.count == 1)
        #expect(client.clock.slept == [])
    }

    @Test("a call that acts once is sent again after throttling, which proves that it was not carried out")
    func actsOnceThrottled() async throws {
        let server = ScriptedHTTP { _, number in
            number < 3 ? .answer(503, Self.throttled) : .answer(200, "<DoResponse/>")
        }
        let client = TestClient(server)
        #expect(try await client.call(Self.call(.actsOnce)).attempts == 3)
        #expect(client.clock.slept == [.milliseconds(500), .seconds(1)])
    }

    @Test("an idempotent call is repeated through resets and bad pages, and reports that it may have acted if it fails")
    func idempotent() async throws {
        let server = ScriptedHTTP { _, number in number == 1 ? .reset : .answer(number == 2 ? 500 : 403, Self.denial) }
        let error = try #require(try await awsError { try await TestClient(server).call(Self.call(.idempotent)) })
        #expect(error.awsCode == "UnauthorizedOperation")
        #expect(error.mayHaveActed)
        #expect(server.requests.count == 3)
    }

    @Test("nobody listening: tried as often as the policy says, and certainly not acted")
    func refused() async throws {
        let nobody = UnusedPort()
        let client = TestClient(url: nobody.url)
        let error = try #require(try await awsError { try await client.call(Self.call(.actsOnce)) })
        #expect(error.code == .network)
        #expect(!error.mayHaveActed)
        #expect(client.clock.slept.count == 2)
    }

    @Test("Retry-After is kept, and a wish beyond the call's time ends it at once")
    func retryAfter() async throws {
        for (seconds, calls) in [(9, 2), (500, 1)] {
            let server = ScriptedHTTP { _, number in
                number == 1
                    ? .answer(503, Self.throttled, headers: ["Retry-After": "\(seconds)"]) : .answer(200, "<R/>")
            }
            let client = TestClient(server)
            let error = try await awsError { try await client.call(Self.call(.reads)) }
            #expect(server.requests.count == calls)
            #expect(error?.code == (calls == 1 ? .throttled : nil))
            #expect(client.clock.slept == (calls == 1 ? [] : [.seconds(9)]))
        }
    }

    @Test("the retry budget runs dry when everything fails, and then each call is sent once")
    func budget() async throws {
        let server = ScriptedHTTP { _, _ in .answer(500, "") }
        let client = TestClient(server)
        for _ in 0..<60 { _ = try await awsError { try await client.call(Self.call(.reads)) } }
        #expect(server.requests.count == 60 + RetryBudget.capacity / RetryBudget.retryCost)
    }

    @Test("a clock an hour behind is corrected from the Date header, once, and for all later calls")
    func skew() async throws {
        let refusal =
            "<ErrorResponse><Error><Code>SignatureDoesNotMatch</Code><Message>expired</Message></Error></ErrorResponse>"
        let date = ["Date": "Sun, 01 Mar 2026 13:00:00 GMT"]
        let server = ScriptedHTTP { request, _ in
            request.headers["x-amz-date"] == "20260301T130000Z"
                ? .answer(200, "<R/>") : .answer(403, refusal, headers: date)
        }
        let client = TestClient(server)
        #expect(try await client.call(Self.call(.actsOnce, service: .sts)).attempts == 2)
        #expect(try await client.call(Self.call(.actsOnce, service: .sts)).attempts == 1)
        #expect(client.clock.slept == [])
    }

    @Test("throttling slows every client of the same keys, region and service, and no other")
    func sharedLimiter() async throws {
        let server = ScriptedHTTP { _, number in number == 1 ? .answer(400, Self.throttled) : .answer(200, "<R/>") }
        let limiter = RateLimiterRegistry(limits: RateLimits(ceiling: 8, burst: 8, floor: 1))
        let clock = ManualAWSClock(skipping: true)
        let one = TestClient(server, limiter: limiter, clock: clock, attempts: 1)
        let other = TestClient(server, limiter: limiter, clock: clock, attempts: 1)
        _ = try await awsError { try await one.call(Self.call(.reads)) }
        _ = try await other.call(Self.call(.reads))
        #expect(clock.slept == [.milliseconds(250)])
        _ = try await other.call(Self.call(.reads, service: .sns))
        #expect(clock.slept.count == 1)
    }

    @Test("when our own limit leaves no room before the deadline, nothing is sent")
    func ownLimit() async throws {
        let server = ScriptedHTTP { _, _ in .answer(200, "<R/>") }
        let limiter = RateLimiterRegistry(limits: RateLimits(ceiling: 0.01, burst: 1, floor: 0.01))
        let client = TestClient(server, limiter: limiter)
        _ = try await client.call(Self.call(.actsOnce))
        let error = try #require(try await awsError { try await client.call(Self.call(.actsOnce)) })
        #expect(error.code == .throttled)
        #expect(!error.mayHaveActed)
        #expect(server.requests.count == 1)
    }

    @Test("a call that acts once never rides on a kept connection, which may be dead")
    func freshConnection() async throws {
        let server = ScriptedHTTP { _, _ in .answer(200, "<R/>") }
        let client = TestClient(server)
        for effect in [AWSCallEffect.reads, .reads, .idempotent] { _ = try await client.call(Self.call(effect)) }
        #expect(server.acceptedConnections == 1)
        for _ in 0..<2 { _ = try await client.call(Self.call(.actsOnce)) }
        #expect(server.acceptedConnections == 3)
    }

    @Test("a cancelled call stops waiting at once and says so")
    func cancelled() async throws {
        let server = ScriptedHTTP { _, _ in .answer(503, Self.throttled) }
        let clock = ManualAWSClock()
        let client = TestClient(server, clock: clock)
        let task = Task { try await awsError { try await client.call(Self.call(.actsOnce)) } }
        await clock.untilSleeping(1)
        task.cancel()
        let error = try #require(try await task.value)
        #expect(error.code == .cancelled)
        #expect(!error.mayHaveActed)
    }

    @Test("keys that AWS calls expired are dropped, and the call is made once more with fresh ones")
    func expiredKeys() async throws {
        let refusal = "<ErrorResponse><Error><Code>ExpiredToken</Code><Message>old</Message></Error></ErrorResponse>"
        let server = ScriptedHTTP { request, _ in
            request.headers["authorization"]?.contains("AKID2") == true ? .answer(200, "<R/>") : .answer(403, refusal)
        }
        let count = Mutex(0)
        let keys = RefreshingCredentials(clock: ManualAWSClock(), logger: .silent) { () throws(AWSError) in
            var fresh = AWSCredentials.example
            fresh.accessKeyID = count.withLock { count in
                count += 1
                return "AKID\(count)"
            }
            return fresh
        }
        #expect(try await TestClient(server, credentials: keys).call(Self.call(.actsOnce)).attempts == 2)
    }

    @Test("what AWS says about a refused signature is cut before it repeats the session token")
    func hidesSecrets() async throws {
        var keys = AWSCredentials.example
        keys.sessionToken = "TOKENSECRET"
        let text =
            "The signature very/secret+key does not match.\n\n"
            + "The Canonical String was 'x-amz-security-token:TOKENSECRET'"
        let server = ScriptedHTTP { _, _ in
            .answer(
                403,
                "<ErrorResponse><Error><Code>SignatureDoesNotMatch</Code><Message>\(text)</Message></Error>"
                    + "</ErrorResponse>"
            )
        }
        let client = TestClient(server, credentials: StaticCredentials(keys))
        let error = try #require(try await awsError { try await client.call(Self.call(.reads)) })
        #expect(error.message == "The signature … does not match.")
        #expect(error.hint.contains("secret access key") && !error.hint.contains("IAM policy"), "\(error.hint)")
        #expect(!"\(error)".contains("TOKENSECRET"))
    }
}

/// A client whose every service is one scripted server.
private struct TestClient {
    let clock: ManualAWSClock
    private let client: AWSClient

    init(
        _ server: ScriptedHTTP, path: String = "", credentials: any CredentialProvider = StaticCredentials(.example),
        limiter: RateLimiterRegistry = RateLimiterRegistry(limits: RateLimits(ceiling: 1_000, burst: 1_000, floor: 1)),
        clock: ManualAWSClock = ManualAWSClock(skipping: true), attempts: Int = 3
    ) {
        self.init(
            url: server.url(path), credentials: credentials, limiter: limiter, clock: clock, attempts: attempts)
    }

    init(
        url: String, credentials: any CredentialProvider = StaticCredentials(.example),
        limiter: RateLimiterRegistry = RateLimiterRegistry(limits: RateLimits(ceiling: 1_000, burst: 1_000, floor: 1)),
        clock: ManualAWSClock = ManualAWSClock(skipping: true), attempts: Int = 3
    ) {
        self.clock = clock
        client = AWSClient(
            configuration: AWSClientConfiguration(
                region: "eu-west-1", credentials: credentials, transport: testTransport,
                endpoints: EndpointResolver(commonURL: url),
                timeouts: AWSTimeouts(connect: .seconds(5), attempt: .seconds(20), call: .seconds(60)),
                retry: RetryPolicy(maxAttempts: attempts), limiter: limiter, clock: clock, random: { 0.5 },
                logger: .silent))
    }

    func call(_ call: AWSCall) async throws(AWSError) -> AWSReply { try await client.call(call) }
}

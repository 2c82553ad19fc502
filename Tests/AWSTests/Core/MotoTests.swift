// SPDX-License-Identifier: Apache-2.0
import HTTPTransport
import TestSupport
import Testing

@testable import AWS

@Suite("against moto with its signature and permission checks on")
struct MotoTests {
    private static let iam = AWSService(
        signingName: "iam", endpointPrefix: "iam", apiVersion: "2010-05-08", wire: .query, endpointVariable: "IAM")

    private static func call(
        _ service: AWSService, _ action: String, _ fields: [(name: String, value: String)] = [],
        effect: AWSCallEffect = .reads
    ) -> AWSCall {
        AWSCall(service: service, action: action, payload: .form(fields), effect: effect)
    }

    /// A server with a user who may describe, terminate, assume roles and invoke, and with its checks on.
    private struct Lab: Sendable {
        let server: MotoServer
        let keys: AWSCredentials
        /// Got before the checks were on: moto cannot check what is not signed, and fails on it.
        var webIdentity = AWSCredentials.example

        func client(
            _ keys: any CredentialProvider, clock: any AWSClock = SystemAWSClock()
        ) throws -> AWSClient {
            let environment = MemoryFiles([:]).environment(["AWS_ENDPOINT_URL": server.url])
            let settings = try AWSSettings(environment: environment)
            return try AWSContext.test(environment, clock: clock)
                .client(region: "eu-west-1", settings: settings, credentials: keys)
        }
    }

    /// One server for all tests here; it ends with this process.
    private static let lab = Task { () throws -> Lab in
        let server = MotoServer()
        var lab = Lab(server: server, keys: .example)
        let free = try lab.client(StaticCredentials(.example))
        _ = try await free.call(call(iam, "CreateUser", [("UserName", "chaos")]))
        let policy = """
            {"Version":"2012-10-17","Statement":[{"Effect":"Allow","Resource":"*","Action":["ec2:Describe*",
            "ec2:TerminateInstances","sts:*","sns:Publish","lambda:*","monitoring:PutMetricData"]}]}
            """
        _ = try await free.call(
            call(iam, "PutUserPolicy", [("UserName", "chaos"), ("PolicyName", "p"), ("PolicyDocument", policy)]))
        let trust = """
            {"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"AWS":"*"}}]}
            """
        _ = try await free.call(
            call(iam, "CreateRole", [("RoleName", "drill"), ("AssumeRolePolicyDocument", trust)]))
        _ = try await free.call(
            call(iam, "PutRolePolicy", [("RoleName", "drill"), ("PolicyName", "p"), ("PolicyDocument", policy)]))
        let created = try await free.call(call(iam, "CreateAccessKey", [("UserName", "chaos")]))
        let answer = try #require(XMLReader.salvage(created.body))
        let keys = AWSCredentials(
            accessKeyID: try #require(answer.firstText("AccessKeyId")),
            secretAccessKey: try #require(answer.firstText("SecretAccessKey")), sessionToken: nil, expiration: nil,
            source: "moto")
        lab = Lab(server: server, keys: keys, webIdentity: try await exchangeWebIdentity(server.url))
        let switchOn = HTTPRequest(
            method: "POST", url: server.url + "/moto-api/reset-auth",
            headers: [HTTPHeader(name: "Content-Type", value: "text/plain")], body: Array("0".utf8),
            timeouts: HTTPTimeouts(connect: .seconds(5), total: .seconds(20)))
        try #require(try await testTransport.send(switchOn).status == 200)
        return lab
    }

    @Test("the right keys are accepted by form services")
    func rightKeys() async throws {
        let lab = try await Self.lab.value
        let client = try lab.client(StaticCredentials(lab.keys))
        let identity = try await client.call(Self.call(.sts, "GetCallerIdentity"))
        #expect(XMLReader.salvage(identity.body)?.firstText("Arn") == "arn:aws:iam::123456789012:user/chaos")
        let filters = [("Filter.1.Name", "tag:a b/é+&="), ("Filter.1.Value.1", "*~ 日本 %")]
        let instances = try await client.call(Self.call(.ec2, "DescribeInstances", filters))
        #expect(String(decoding: instances.body, as: UTF8.self).contains("<DescribeInstancesResponse"))
        #expect(instances.requestID?.isEmpty == false)
    }

    @Test("JSON and REST bodies are signed so that they pass")
    func otherWires() async throws {
        let lab = try await Self.lab.value
        let client = try lab.client(StaticCredentials(lab.keys))
        let json = AWSService(
            signingName: "monitoring", endpointPrefix: "monitoring", apiVersion: "2010-08-01",
            wire: .json(version: "1.0", targetPrefix: "GraniteServiceVersion20100801"), endpointVariable: "CLOUDWATCH")
        let metric = "{\"Namespace\":\"Chaos\",\"MetricData\":[{\"MetricName\":\"é\",\"Value\":1.5}]}"
        let put = AWSCall(
            service: json, action: "PutMetricData", payload: .json(Array(metric.utf8)), effect: .idempotent)
        #expect(try await client.call(put).status == 200)
        // moto signs neither an encoded path nor a query as AWS does, so the plainest form is used here.
        let invoke = AWSPayload.rest(
            method: "POST", path: "/2015-03-31/functions/none/invocations", query: [], headers: [],
            body: Array("{}".utf8))
        let error = try await awsError {
            try await client.call(AWSCall(service: .lambda, action: "Invoke", payload: invoke, effect: .actsOnce))
        }
        #expect(error?.code == .notFound)
        #expect(error?.awsCode == "ResourceNotFoundException")
    }

    @Test("a wrong secret, an unknown key and a forged token are refused, in the services' different words")
    func wrongKeys() async throws {
        let lab = try await Self.lab.value
        var wrongSecret = lab.keys
        wrongSecret.secretAccessKey += "x"
        var unknown = lab.keys
        unknown.accessKeyID = "AKIAUNKNOWNUNKNOWN00"
        for (keys, service, action, code) in [
            (wrongSecret, AWSService.ec2, "DescribeInstances", "AuthFailure"),
            (wrongSecret, .sts, "GetCallerIdentity", "SignatureDoesNotMatch"),
            (unknown, .ec2, "DescribeInstances", "AuthFailure"),
            (unknown, .sts, "GetCallerIdentity", "InvalidClientTokenId"),
        ] {
            let client = try lab.client(StaticCredentials(keys))
            let error = try await awsError { try await client.call(Self.call(service, action)) }
            #expect(error?.awsCode == code)
            #expect(error?.code == .accessDenied)
            #expect(error?.message.isEmpty == false)
            #expect(error.map { "\($0)".contains(keys.secretAccessKey) } == false)
        }
    }

    @Test("what the policy does not allow is denied and certainly not done; a dry run says what would be")
    func permissions() async throws {
        let lab = try await Self.lab.value
        let client = try lab.client(StaticCredentials(lab.keys))
        let instance = [(name: "InstanceId.1", value: "i-0123456789abcdef0")]
        let denied = try await awsError {
            try await client.call(Self.call(.ec2, "RebootInstances", instance, effect: .actsOnce))
        }
        #expect(denied?.code == .accessDenied)
        #expect(denied?.awsCode == "AccessDenied")
        #expect(denied?.message.contains("ec2:RebootInstances") == true)
        #expect(denied?.mayHaveActed == false)
        let dry = try await awsError {
            try await client.call(
                Self.call(.ec2, "TerminateInstances", instance + [("DryRun", "true")], effect: .actsOnce))
        }
        #expect(dry?.code == .dryRunWouldSucceed)
        #expect(dry?.mayHaveActed == false)
        let unknown = try await awsError {
            try await client.call(Self.call(.ec2, "TerminateInstances", instance, effect: .actsOnce))
        }
        #expect(unknown?.code == .notFound)
    }

    @Test("a role's session token is signed and accepted; a forged one is refused")
    func sessionToken() async throws {
        let lab = try await Self.lab.value
        let environment = MemoryFiles([:]).environment(["AWS_ENDPOINT_URL": lab.server.url])
        let role = AWSRole(
            arn: "arn:aws:iam::123456789012:role/drill", externalID: "ext", sessionName: "rebound-test")
        let provider = AssumedRoleCredentials(
            context: .test(environment, clock: SystemAWSClock()), settings: try AWSSettings(environment: environment),
            region: "eu-west-1", role: role, base: StaticCredentials(lab.keys))
        let identity = try await lab.client(provider).call(Self.call(.sts, "GetCallerIdentity"))
        let arn = XMLReader.salvage(identity.body)?.firstText("Arn")
        #expect(arn == "arn:aws:sts::123456789012:assumed-role/drill/rebound-test")
        var forged = try await provider.credentials()
        #expect(forged.expiration.map { $0 > SystemAWSClock().now() } == true)
        #expect(forged.accountID == "123456789012")
        forged.sessionToken = "FORGED"
        let client = try lab.client(StaticCredentials(forged))
        let error = try await awsError { try await client.call(Self.call(.ec2, "DescribeInstances")) }
        #expect(error?.code == .accessDenied)
    }

    @Test("web identity works unsigned")
    func webIdentity() async throws {
        let keys = try await Self.lab.value.webIdentity
        #expect(keys.accessKeyID.hasPrefix("ASIA"))
        #expect(keys.source == "web identity")
        #expect(keys.expiration.map { $0 > SystemAWSClock().now() } == true)
    }

    private static func exchangeWebIdentity(_ url: String) async throws -> AWSCredentials {
        let environment = MemoryFiles(["/t": "jwt"]).environment([
            "AWS_ENDPOINT_URL": url, "AWS_WEB_IDENTITY_TOKEN_FILE": "/t", "AWS_REGION": "us-east-1",
            "AWS_ROLE_ARN": "arn:aws:iam::123456789012:role/drill",
        ])
        let settings = try AWSSettings(environment: environment)
        return try await CredentialChain(
            context: .test(environment, clock: SystemAWSClock()), settings: settings
        ).credentials()
    }

    @Test("a clock that is hours off is set right by the server's own Date header; a wrong secret stays wrong")
    func skew() async throws {
        let lab = try await Self.lab.value
        var wrong = lab.keys
        wrong.secretAccessKey += "x"
        let clock = ManualAWSClock(at: "2024-01-01T00:00:00Z", skipping: true)
        let client = try lab.client(StaticCredentials(wrong), clock: clock)
        let error = try await awsError { try await client.call(Self.call(.sts, "GetCallerIdentity")) }
        #expect(error?.awsCode == "SignatureDoesNotMatch")
        let offset = client.clockOffset / 1_000_000_000
        #expect(abs(SystemAWSClock().now().seconds - clock.now().seconds - offset) < 60)
    }
}

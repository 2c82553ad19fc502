// SPDX-License-Identifier: Apache-2.0
internal import FoundationEssentials

@testable import AWS
@testable import HTTPTransport

extension Decoder {
    /// What AWS, or whoever stands in its place, answers; and the files that lead there.
    static let aws = [
        Decoder("aws-xml", xml), Decoder("aws-error", awsError), Decoder("aws-profiles", profiles),
        Decoder("aws-credentials", credentials),
    ]

    // MARK: Answers

    /// The answer to any call, read as that call's.
    private static func xml(_ bytes: [UInt8]) throws {
        for read in readers { _ = try? read(bytes) }  // Most are of another call.
        guard let root = XMLReader.salvage(bytes) else { return }
        must(root.reader.tree.nodes.count <= bytes.count, "there are no more elements than bytes")
        _ = root.firstText("Code", in: "Error")
    }

    private static let readers: [@Sendable ([UInt8]) throws -> Void] = [
        { try check(try page($0, EC2Reader.instances, EC2Instance.self)) },
        { try check(try page($0, EC2Reader.statuses, EC2InstanceStatus.self)) },
        { try check(try page($0, AutoScalingReader.groups.shape, AutoScalingGroup.self)) },
        { try check(try page($0, AutoScalingReader.members, AutoScalingMember.self)) },
        { try check(try page($0, AutoScalingReader.activities, ScalingActivity.self)) },
        { try check(try page($0, AutoScalingReader.policies, ScalingPolicy.self)) },
        { try check(try page($0, ELBReader.targetGroups, TargetGroup.self)) },
        { try check(try page($0, ELBReader.targetHealth, TargetHealth.self)) },
        { try check(try page($0, CloudWatchReader.metricData, MetricSeries.self)) },
        { bytes in
            let _: AlarmPage = try reply(bytes).value(
                of: call, root: "DescribeAlarmsResponse", at: ["DescribeAlarmsResult"])
        },
        { bytes in
            let _: SNSReceipt = try reply(bytes).value(of: call, root: "PublishResponse", at: ["PublishResult"])
        },
        { bytes in
            let session = try STSProtocol.parseAssumeRole(reply(bytes))
            must(!session.accessKeyID.isEmpty && !session.secretAccessKey.isEmpty, "keys are not empty")
        },
    ]

    private static let call = AWSCall.read(.ec2, "Fuzz", QueryForm())

    private static func reply(_ bytes: [UInt8]) -> AWSReply {
        AWSReply(status: 200, headers: [], body: bytes, requestID: nil, begun: 0, ended: 1, attempts: 1)
    }

    private static func page<Item: XMLDecodable>(
        _ bytes: [UInt8], _ shape: ReplyShape, _ type: Item.Type
    ) throws -> (page: Page<Item>, size: Int) {
        (try reply(bytes).page(of: call, shape), bytes.count)
    }

    private static func check<Item>(_ read: (page: Page<Item>, size: Int)) throws {
        must(read.page.items.count <= read.size, "there are no more items than bytes")
        must(read.page.nextToken?.isEmpty != true, "a token of a next page is not empty")
    }

    /// Header lines, an empty line, a body: an answer that is no success.
    private static func awsError(_ bytes: [UInt8]) throws {
        let secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
        let (headers, body) = HTTPText.parts(of: bytes)
        let timings = HTTPTimings(begun: 0, ended: 1)
        let now = AWSInstant(seconds: 1_774_746_000)
        for status in [400, 429, 503] {
            let response = HTTPResponse(status: status, headers: headers, body: body, timings: timings)
            let failure = AttemptFailure(response, call: call, receivedAt: now, secrets: [secret])
            must(failure.error.message.count <= 601, "what a stranger says is bounded")
            must(!failure.error.message.contains(secret), "no secret is repeated")
            must((failure.retryAfter ?? .zero) >= .zero, "nobody waits for less than nothing")
            must(
                failure.error.message.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7F },
                "a message has no control characters")
        }
    }

    // MARK: Files and documents

    /// `~/.aws/config`, a zero, and `~/.aws/credentials`.
    private static func profiles(_ bytes: [UInt8]) throws {
        let parts = bytes.parts(2)
        let environment = AWSEnvironment(
            variables: ["AWS_PROFILE": "dev"], homeDirectory: "/home/fuzz",
            readFile: { path throws(AWSFileError) in parts[path.hasSuffix("/credentials") ? 1 : 0] },
            writeFile: { path, _ throws(AWSFileError) in throw AWSFileError(path: path, reason: "it is not kept") })
        let config = try SharedConfig.load(environment)
        must(config.profiles.allSatisfy { $0.key == $0.value.name }, "a profile has the name that it is found by")
        for (name, _) in config.profiles.prefix(3) {
            let settings = try AWSSettings(environment: environment, profile: name)
            if let region = try? settings.region(given: nil) {  // It need not say one.
                let isSafe = region.utf8.allSatisfy { (97...122).contains($0) || (45...57).contains($0) }
                must(isSafe && !region.contains("/") && !region.contains("."), "\(region) can stand in a host's name")
            }
            _ = try? settings.retryPolicy()
            let endpoints = try? settings.endpoints()
            if let endpoint = try? endpoints?.endpoint(for: .ec2, region: "eu-west-1") {
                must(AWSEndpoint(url: endpoint.url) == endpoint, "\(endpoint.url) is read as it is written")
            }
        }
    }

    private struct FuzzedSource: CredentialSource {
        let name = "fuzz"
        func find() -> CredentialFinding { .notConfigured("nothing") }
    }

    /// What a credential process, the instance metadata, a container's agent, or the cache of SSO says.
    private static func credentials(_ bytes: [UInt8]) throws {
        if let value = try? JSONDecoder().decode(JSONValue.self, from: Data(bytes)) {  // Most are not JSON.
            let again = try JSONDecoder().decode(JSONValue.self, from: JSONEncoder().encode(value))
            must(again == value, "JSON is the same when written and read")
            if var cache = SSOTokenCache(path: "/cache", bytes) {
                _ = cache.expiresAt
                _ = cache.refreshRequest(now: AWSInstant(seconds: 1_774_746_000))
                if cache.take(value, now: AWSInstant(seconds: 1_774_746_000)) {
                    must(cache.accessToken != nil && cache.expiresAt != nil, "a token that was taken is there")
                }
                let kept = SSOTokenCache(path: "/cache", try cache.encoded())
                must(kept?.members == cache.members, "a cache is the same when written and read")
            }
        }
        let document = try KeyDocument.parse(bytes, of: FuzzedSource())
        let keys = try document.credentials(from: FuzzedSource(), needsExpiration: false)
        must(!keys.accessKeyID.isEmpty, "an access key is not empty")
        must(!"\(keys)".contains(keys.secretAccessKey) || keys.secretAccessKey.utf8.count < 16, "no secret is shown")
    }

    static func awsWords(_ text: String) {
        if let time = AWSInstant(iso8601: text) {
            let whole = AWSInstant(seconds: time.seconds)
            must(AWSInstant(iso8601: time.iso8601) == whole, "\(time.iso8601) is the same when written")
            must(time.basicISO8601.utf8.count == 16, "the signature's time has 16 characters")
        }
        if let time = AWSInstant(httpDate: text) {
            must(AWSInstant(iso8601: time.iso8601) == time, "\(time.iso8601) is the same when written")
        }
        if let endpoint = AWSEndpoint(url: text) {
            must(AWSEndpoint(url: endpoint.url) == endpoint, "\(endpoint.url) is read as it is written")
            must(!endpoint.host.isEmpty, "an endpoint has a host")
        }
        _ = AWSPartition(region: text)
    }
}

/// Answers of HTTP as text: header lines, an empty line, a body.
enum HTTPText {
    static func parts(of bytes: [UInt8]) -> (headers: [HTTPHeader], body: [UInt8]) {
        var collector = AnswerCollector(limit: 1 << 20)
        var rest = bytes[...]
        while let end = rest.firstIndex(of: 0x0A) {
            let line = rest[..<end]
            rest = rest[(end + 1)...]
            if line.isEmpty || line.elementsEqual([0x0D]) { break }
            _ = Array(line + [0x0A]).withUnsafeBytes { collector.addHeaderLine($0) }
        }
        return (collector.headers(), Array(rest))
    }
}

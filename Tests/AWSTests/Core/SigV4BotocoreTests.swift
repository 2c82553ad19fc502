// SPDX-License-Identifier: Apache-2.0
import AWS
import FoundationEssentials
import HTTPTransport
import Testing

@Suite("SigV4 against botocore")
struct SigV4BotocoreTests {
    /// Another seed by REBOUND_SEED.
    private static let seed = ProcessInfo.processInfo.environment["REBOUND_SEED"].flatMap { UInt64($0) } ?? 20_261_124

    @Test("600 generated requests get botocore's signature, in headers and in the query")
    func generated() async throws {
        var generator = SeededGenerator(seed: Self.seed)
        let cases = (0..<600).map { SignCase(number: $0, using: &generator) }
        let answer = try await Python.run(Self.script, input: try JSONEncoder().encode(cases))
        let expected = try JSONDecoder().decode([String].self, from: answer)
        try #require(expected.count == cases.count)
        for (one, signature) in zip(cases, expected) {
            #expect(one.signature() == signature, "seed \(Self.seed), case \(one)")
        }
    }

    private static let script = """
        import datetime, json, sys
        import botocore.auth
        from botocore.awsrequest import AWSRequest
        from botocore.credentials import Credentials
        from urllib.parse import quote, parse_qs, urlsplit
        def sign(case):
            now = datetime.datetime.strptime(case["date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=datetime.timezone.utc)
            botocore.auth.get_current_datetime = lambda remove_tzinfo=True: now.replace(tzinfo=None)
            keys = Credentials(case["key"], case["secret"], case.get("token"))
            enc = lambda text: quote(text, safe="-_.~")
            query = "&".join(enc(q[0]) + "=" + enc(q[1]) for q in case["query"])
            url = "https://" + case["host"] + case["path"] + ("?" + query if query else "")
            request = AWSRequest(method=case["method"], url=url, data=case["body"].encode() or None)
            for name, value in case["headers"]:
                request.headers.add_header(name, value)
            if case["expires"]:
                signer = botocore.auth.SigV4QueryAuth(keys, case["service"], case["region"], case["expires"])
                signer.add_auth(request)
                return parse_qs(urlsplit(request.url).query)["X-Amz-Signature"][0]
            signer = botocore.auth.SigV4Auth(keys, case["service"], case["region"])
            signer.add_auth(request)
            return request.headers["Authorization"]
        print(json.dumps([sign(case) for case in json.load(open(sys.argv[1]))]))
        """
}

/// One request to be signed, by us and by botocore.
private struct SignCase: Encodable, CustomStringConvertible {
    let number: Int
    let method: String
    let host: String
    let path: String
    let query: [[String]]
    let headers: [[String]]
    let body: String
    let service: String
    let region: String
    let key: String
    let secret: String
    let token: String?
    let date: String
    /// Seconds of a presigned query, 0 for a signed header.
    let expires: Int

    private static let letters = [
        "a", "B", "z", "0", "-", "_", ".", "~", " ", "+", "/", "=", "&", "%", "*", "é", "日", "😀",
    ]

    init(number: Int, using generator: inout SeededGenerator) {
        self.number = number
        let isPresigned = number % 3 == 2
        method = isPresigned ? "GET" : generator.pick(["GET", "POST", "PUT", "DELETE", "PATCH"])
        host = generator.pick(["ec2.eu-west-1.amazonaws.com", "localhost:5000", "sns.cn-north-1.amazonaws.com.cn"])
        path = Self.path(&generator)
        query = Self.query(&generator, unique: isPresigned)
        headers = [["Host", host]] + Self.headers(&generator)
        body = isPresigned ? "" : generator.text(Self.letters, 0...40)
        service = generator.pick(["ec2", "sts", "monitoring", "lambda"])
        region = generator.pick(["eu-west-1", "us-gov-west-1", "cn-north-1"])
        key = "AKIA" + generator.text(["A", "B", "7"], 8...16)
        secret = generator.text(["x", "Y", "/", "+", "9"], 40...40)
        token = Bool.random(using: &generator) ? generator.text(["F", "w", "/", "+", "="], 20...300) : nil
        date = AWSInstant(seconds: Int64.random(in: 0...4_102_444_800, using: &generator)).basicISO8601
        expires = isPresigned ? Int.random(in: 1...604_800, using: &generator) : 0
    }

    private static func path(_ generator: inout SeededGenerator) -> String {
        let parts = ["/", "//", "/.", "/..", "/a", "/%20", "/arn%3Aaws", "/b~-_.", "/2015-03-31", "/x+y"]
        return "/" + generator.text(parts, 0...5).drop { $0 == "/" }
    }

    private static func query(_ generator: inout SeededGenerator, unique: Bool) -> [[String]] {
        let names = ["a", "A", "a-b", "a b", "é", "Filter.1.Name", "x", ""]
        let pairs = (0..<Int.random(in: 0...5, using: &generator)).map { index in
            [unique ? "q\(index)" : generator.pick(names), generator.text(letters, 0...8)]
        }
        return pairs.filter { !$0[0].isEmpty }
    }

    private static func headers(_ generator: inout SeededGenerator) -> [[String]] {
        let names = ["Content-Type", "X-Amz-Target", "My-Header", "my-header", "User-Agent", "X-Empty", "Zz", "Expect"]
        return (0..<Int.random(in: 0...5, using: &generator)).map { _ in
            let words = (0..<Int.random(in: 0...3, using: &generator)).map { _ in generator.text(letters, 1...6) }
            return [generator.pick(names), words.joined(separator: "   ")]
        }
    }

    var description: String { "\(number): \(method) \(path) \(query) \(headers) body \(body) expires \(expires)" }

    func signature() -> String? {
        let request = SignableRequest(
            method: method, path: path, query: query.map { ($0[0], $0[1]) },
            headers: headers.map { HTTPHeader(name: $0[0], value: $0[1]) }, body: Array(body.utf8))
        let credentials = AWSCredentials(
            accessKeyID: key, secretAccessKey: secret, sessionToken: token, expiration: nil, source: "generated")
        let signer = SigV4Signer(region: region, service: service)
        let parts = [(0, 4), (4, 2), (6, 2), (9, 2), (11, 2), (13, 2)].map { date.dropFirst($0.0).prefix($0.1) }
        let text = "\(parts[0])-\(parts[1])-\(parts[2])T\(parts[3]):\(parts[4]):\(parts[5])Z"
        guard let instant = AWSInstant(iso8601: text) else { return nil }
        if expires > 0 {
            return signer.presign(request, with: credentials, at: instant, lifetimeSeconds: expires).signature.signature
        }
        return signer.sign(request, with: credentials, at: instant).headers.last?.value
    }
}

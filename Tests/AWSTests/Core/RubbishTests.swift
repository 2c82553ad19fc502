// SPDX-License-Identifier: Apache-2.0
import Logging
import Testing

@testable import AWS
@testable import HTTPTransport

@Suite("rubbish from outside")
struct RubbishTests {
    private static let pieces = [
        "[default]", "[profile x]", "\n", "\n ", " = ", "=", ":", "#", ";", "\"", "'", "key", "\u{0}", "é", "\u{FEFF}",
        "<Error>",
        "<Code>", "</Code>", "<Message>", "</Error>", "&amp;", "&x;", "<!DOCTYPE a [", "]]>", "<![CDATA[", "{", "}",
        "\"__type\":", "\"a#b:c\"", "[", ",", "1e999", "-9223372036854775808", "2026-03-01T12:00:00Z", "1900-01-01T",
        "Sun, 01 Mar 2026 13:00:00 GMT", "http://", "https://a:1/", "[::1]", "@", "%", "?", "/", "\\",
    ]

    @Test("10,000 random texts are read or refused, and none ends the program", arguments: [UInt64(1), 2])
    func random(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<10_000 {
            let text = generator.text(Self.pieces, 0...12)
            let bytes = Array(text.utf8)
            _ = try? SharedConfigFile.parse(bytes, path: "/c")  // Refusing is right; ending is what must not happen.
            _ = SharedConfigFile.words(text[...])
            _ = AWSErrorBody.parse(
                body: bytes, contentType: nil, headers: [HTTPHeader(name: "x-amzn-errortype", value: text)])
            _ = AWSInstant(iso8601: text)
            _ = AWSInstant(httpDate: text)
            _ = AWSPartition(region: text)
            _ = SSOTokenCache(path: "/c", bytes)
            guard let endpoint = AWSEndpoint(url: text) else { continue }
            #expect(AWSEndpoint(url: endpoint.url) == endpoint, "\(text)")
        }
    }

    @Test(
        "extreme times and pauses in answers are taken without overflow",
        arguments: ["9223372036854775807", "-1", "99999999999999999999", "1e9", "Tue, 31 Dec 2199 23:59:59 GMT"])
    func extremePauses(value: String) {
        for name in ["Retry-After", "x-amz-retry-after", "Date"] {
            let response = HTTPResponse(
                status: 503, headers: [HTTPHeader(name: name, value: value)],
                body: Array("<Error><Code>RequestTimeTooSkewed</Code></Error>".utf8),
                timings: HTTPTimings(begun: 0, ended: 1), remoteAddress: nil)
            let call = AWSCall(service: .ec2, action: "X", payload: .form([]), effect: .reads)
            let now = AWSInstant(seconds: 1_800_000_000)
            let failure = AttemptFailure(response, call: call, receivedAt: now, secrets: [])
            var progress = CallProgress(effect: .reads, policy: RetryPolicy())
            progress.begin()
            guard case .retry(let delay, _) = progress.next(after: failure, signedAt: now, random: 0.5) else {
                continue
            }
            #expect(delay >= .zero)
        }
    }

    @Test("expiries at the ends of time are handled", arguments: ["1900-01-01T00:00:00Z", "2199-12-31T23:59:59Z"])
    func extremeExpiry(text: String) async throws {
        let end = try #require(AWSInstant(iso8601: text))
        let provider = RefreshingCredentials(clock: ManualAWSClock(), logger: .silent) { () throws(AWSError) in
            AWSCredentials(accessKeyID: "A", secretAccessKey: "s", sessionToken: nil, expiration: end, source: "x")
        }
        let error = try await awsError { try await provider.credentials() }
        #expect(error?.code == (text.hasPrefix("1900") ? .expiredCredentials : nil))
    }
}

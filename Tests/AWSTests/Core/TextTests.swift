// SPDX-License-Identifier: Apache-2.0
import HTTPTransport
import Testing

@testable import AWS

@Suite("times as text")
struct InstantTests {
    @Test(
        "RFC 3339 and its relatives are read",
        arguments: [
            ("1970-01-01T00:00:00Z", 0), ("2015-08-30T12:36:00Z", 1_440_938_160), ("2000-02-29T23:59:59Z", 951_868_799),
            ("2026-03-01T02:00:00+02:00", 1_772_323_200), ("2026-02-28T19:00:00-0500", 1_772_323_200),
            ("2019-11-14T04:05:45UTC", 1_573_704_345), ("1969-12-31T23:59:59Z", -1),
        ] as [(String, Int64)])
    func reads(text: String, seconds: Int64) {
        #expect(AWSInstant(iso8601: text)?.seconds == seconds)
    }

    @Test("fractions are kept to the nanosecond")
    func fraction() {
        #expect(AWSInstant(iso8601: "1970-01-01T00:00:01.25Z")?.nanoseconds == 1_250_000_000)
        #expect(AWSInstant(iso8601: "1970-01-01T00:00:00.1234567891Z")?.nanoseconds == 123_456_789)
    }

    @Test(
        "what is no time is refused",
        arguments: [
            "", "now", "2015-08-30", "2015-08-30T12:36:00", "2015-13-01T00:00:00Z", "2015-08-30T12:36:00Zz",
            "20150830T123600Z", "2015-08-30T12:36:00.Z", "9999-01-01T00:00:00Z", "2015-08-30T12:60:00Z",
        ])
    func refuses(text: String) {
        #expect(AWSInstant(iso8601: text) == nil)
    }

    @Test("written and read again is the same, on every day of 250 years")
    func roundTrip() {
        for day in stride(from: Int64(-25_000), through: 80_000, by: 1) {
            let instant = AWSInstant(seconds: day * 86_400 + 43_201)
            guard AWSInstant(iso8601: instant.iso8601) != instant else { continue }
            Issue.record("\(instant.iso8601) does not come back")
        }
    }

    @Test("Date headers are read, and rubbish is not")
    func httpDate() {
        #expect(AWSInstant(httpDate: "Sun, 30 Aug 2015 12:36:00 GMT")?.seconds == 1_440_938_160)
        for text in ["", "Sun, 30 Aug 2015", "Sunday, 30-Aug-15 12:36:00 GMT", "Sun, 30 Foo 2015 12:36:00 GMT"] {
            #expect(AWSInstant(httpDate: text) == nil)
        }
    }
}

@Suite("errors as AWS writes them")
struct ErrorBodyTests {
    struct Shape: Sendable, CustomTestStringConvertible {
        var name: String
        var body: String
        var headers: [HTTPHeader] = []
        var code: String?
        var message: String?
        var requestID: String?
        var testDescription: String { name }
    }

    static let shapes: [Shape] = [
        Shape(
            name: "EC2",
            body: "<?xml version=\"1.0\"?>\n<Response><Errors><Error><Code>InvalidInstanceID.NotFound</Code>"
                + "<Message>The ID 'i-1' &amp; co</Message></Error></Errors><RequestID>r-1</RequestID></Response>",
            code: "InvalidInstanceID.NotFound", message: "The ID 'i-1' & co", requestID: "r-1"),
        Shape(
            name: "Query",
            body: "<ErrorResponse xmlns=\"http://sns.amazonaws.com/doc/2010-03-31/\"><Error><Type>Sender</Type>"
                + "<Code>NotFound</Code><Message>gone</Message></Error><RequestId>r-2</RequestId></ErrorResponse>",
            code: "NotFound", message: "gone", requestID: "r-2"),
        Shape(
            name: "moto's refusal",
            body: "<ErrorResponse><Errors><Error><Code>AccessDenied</Code><Message>no</Message><Type>Sender</Type>"
                + "</Error></Errors></ErrorResponse>",
            headers: [HTTPHeader(name: "x-amzn-RequestId", value: "r-3")], code: "AccessDenied", message: "no",
            requestID: "r-3"),
        Shape(
            name: "JSON with a prefix",
            body: "{\"__type\":\"com.amazonaws.x#ResourceNotFoundException\",\"Message\":\"m\"}",
            code: "ResourceNotFoundException", message: "m"),
        Shape(
            name: "Lambda", body: "{\"message\":\"Function not found\",\"Type\":3}",
            headers: [HTTPHeader(name: "X-Amzn-ErrorType", value: "ResourceNotFoundException:http://internal/")],
            code: "ResourceNotFoundException", message: "Function not found"),
        Shape(
            name: "JSON of a service that was a Query service",
            body: "{\"__type\":\"aws#QueueDoesNotExist\",\"message\":\"m\"}",
            headers: [HTTPHeader(name: "x-amzn-query-error", value: "AWS.NonExistentQueue;Sender")],
            code: "AWS.NonExistentQueue", message: "m"),
        Shape(
            name: "OAuth", body: "{\"error\":\"invalid_grant\",\"error_description\":\"bad\"}", code: "invalid_grant",
            message: "bad"),
        Shape(name: "a page of HTML", body: "<!doctype html>\n<html lang=en>\n<title>500</title><h1>Oops</h1>"),
        Shape(name: "nothing", body: ""),
        Shape(name: "cut XML", body: "<Response><Errors><Error><Code>Throttling</Code><Mess", code: "Throttling"),
        Shape(name: "JSON that is no object", body: "[1,2]"),
        Shape(name: "cut JSON", body: "{\"__type\":\"x"),
        Shape(
            name: "XML with entities of its own",
            body: "<!DOCTYPE x [<!ENTITY a \"aaaa\"><!ENTITY b \"&a;&a;&a;&a;\">]><Response><Errors><Error>"
                + "<Code>X&b;</Code></Error></Errors></Response>"),
    ]

    @Test("each shape gives what it holds, and rubbish gives nothing", arguments: shapes)
    func parse(shape: Shape) {
        let told = AWSErrorBody.parse(body: Array(shape.body.utf8), contentType: nil, headers: shape.headers)
        #expect(told.code == shape.code)
        #expect(told.message == shape.message)
        #expect(told.requestID == shape.requestID)
    }

    @Test("a million bytes of rubbish are looked at only in part")
    func bounded() {
        let body = [UInt8](repeating: UInt8(ascii: "<"), count: 1_000_000)
        #expect(AWSErrorBody.parse(body: body, contentType: nil, headers: []).code == nil)
    }

    @Test(
        "codes are sorted as a caller needs them",
        arguments: [
            ("InvalidInstanceID.NotFound", 400, AWSErrorCode.notFound), ("UnauthorizedOperation", 403, .accessDenied),
            ("AuthFailure", 401, .accessDenied), ("DryRunOperation", 412, .dryRunWouldSucceed),
            ("OperationNotPermitted", 400, .conflict), ("IncorrectInstanceState", 400, .conflict),
            ("ScalingActivityInProgress", 400, .conflict), ("InvalidParameterValue", 400, .invalidRequest),
            ("ValidationError", 400, .invalidRequest), ("TargetGroupNotFound", 400, .notFound),
            ("ResourceNotFoundException", 404, .notFound), ("ExpiredToken", 403, .expiredCredentials),
            ("RequestExpired", 400, .clockSkew), ("InternalError", 500, .serviceUnavailable),
            ("SomethingNew", 400, .invalidRequest), ("SomethingNew", 500, .serviceUnavailable),
        ])
    func classify(code: String, status: Int, expected: AWSErrorCode) {
        #expect(AWSErrorCode.classify(awsCode: code, status: status) == expected)
    }
}

@Suite("percent-encoding")
struct PercentEncodingTests {
    @Test(
        "every byte but the unreserved ones is encoded",
        arguments: [
            ("a b", "a%20b"), ("a+b", "a%2Bb"), ("é", "%C3%A9"), ("~-._", "~-._"), ("*'()!", "%2A%27%28%29%21"),
            ("a/b", "a%2Fb"), ("", ""), ("\n", "%0A"), ("😀", "%F0%9F%98%80"),
        ])
    func encode(text: String, expected: String) {
        #expect(PercentEncoding.encode(text) == expected)
    }

    @Test("forms and queries keep order and empty values; a space is a plus in a form only")
    func form() {
        let fields = [(name: "b", value: "1+1"), ("a", ""), ("b", "2 3%20")]
        #expect(PercentEncoding.form(fields) == Array("b=1%2B1&a=&b=2+3%2520".utf8))
        #expect(PercentEncoding.query(fields) == "b=1%2B1&a=&b=2%203%2520")
    }
}

// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

@testable import ChaosModel

/// A rule with texts that it takes and texts that it does not.
struct RuleCase: Sendable, CustomTestStringConvertible {
    var rule: TextRule
    var good: [String]
    var bad: [String]

    init(_ rule: TextRule, good: [String], bad: [String]) {
        self.rule = rule
        self.good = good
        self.bad = bad
    }

    var testDescription: String { rule.words }

    static let all = [
        RuleCase(
            .name, good: ["a", "web-1", "9a"],
            bad: ["", "-a", "a-", "A", "a.b", "a_b", "ä", String(repeating: "a", count: 64)]),
        RuleCase(.longName, good: ["a.b-c", "a"], bad: ["a..b", ".a", "a.", "a.-b"]),
        RuleCase(
            .region, good: ["eu-west-1", "us-gov-west-1", "ap-southeast-12", "cn-north-1"],
            bad: ["eu-west", "eu--1", "eu-west-1a", "EU-west-1", "eu-west-123", "e-west-1", "eu-west-"]),
        RuleCase(
            .zone, good: ["eu-west-1a", "us-west-2-lax-1a"], bad: ["eu-west-1", "eu-west-1A", "a", "eu-west-1aa"]),
        RuleCase(
            .instanceID, good: ["i-01234567", "i-0123456789abcdef0"],
            bad: ["i-", "i-0123456", "i-0123456789abcdef", "i-0123456789ABCDEF0", "j-01234567", "i-0123456g"]),
        RuleCase(
            .tagValue, good: ["web", "a b", "true", "x=y", "ä"],
            bad: ["", " a", "a ", "a*", "a?", "a\\b", "a\nb", String(repeating: "a", count: 257)]),
        RuleCase(.groupName, good: ["web", "my group/1"], bad: ["a:b", "a*", " a"]),
        RuleCase(
            .targetGroup,
            good: ["web", "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/web/73e2d6bc24d8a067"],
            bad: [
                "-web", "web-", "a_b",
                "arn:aws:elasticloadbalancing:eu-west-1:12345678901:targetgroup/web/73e2d6bc24d8a067",
                "arn:aws:elasticloadbalancing:eu-west-1:123456789012:loadbalancer/web/73",
                "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/web/",
                String(repeating: "a", count: 33),
            ]),
        RuleCase(
            .roleARN, good: ["arn:aws:iam::123456789012:role/chaos", "arn:aws-cn:iam::123456789012:role/a/b"],
            bad: [
                "arn:aws:iam::123456789012:user/chaos", "arn:aws:iam:eu-west-1:123456789012:role/c",
                "arn:aws:iam::123456789012:role/", "arn:aws-xx:iam::123456789012:role/c",
            ]),
        RuleCase(
            .topicARN,
            good: ["arn:aws:sns:eu-west-1:123456789012:chaos", "arn:aws:sns:eu-west-1:123456789012:chaos.fifo"],
            bad: [
                "chaos", "arn:aws:sqs:eu-west-1:123456789012:chaos", "arn:aws:sns:eu-west-1:123456789012:a.b",
                "arn:aws:sns:eu-west-1:123456789012:.fifo", "arn:aws:sns::123456789012:chaos",
            ]),
        RuleCase(
            .lambdaFunction,
            good: [
                "record", "record:live", "record:$LATEST", "arn:aws:lambda:eu-west-1:123456789012:function:record:3",
            ], bad: ["a b", "record:", "arn:aws:lambda:eu-west-1:123456789012:layer:record", "a:b:c"]),
        RuleCase(
            .url, good: ["http://a", "https://shop.example:8443/x?y=%20", "http://[::1]:80/", "http://10.0.0.1/"],
            bad: [
                "", "a", "file:///x", "http://", "http://u@h/", "http://h:0/", "http://h:65536/", "http://h /",
                "http://h/#f", "http://h/%zz", "http://-h/", "http://1.2.3.256/", "http://h:/x", "http://[::g]/",
                "http://[::1/",
            ]),
        RuleCase(
            .host, good: ["db.example", "10.0.0.1", "::1", "a_b.example"],
            bad: ["a b", "a..b", "1.2.3", "http://a", "a:1"]),
        RuleCase(
            .nameServer, good: ["10.0.0.2", "10.0.0.2:53", "[2001:db8::1]:53", "2001:db8::1"],
            bad: ["ns.example", "10.0.0.2:", "10.0.0.2:99999", "[10.0.0.2"]),
        RuleCase(
            .address, good: ["10.0.0.1", "::", "2001:db8::1", "::ffff:10.0.0.1"],
            bad: ["10.0.0", "1::2::3", ":::", "12345::", "010.0.0.1", "1:2:3:4:5:6:7"]),
        RuleCase(.timeOfDay, good: ["00:00", "23:59"], bad: ["24:00", "9:30", "09:60", "09:30:00"]),
        RuleCase(.date, good: ["2026-12-25", "2028-02-29"], bad: ["2026-13-01", "2026-12-5", "26-12-25"]),
        RuleCase(.account, good: ["123456789012"], bad: ["12345678901", "1234567890123", "12345678901a"]),
        RuleCase(
            .statusRange, good: ["200", "200-299"], bad: ["20", "200-", "abc", "2000", "0200", "+200", "200-0299"]),
        RuleCase(.statistic, good: ["Sum", "p90", "p99.9", "p100"], bad: ["sum", "p", "p101", "p9.", "q90"]),
        RuleCase(.method, good: ["GET", "POST"], bad: ["get", "G T", "G\r"]),
        RuleCase(.headerName, good: ["Accept", "X-A_b"], bad: ["X A", "X:", "X\r\n", ""]),
        RuleCase(.variable, good: ["A_1", "_x"], bad: ["1A", "A-B", ""]),
        RuleCase(.labelKey, good: ["team", "example.com/team"], bad: ["/team", "a/b/c", "-a", "a/"]),
        RuleCase(.timeZone, good: ["Europe/Madrid", "UTC", "Etc/GMT+3"], bad: ["1", "Europe Madrid", "/x"]),
    ]
}

@Suite("What texts must look like")
struct TextRuleTests {
    @Test("a rule takes what is right and refuses the rest", arguments: RuleCase.all)
    func rule(rule: RuleCase) {
        for text in rule.good { #expect(rule.rule.matches(text), "\(text)") }
        for text in rule.bad { #expect(!rule.rule.matches(text), "\(text)") }
    }

    /// A JSON Schema may let more through than the reader, never less.
    @Test("the published pattern takes all that the rule takes", arguments: RuleCase.all)
    func pattern(rule: RuleCase) throws {
        guard let pattern = rule.rule.pattern else { return }
        let expression = try Regex(pattern)
        for text in rule.good { #expect(text.contains(expression), "\(text) and \(pattern)") }
    }

    @Test(
        "cron expressions",
        arguments: [
            ("30 10 * * tue", true), ("*/5 8-18/2 1,15 jan-mar mon-fri", true), ("0 0 29 2 7", true),
            ("* * * *", false),
            ("60 * * * *", false), ("* 24 * * *", false), ("* * 0 * *", false), ("* * * 13 *", false),
            ("* * * * 8", false),
            ("5-1 * * * *", false), ("*/0 * * * *", false), ("1/5 * * * *", false), (", * * * *", false),
            ("@daily", false),
            (" 1 1 1 1 1", false), ("a * * * *", false),
        ])
    func cron(text: String, isGood: Bool) { #expect(CronText.isCron(text) == isGood) }

    @Test(
        "the near miss is what was meant",
        arguments: [
            ("percnt", "percent"), ("Percent", "percent"), ("cuont", "count"), ("al", "all"), ("zzz", nil), ("", nil),
        ])
    func nearMiss(word: String, meant: String?) {
        #expect(NearMiss.nearest(to: word, in: ["count", "percent", "all", "oldest"]) == meant)
    }
}

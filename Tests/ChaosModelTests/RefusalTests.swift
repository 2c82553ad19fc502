// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

@testable import ChaosModel

/// One slip in an otherwise good manifest, and the problem that it must give.
struct Slip: Sendable, CustomTestStringConvertible {
    var find: String
    var replacement: String
    var path: String
    /// A part of the message.
    var message: String

    init(_ find: String, _ replacement: String, _ path: String, _ message: String) {
        self.find = find
        self.replacement = replacement
        self.path = path
        self.message = message
    }

    var testDescription: String { "\(replacement) gives \(path): \(message)" }

    /// The text in which all slips are made.
    static let good = """
        apiVersion: rebound.chaos/v1
        kind: Experiment
        metadata: { name: base, labels: { team: web } }
        spec:
          hypothesis: It holds.
          steadyState:
            - name: front
              http: { url: "https://shop.example/health", status: 200, timeout: 500ms }
              every: 20ms
            - name: capacity
              autoScalingGroup: { name: web, inService: desired }
          gates:
            - name: no-freeze
              file: { path: /etc/freeze, must: notExist }
          faults:
            - name: lose-one
              ec2: { action: terminate }
              targets:
                instances: { region: eu-west-1, tags: { app: web }, zones: [eu-west-1a] }
                pick: { count: 1 }
            - name: stop-one
              ec2: { action: stop }
              targets:
                instances: { region: eu-west-1, ids: [i-0123456789abcdef0] }
                pick: { count: 1 }
              duration: 60s
              after: lose-one
          limits: { maxTargets: 2, minHealthy: 2 }
          stopWhen:
            - probe: front
              failingFor: 30s
          recovery:
            objective: { timeToRecover: 5m, availability: 99.5 }
            stableFor: 30s
            giveUpAfter: 15m
          reports:
            - sns: { topicArn: "arn:aws:sns:eu-west-1:123456789012:chaos" }
        """
}

/// The problems of a text; none when it is accepted.
func problems(in text: String) -> [Problem] {
    do {
        _ = try ManifestReader.read(text, file: "test.yaml")
        return []
    } catch {
        return error.problems
    }
}

@Suite("Refusing manifests")
struct RefusalTests {
    @Test("the text in which slips are made is accepted")
    func goodIsAccepted() { #expect(problems(in: Slip.good) == []) }

    @Test("a slip gives a problem at its path", arguments: Slip.fields + Slip.values + Slip.combinations)
    func slipIsRefused(slip: Slip) throws {
        let parts = try #require(Slip.good.range(of: slip.find))
        let text = Slip.good.replacingCharacters(in: parts, with: slip.replacement)
        let found = problems(in: text)
        #expect(
            found.contains { $0.path == slip.path && $0.message.contains(slip.message) },
            "\(found.map(\.description))")
        #expect(found.allSatisfy { $0.line > 0 }, "\(found)")
    }

    @Test("every problem is reported at once, in the order of the lines")
    func allAtOnce() {
        let text = Slip.good.replacing("pick: { count: 1 }", with: "pick: { percnt: 50 }", maxReplacements: 1)
            .replacing("500ms", with: "500").replacing("failingFor: 30s", with: "failingFor:")
        let found = problems(in: text)
        #expect(
            found.map(\.path) == [
                "spec.steadyState[0].http.timeout", "spec.faults[0].targets.pick",
                "spec.faults[0].targets.pick.percnt", "spec.stopWhen[0].failingFor",
            ])
        #expect(found.map(\.line) == [8, 20, 20, 31])
    }

    @Test("a problem is rendered with file, line, column, path, value and near miss")
    func rendering() throws {
        let text = Slip.good.replacing("pick: { count: 1 }", with: "pick: { percnt: 50 }", maxReplacements: 1)
        let line = try #require(problems(in: text).last?.rendered(file: "a.yaml"))
        #expect(
            line == "a.yaml:20:17: spec.faults[0].targets.pick.percnt: unknown field; did you mean percent? (got 50)")
    }

    @Test("the same resource twice in one text is refused")
    func duplicateDocuments() {
        let found = problems(in: Slip.good + "\n---\n" + Slip.good)
        #expect(found.map(\.path) == ["metadata.name"])
        #expect(found.first?.message.contains("stands twice") == true)
    }
}

extension Slip {
    static let fields = [
        Slip("limits: { maxTargets: 2, minHealthy: 2 }", "baseline: { holdFor: 3s }", "spec.limits", "missing"),
        Slip(", minHealthy: 2", "", "spec.limits.minHealthy", "missing"),
        Slip("maxTargets: 2, ", "", "spec.limits.maxTargets", "missing"),
        Slip("hypothesis", "hypotesis", "spec.hypotesis", "did you mean hypothesis?"),
        Slip("labels: { team: web }", "lables: { team: web }", "metadata.lables", "did you mean labels?"),
        Slip("ec2: { action: terminate }", "network: { delay: 1s }", "spec.faults[0].network", "needs the agent"),
        Slip("ec2: { action: terminate }", "cpu: { load: 50 }", "spec.faults[0].cpu", "needs the agent"),
        Slip("ec2: { action: terminate }", "after: stop-one", "spec.faults[0]", "one of these must be written"),
        Slip("tags: { app: web }", "tags: {}", "spec.faults[0].targets.instances.tags", "empty"),
        Slip("tags: { app: web }", "tags: { app: \"\" }", "spec.faults[0].targets.instances.tags.app", "empty"),
        Slip("tags: { app: web }", "tags: { app: }", "spec.faults[0].targets.instances.tags.app", "empty"),
        Slip("zones: [eu-west-1a]", "zones: []", "spec.faults[0].targets.instances.zones", "empty"),
        Slip(
            "zones: [eu-west-1a]", "zones: [eu-west-1a, eu-west-1a]", "spec.faults[0].targets.instances.zones[1]",
            "twice"),
        Slip(
            "tags: { app: web }, zones: [eu-west-1a]", "zones: [eu-west-1a]", "spec.faults[0].targets.instances",
            "at least one"),
        Slip("pick: { count: 1 }", "pick: { count: 1, percent: 50 }", "spec.faults[0].targets.pick", "only one"),
        Slip("http: {", "tcp: { host: a.example, port: 1 }\n      http: {", "spec.steadyState[0]", "only one"),
        Slip("kind: Experiment", "kind: Experimnt", "kind", "did you mean Experiment?"),
        Slip("rebound.chaos/v1", "rebound.chaos/v2", "apiVersion", "must be rebound.chaos/v1"),
        Slip(
            "instances: { region: eu-west-1, tags: { app: web }, zones: [eu-west-1a] }",
            "hosts: { matchLabels: { a: b } }", "spec.faults[0].targets.hosts", "agent"),
    ]

    static let values = [
        Slip("20ms", "20", "spec.steadyState[0].every", "must have a unit"),
        Slip("20ms", "500us", "spec.steadyState[0].every", "must be from 1ms"),
        Slip("20ms", "1s20", "spec.steadyState[0].every", "length of time"),
        Slip("app: web", "app: yes", "spec.faults[0].targets.instances.tags.app", "ambiguous"),
        Slip("app: web", "app: 42", "spec.faults[0].targets.instances.tags.app", "put it in quotes"),
        Slip("app: web", "app: true", "spec.faults[0].targets.instances.tags.app", "put it in quotes"),
        Slip("app: web", "app: w*", "spec.faults[0].targets.instances.tags.app", "wildcards"),
        Slip("app: web", "app: we?", "spec.faults[0].targets.instances.tags.app", "wildcards"),
        Slip("count: 1", "count: 0", "spec.faults[0].targets.pick.count", "from 1"),
        Slip("count: 1", "count: 01", "spec.faults[0].targets.pick.count", "ambiguous"),
        Slip("count: 1", "count: 1_000", "spec.faults[0].targets.pick.count", "ambiguous"),
        Slip("count: 1", "count: 0x1", "spec.faults[0].targets.pick.count", "ambiguous"),
        Slip("count: 1", "count: 1e0", "spec.faults[0].targets.pick.count", "ambiguous"),
        Slip("count: 1", "count: \"1\"", "spec.faults[0].targets.pick.count", "without quotes"),
        Slip("count: 1", "count: 1.5", "spec.faults[0].targets.pick.count", "whole number"),
        Slip("count: 1", "percent: 0", "spec.faults[0].targets.pick.percent", "above 0 to 100"),
        Slip("count: 1", "percent: 100.1", "spec.faults[0].targets.pick.percent", "above 0 to 100"),
        Slip("count: 1", "percent: .nan", "spec.faults[0].targets.pick.percent", "ambiguous"),
        Slip("count: 1", "all: false", "spec.faults[0].targets.pick.all", "must be true"),
        Slip("99.5", "100.5", "spec.recovery.objective.availability", "from 0 to 100"),
        Slip("region: eu-west-1,", "region: eu-west,", "spec.faults[0].targets.instances.region", "a region such as"),
        Slip("i-0123456789abcdef0", "i-0123456789abcdef", "spec.faults[1].targets.instances.ids[0]", "an instance id"),
        Slip("https://shop.example/health", "ftp://shop.example/", "spec.steadyState[0].http.url", "http or https"),
        Slip(
            "https://shop.example/health", "https://me:pw@shop.example/", "spec.steadyState[0].http.url", "without user"
        ),
        Slip("https://shop.example/health", "https:///health", "spec.steadyState[0].http.url", "with a host"),
        Slip("status: 200", "status: 20", "spec.steadyState[0].http.status", "from 100 to 599"),
        Slip("status: 200", "status: \"299-200\"", "spec.steadyState[0].http.status", "range"),
        Slip(
            "status: 200", "headers: { \"X-A\": \"b\\r\\nX-Evil: 1\" }", "spec.steadyState[0].http.headers.X-A",
            "one line"),
        Slip("status: 200", "headers: { \"X A\": b }", "spec.steadyState[0].http.headers[\"X A\"]", "header name"),
        Slip(
            "arn:aws:sns:eu-west-1:123456789012:chaos", "arn:aws-cn:sns:eu-west-1:123456789012:chaos",
            "spec.reports[0].sns.topicArn", "topic's ARN"),
        Slip("name: base", "name: Base", "metadata.name", "lower-case"),
        Slip("name: base", "name: base-", "metadata.name", "lower-case"),
        Slip("action: stop", "action: stopp", "spec.faults[1].ec2.action", "did you mean stop?"),
        Slip("minHealthy: 2", "minHealthy: -1", "spec.limits.minHealthy", "from 0"),
    ]

    static let combinations = [
        Slip("maxTargets: 2", "maxTargets: 1", "spec.limits.maxTargets", "take 2 targets, more than the limit of 1"),
        Slip("after: lose-one", "after: lose-won", "spec.faults[1].after", "did you mean lose-one?"),
        Slip("after: lose-one", "after: stop-one", "spec.faults[1].after", "itself"),
        Slip(
            "ec2: { action: terminate }", "ec2: { action: terminate }\n      after: stop-one", "spec.faults[1].after",
            "wait for each other"),
        Slip("probe: front", "probe: frnt", "spec.stopWhen[0].probe", "did you mean front?"),
        Slip("name: capacity", "name: front", "spec.steadyState[1].name", "written twice"),
        Slip("name: stop-one", "name: lose-one", "spec.faults[1].name", "written twice"),
        Slip("      duration: 60s\n", "", "spec.faults[1].duration", "missing"),
        Slip("action: stop", "action: reboot", "spec.faults[1].duration", "no duration"),
        Slip(
            "ec2: { action: stop }", "elb: { action: deregister }", "spec.faults[1].targets.instances.targetGroup",
            "missing"),
        Slip(
            "ec2: { action: stop }", "autoScaling: { action: suspendProcesses, processes: [Launch] }",
            "spec.faults[1].targets.instances", "acts on a group"),
        Slip(
            "ec2: { action: stop }", "autoScaling: { action: suspendProcesses, processes: [Lunch] }",
            "spec.faults[1].autoScaling.processes[0]", "did you mean Launch?"),
        Slip(
            "ec2: { action: stop }", "autoScaling: { action: detach, processes: [Launch] }",
            "spec.faults[1].autoScaling.processes", "suspendProcesses only"),
        Slip("pick: { count: 1 }\n    - name", "duration: 5s\n    - name", "spec.faults[0].targets.pick", "missing"),
        Slip("stableFor: 30s", "stableFor: 15m", "spec.recovery.stableFor", "shorter than giveUpAfter"),
        Slip(
            "timeToRecover: 5m", "timeToRecover: 16m", "spec.recovery.objective.timeToRecover",
            "longer than giveUpAfter"),
        Slip("failingFor: 30s", "failingFor: 15m", "spec.stopWhen[0].failingFor", "shorter than"),
        Slip(
            "timeout: 500ms", "timeout: 500ms, connectTimeout: 1s", "spec.steadyState[0].http.connectTimeout",
            "longer than timeout"),
        Slip(
            "timeout: 500ms",
            "timeout: 30s }\n      every: 1ms\n    - name: other\n      tcp: { host: a.example, port: 1",
            "spec.steadyState[0].http.timeout", "times `every`"),
        Slip(
            "zones: [eu-west-1a]", "zones: [eu-west-2a]", "spec.faults[0].targets.instances.zones[0]",
            "region eu-west-1"),
        Slip(
            "ids: [i-0123456789abcdef0] }\n        pick: { count: 1 }",
            "ids: [i-0123456789abcdef0] }\n        pick: { count: 2 }", "spec.faults[1].targets.pick.count",
            "more than the 1 ids"),
        Slip(
            "pick: { count: 1 }", "pick: { count: 1, atMost: 1 }", "spec.faults[0].targets.pick.atMost",
            "percent and all"),
        Slip(
            "pick: { count: 1 }", "pick: { all: true, atMost: 3 }", "spec.faults[0].targets.pick.atMost",
            "above limits.maxTargets"),
        Slip(
            "123456789012:chaos\" }",
            "123456789012:chaos\" }\n      events: [verdict]\n      requiredBeforeInjecting: true",
            "spec.reports[0].requiredBeforeInjecting", "aboutToInject"),
    ]
}

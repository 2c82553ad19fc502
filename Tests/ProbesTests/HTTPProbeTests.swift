// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import Measurement
import Probes
import TestSupport
import Testing

@Suite("HTTP probe")
struct HTTPProbeTests {
    let engine: ProbeEngine

    init() throws { engine = try ProbeEngine() }

    private func word(_ spec: HTTPProbeSpec) async throws -> String {
        let plan = try ProbePlan(name: "web", kind: .http(spec), interval: .seconds(1))
        return await engine.attemptOnce(plan).word
    }

    struct Judged: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var status: String = "200 OK"
        var body: String = "all is well\n"
        var accepted: StatusSet?
        var match: BodyMatch?
        var word: String
    }

    static let judgements: [Judged] = [
        Judged(testDescription: "204 by default", status: "204 No Content", body: "", word: "success"),
        Judged(testDescription: "500 by default", status: "500 Oh", word: "failure status"),
        Judged(testDescription: "a redirect by default", status: "302 Found", word: "failure status"),
        Judged(
            testDescription: "503 where 503 is wanted", status: "503 Busy", accepted: StatusSet([503...503]),
            word: "success"),
        Judged(
            testDescription: "200 where a list of others is wanted", accepted: StatusSet([201...201, 300...599]),
            word: "failure status"),
        Judged(testDescription: "contains", match: BodyMatch(contains: "well"), word: "success"),
        Judged(testDescription: "contains not", match: BodyMatch(contains: "ill"), word: "failure body"),
        Judged(testDescription: "contains the end", match: BodyMatch(contains: "well\n"), word: "success"),
        Judged(testDescription: "equals", match: BodyMatch(equals: "all is well\n"), word: "success"),
        Judged(
            testDescription: "equals but for the line end", match: BodyMatch(equals: "all is well"),
            word: "failure body"),
        Judged(
            testDescription: "regex over the whole body", match: BodyMatch(regex: "all (is|was) well\\s*"),
            word: "success"),
        Judged(
            testDescription: "regex over a part of the body", match: BodyMatch(regex: "all is"), word: "failure body"),
    ]

    @Test("status and body are judged as the settings say", arguments: judgements)
    func judged(_ example: Judged) async throws {
        let server = RawServer.answering(status: example.status, body: example.body)
        var spec = HTTPProbeSpec(url: server.url(), status: example.accepted, timeout: .ample)
        spec.match = example.match
        #expect(try await word(spec) == example.word)
    }

    struct Broken: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var script: RawServer.Script
        var timeout: WrittenDuration = .ample
        var word: String
    }

    static let misbehaviours: [Broken] = [
        Broken(
            testDescription: "reset",
            script: {
                _ = $0.readRequest()
                $0.reset()
            }, word: "failure connectionReset"),
        Broken(testDescription: "no answer", script: { _ = $0.readRequest() }, word: "failure emptyReply"),
        Broken(testDescription: "hung", script: { $0.waitForEnd() }, timeout: .brief, word: "failure timedOut"),
        Broken(
            testDescription: "half an answer",
            script: {
                _ = $0.readRequest()
                $0.write("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf")
            }, word: "failure protocolError"),
        Broken(
            testDescription: "endless",
            script: {
                _ = $0.readRequest()
                $0.write("HTTP/1.1 200 OK\r\n\r\n")
                while $0.write(String(repeating: "x", count: 65_536)) {}
            }, word: "failure responseTooLarge"),
    ]

    @Test("a service that misbehaves is a failure with its reason", arguments: misbehaviours)
    func broken(_ example: Broken) async throws {
        let server = RawServer(example.script)
        #expect(try await word(HTTPProbeSpec(url: server.url(), timeout: example.timeout)) == example.word)
    }

    @Test("a refused connection is a failure")
    func refused() async throws {
        let spec = HTTPProbeSpec(url: "http://127.0.0.1:\(unusedPort())/", timeout: .ample)
        #expect(try await word(spec) == "failure connectionRefused")
    }

    @Test("a listener whose backlog is full is a failure to connect in time")
    func backlog() async throws {
        let listener = FullListener()
        var spec = HTTPProbeSpec(url: listener.url, timeout: .ample)
        spec.connectTimeout = .brief
        #expect(try await word(spec) == "failure connectTimedOut")
    }

    @Test("method, header fields and body are sent")
    func request() async throws {
        let server = RawServer.answering()
        var spec = HTTPProbeSpec(url: server.url("/in?x=1"), timeout: .ample)
        spec.method = "PUT"
        spec.headers = ["X-Probe": "yes"]
        spec.body = "hello"
        #expect(try await word(spec) == "success")
        let seen = try #require(server.requests.first)
        #expect(seen.hasPrefix("PUT /in?x=1 HTTP/1.1\r\n") && seen.contains("X-Probe: yes") && seen.hasSuffix("hello"))
    }

    @Test("connections are fresh by default and kept by choice", arguments: [nil, HTTPProbeSpec.Connection.keepAlive])
    func connections(kind: HTTPProbeSpec.Connection?) async throws {
        let server = RawServer.answering()
        var spec = HTTPProbeSpec(url: server.url(), timeout: .ample)
        spec.connection = kind
        for _ in 0..<3 { #expect(try await word(spec) == "success") }
        #expect(server.acceptedConnections == (kind == .keepAlive ? 1 : 3))
    }

    @Test("redirects are followed by choice")
    func redirects() async throws {
        let goal = RawServer.answering(body: "there")
        let server = RawServer.answering(status: "302 Found", headers: ["Location: \(goal.url())"])
        var spec = HTTPProbeSpec(url: server.url(), timeout: .ample)
        spec.redirects = .follow
        spec.match = BodyMatch(equals: "there")
        #expect(try await word(spec) == "success")
    }

    @Test("the attempt is dated by the transport, within the engine's own instants")
    func instants() async throws {
        let server = RawServer.answering()
        let plan = try ProbePlan(
            name: "web", kind: .http(HTTPProbeSpec(url: server.url(), timeout: .ample)), interval: .seconds(1))
        let observation = await engine.attemptOnce(plan)
        #expect(observation.planned <= observation.begun && observation.begun < observation.ended)
        #expect(observation.detail == "HTTP 200")
    }

    @Test(
        "settings that cannot run are refused with the probe's name",
        arguments: [
            HTTPProbeSpec(url: "ftp://x/"), HTTPProbeSpec(url: "not a url"),
            HTTPProbeSpec(url: "http://127.0.0.1/", timeout: WrittenDuration(.zero)),
        ])
    func refusedSettings(spec: HTTPProbeSpec) {
        let error = #expect(throws: ProbeError.self) {
            try ProbePlan(name: "web", kind: .http(spec), interval: .seconds(1))
        }
        #expect(error?.code == .invalidSpec && error?.message.contains("web") == true)
    }

    @Test("a regex that is none is refused")
    func badRegex() {
        var spec = HTTPProbeSpec(url: "http://127.0.0.1/")
        spec.match = BodyMatch(regex: "(")
        #expect(throws: ProbeError.self) { try ProbePlan(name: "web", kind: .http(spec), interval: .seconds(1)) }
    }
}

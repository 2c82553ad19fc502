// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import Measurement
import Probes
import TestSupport
import Testing

@Suite("TCP probe")
struct TCPProbeTests {
    let engine: ProbeEngine

    init() throws { engine = try ProbeEngine() }

    private func word(_ spec: TCPProbeSpec) async throws -> String {
        let plan = try ProbePlan(name: "tcp", kind: .tcp(spec), interval: .seconds(1))
        return await engine.attemptOnce(plan).word
    }

    struct Case: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var script: RawServer.Script = { $0.waitForEnd() }
        var send: String?
        var expect: String?
        var timeout: WrittenDuration = .ample
        var word: String
    }

    static let cases: [Case] = [
        Case(testDescription: "connecting is enough", word: "success"),
        Case(testDescription: "sending is enough", send: "x", word: "success"),
        Case(
            testDescription: "a banner in two pieces",
            script: {
                $0.write("SSH")
                $0.write("-2.0-x\r\n")
                $0.waitForEnd()
            }, expect: "SSH-2.0", word: "success"),
        Case(
            testDescription: "another banner", script: { $0.write("220 mail\r\n") }, expect: "SSH-2.0",
            word: "failure banner"),
        Case(
            testDescription: "an echo",
            script: { connection in
                while let bytes = connection.readSome() { connection.write(bytes) }
            }, send: "PING\r\n", expect: "PING", word: "success"),
        Case(testDescription: "closed at once", script: { _ in }, expect: "SSH", word: "failure emptyReply"),
        Case(
            testDescription: "half a banner and the end", script: { $0.write("SS") }, expect: "SSH",
            word: "failure banner"),
        Case(testDescription: "silence", expect: "SSH", timeout: .brief, word: "failure timedOut"),
        Case(
            testDescription: "reset in mid-talk",
            script: {
                _ = $0.readSome()
                $0.reset()
            }, send: "x", expect: "SSH", word: "failure connectionReset"),
    ]

    @Test("connecting, sending and comparing are judged", arguments: cases)
    func judged(_ example: Case) async throws {
        let server = RawServer(example.script)
        let spec = TCPProbeSpec(
            host: "127.0.0.1", port: server.port, send: example.send, expect: example.expect, timeout: example.timeout)
        #expect(try await word(spec) == example.word)
    }

    @Test(
        "a name is resolved without holding up the engine, and each of its addresses is tried", arguments: ["localhost"]
    )
    func name(host: String) async throws {
        let server = RawServer { $0.waitForEnd() }
        #expect(try await word(TCPProbeSpec(host: host, port: server.port, timeout: .ample)) == "success")
    }

    @Test("a name without an address is a failure")
    func noSuchName() async throws {
        let spec = TCPProbeSpec(host: "no-such-host.invalid", port: 80, timeout: .ample)
        #expect(try await word(spec) == "failure cannotResolve")
    }

    @Test("refused and unanswered connections are failures with their reasons")
    func notConnected() async throws {
        let refused = TCPProbeSpec(host: "127.0.0.1", port: unusedPort(), timeout: .ample)
        #expect(try await word(refused) == "failure connectionRefused")
        let full = FullListener()
        let unanswered = TCPProbeSpec(host: "127.0.0.1", port: full.port, timeout: .brief)
        #expect(try await word(unanswered) == "failure connectTimedOut")
    }

    @Test("a port out of range is refused", arguments: [0, -1, 65_536])
    func badPort(port: Int) {
        #expect(throws: ProbeError.self) {
            try ProbePlan(name: "tcp", kind: .tcp(TCPProbeSpec(host: "127.0.0.1", port: port)), interval: .seconds(1))
        }
    }
}

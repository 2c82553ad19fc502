// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import Measurement
import TestSupport
import Testing

@testable import Probes

/// Builds an answer to a query: its header with flags and counts, the question, then records.
private func answer(
    to query: [UInt8], flags: [UInt8] = [0x81, 0x80], records: [[UInt8]] = [], question: Bool = true
) -> [UInt8] {
    let counts: [UInt8] = [0, question ? 1 : 0, 0, UInt8(records.count), 0, 0, 0, 0]
    return query[0..<2] + flags + counts + (question ? Array(query[12...]) : []) + records.flatMap { $0 }
}

/// A record whose owner is the question's name (a pointer to offset 12).
private func record(type: UInt8, _ data: [UInt8], owner: [UInt8] = [0xC0, 12]) -> [UInt8] {
    owner + [0, type, 0, 1, 0, 0, 0, 60, 0, UInt8(data.count)] + data
}

private let six: [UInt8] = [0x20, 1, 0x0D, 0xB8] + [UInt8](repeating: 0, count: 11) + [7]

@Suite("DNS probe")
struct DNSProbeTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var type: DNSProbeSpec.RecordType = .a
        var wanted: [String]?
        var timeout: WrittenDuration = .ample
        var script: @Sendable ([UInt8]) -> [[UInt8]]
        var word: String
    }

    static let cases: [Case] = [
        Case(
            testDescription: "any address", script: { [answer(to: $0, records: [record(type: 1, [10, 0, 0, 7])])] },
            word: "success"),
        Case(
            testDescription: "the wanted address among others", wanted: ["10.0.0.7"],
            script: { [answer(to: $0, records: [record(type: 1, [10, 0, 0, 1]), record(type: 1, [10, 0, 0, 7])])] },
            word: "success"),
        Case(
            testDescription: "another address", wanted: ["10.0.0.7"],
            script: { [answer(to: $0, records: [record(type: 1, [10, 0, 0, 8])])] }, word: "failure wrongAddress"),
        Case(
            testDescription: "IPv6 in another spelling", type: .aaaa, wanted: ["2001:0db8:0:0::7"],
            script: { [answer(to: $0, records: [record(type: 28, six)])] }, word: "success"),
        Case(
            testDescription: "through an alias",
            script: { query in
                let alias = record(type: 5, [1, 0x62, 0])
                return [answer(to: query, records: [alias, record(type: 1, [10, 0, 0, 7], owner: [1, 0x42, 0])])]
            }, word: "success"),
        Case(
            testDescription: "an address of somebody else",
            script: { [answer(to: $0, records: [record(type: 1, [10, 0, 0, 7], owner: [1, 0x62, 0])])] },
            word: "failure noAddress"),
        Case(testDescription: "no records", script: { [answer(to: $0)] }, word: "failure noAddress"),
        Case(
            testDescription: "NXDOMAIN", script: { [answer(to: $0, flags: [0x81, 0x83])] },
            word: "failure nameNotFound"),
        Case(
            testDescription: "SERVFAIL", script: { [answer(to: $0, flags: [0x81, 0x82])] },
            word: "failure serverFailure"),
        Case(
            testDescription: "REFUSED without the question",
            script: { [answer(to: $0, flags: [0x81, 0x85], question: false)] }, word: "failure queryRefused"),
        Case(
            testDescription: "truncated", script: { [answer(to: $0, flags: [0x83, 0x80])] }, word: "failure truncated"),
        Case(
            testDescription: "a record that ends too early",
            script: { [Array(answer(to: $0, records: [record(type: 1, [10, 0, 0, 7])]).dropLast(2))] },
            word: "failure protocolError"),
        Case(
            testDescription: "a name that points at itself",
            script: { query in
                let at = UInt8(query.count)
                return [answer(to: query, records: [record(type: 1, [10, 0, 0, 7], owner: [0xC0, at])])]
            }, word: "failure protocolError"),
        Case(
            testDescription: "strays before the answer",
            script: { query in
                var other = answer(to: query, flags: [0x81, 0x83])
                other[1] ^= 1
                var anotherName = answer(to: query, flags: [0x81, 0x83])
                anotherName[13] ^= 1
                let good = answer(to: query, records: [record(type: 1, [10, 0, 0, 7])])
                return [other, anotherName, query, [1], good]
            }, word: "success"),
        Case(testDescription: "silence", timeout: .brief, script: { _ in [] }, word: "failure timedOut"),
    ]

    @Test("answers are read and judged", arguments: cases)
    func judged(_ example: Case) async throws {
        let server = RawDatagramServer(example.script)
        var spec = DNSProbeSpec(
            name: "Web.Example.", type: example.type, server: "127.0.0.1:\(server.port)", addresses: example.wanted)
        spec.timeout = example.timeout
        let plan = try ProbePlan(name: "dns", kind: .dns(spec), interval: .seconds(1))
        #expect(try await ProbeEngine().attemptOnce(plan).word == example.word)
    }

    @Test("a port where nobody listens is refused, as the kernel reports")
    func nobody() async throws {
        let spec = DNSProbeSpec(name: "web.example", server: "127.0.0.1:\(unusedPort())")
        let plan = try ProbePlan(name: "dns", kind: .dns(spec), interval: .seconds(1))
        #expect(try await ProbeEngine().attemptOnce(plan).word == "failure connectionRefused")
    }

    @Test("a query is encoded as RFC 1035 draws it")
    func encoding() throws {
        let query = try #require(DNSQuery(name: "a.bc", type: .aaaa))
        let name: [UInt8] = [1, 0x61, 2, 0x62, 0x63, 0]
        #expect(query.encoded(id: 0x1234) == [0x12, 0x34, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0] + name + [0, 28, 0, 1])
    }

    @Test("any bytes at all are read without a trap", arguments: 0..<20)
    func rubbish(seed: UInt64) throws {
        let query = try #require(DNSQuery(name: "a.bc", type: .a))
        var random = SplitMix(seed: seed)
        let good = answer(
            to: query.encoded(id: 9), records: [record(type: 1, [1, 2, 3, 4]), record(type: 5, [0xC0, 12])])
        for _ in 0..<2000 {
            var bytes = good
            for _ in 0...random.next() % 4 {
                bytes[Int(random.next() % UInt64(bytes.count))] = UInt8(random.next() & 255)
            }
            bytes.removeLast(Int(random.next() % UInt64(bytes.count + 1)))
            _ = query.reply(in: bytes, id: 9)
        }
    }

    @Test(
        "names and servers that are none are refused",
        arguments: [
            ("", "127.0.0.1"), ("a..b", "127.0.0.1"), (String(repeating: "x", count: 64), "127.0.0.1"),
            ("a", "dns.example"), ("a", "127.0.0.1:x"), ("a", "[::1"),
        ])
    func refused(name: String, server: String) {
        #expect(throws: ProbeError.self) {
            try ProbePlan(name: "dns", kind: .dns(DNSProbeSpec(name: name, server: server)), interval: .seconds(1))
        }
    }

    @Test(
        "a server may carry a port, and IPv6 its brackets",
        arguments: [
            ("10.0.0.1", "10.0.0.1", 53), ("10.0.0.1:5353", "10.0.0.1", 5353), ("::1", "::1", 53), ("[::1]", "::1", 53),
            ("[::1]:54", "::1", 54),
        ])
    func servers(text: String, host: String, port: Int) {
        #expect(hostAndPort(text)?.host == host && hostAndPort(text)?.port == port)
    }
}

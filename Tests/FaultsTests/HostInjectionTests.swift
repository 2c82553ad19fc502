// SPDX-License-Identifier: Apache-2.0
import FaultModel
import Testing

@Suite("The injection document")
struct HostInjectionTests {
    private func document(_ rest: String) -> [UInt8] {
        Array(#"{"apiVersion":"rebound.chaos/v1","kind":"HostInjection","id":"a","duration":"5s",\#(rest)}"#.utf8)
    }

    private func problems(_ rest: String) -> [String] {
        do {
            _ = try HostInjection.read(document(rest))
            return []
        } catch {
            return error.problems.map(\.path)
        }
    }

    @Test("a whole document is read")
    func whole() throws {
        let injection = try HostInjection.read(
            document(
                #""lease":"2s","roadHome":["10.0.0.5"],"network":{"delay":"120ms","to":[{"cidr":"2001:db8::/32"}]}"#))
        #expect((injection.id, injection.duration, injection.lease) == ("a", .seconds(5), .seconds(2)))
        guard case .network(let spec) = injection.fault else {
            Issue.record("no network fault")
            return
        }
        #expect(spec.delay == .milliseconds(120))
        #expect(spec.to == [.init(cidr: "2001:db8::/32")])
    }

    @Test("every problem is told at once, with its path")
    func allAtOnce() {
        let found = problems(
            #""lease":"5","network":{"dely":"1ms","jitter":"5ms","loss":101,"to":[{"cidr":"10.0.0.0/33"},{}]}"#)
        #expect(
            Set(found) == [
                "lease", "network.dely", "network.loss", "network.to[0].cidr", "network.to[1]", "network.jitter",
            ])
    }

    @Test(
        "what does not fit together is refused",
        arguments: [
            #""network":{"blackhole":true,"delay":"1ms"}"#, #""network":{"interface":"eth0"}"#,
            #""network":{"delay":"1ms","jitter":"2ms"}"#,
            #""network":{"loss":1,"to":[{"ports":[1],"protocol":"icmp"}]}"#,
            #""network":{"loss":1},"process":{"match":{"pid":5},"action":"pause"}"#, #""lease":"1s""#,
            #""process":{"match":{},"action":"pause"}"#, #""process":{"match":{"pid":1},"action":"pause"}"#,
            #""process":{"match":{"pid":5},"action":"pause","signal":"KILL"}"#,
            #""process":{"match":{"pid":5},"action":"signal"}"#,
            #""process":{"match":{"pid":5},"action":"pause"},"roadHome":["10.0.0.1"]"#,
            #""process":{"match":{"pid":5},"action":"pause","count":1,"oldest":1}"#,
            #""network":{"loss":1,"interface":"eth0; reboot"}"#, #""network":{"loss":0}"#,
            #""network":{"blackhole":false}"#,
        ])
    func refused(rest: String) { #expect(!problems(rest).isEmpty) }

    @Test(
        "what is no document is refused",
        arguments: ["", "{", "[]", "{} {}", "\u{0}", String(repeating: " ", count: 70_000)])
    func noDocument(text: String) {
        #expect(throws: ValidationFailure.self) { try HostInjection.read(Array(text.utf8)) }
    }
}

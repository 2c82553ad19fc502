// SPDX-License-Identifier: Apache-2.0
import FaultModel
import Foundation
import HostSystem
import Testing

@testable import Faults

/// Dumps as tc of iproute2 6.1 writes them on Linux 6.1.
enum Dump {
    static let pfifoFast =
        #"[{"kind":"pfifo_fast","handle":"0:","root":true,"refcnt":2,"options":{"bands":3,"#
        + #""priomap":[1,2,2,2,1,2,0,0,1,1,1,1,1,1,1,1],"multiqueue":false}}]"#
    static let codel =
        #"[{"kind":"fq_codel","handle":"8004:","root":true,"refcnt":2,"options":{"limit":1000,"#
        + #""flows":1024,"quantum":1514,"target":6999,"ce_threshold":2999,"interval":99999,"#
        + #""memory_limit":16777216,"drop_batch":64}}]"#
    static let fair =
        #"[{"kind":"fq","handle":"8002:","root":true,"refcnt":2,"options":{"limit":10000,"#
        + #""flow_limit":100,"buckets":1024,"orphan_mask":1023,"quantum":3028,"#
        + #""initial_quantum":15140,"low_rate_threshold":68750,"refill_delay":40000,"#
        + #""timer_slack":10000,"horizon":10000000,"horizon_drop":null}}]"#
    static let multiqueue =
        #"[{"kind":"mq","handle":"0:","root":true,"options":{}},{"kind":"fq_codel","#
        + #""handle":"0:","parent":":1","options":{"limit":10240}},{"kind":"clsact","#
        + #""handle":"ffff:","parent":"ffff:fff1","options":{}}]"#
}

@Suite("Roots that can be made again")
struct QueueTreeTests {
    private func restoring(_ text: String) throws -> [String] {
        let tree = try #require(QueueTree(text))
        return try #require(tree.restoring)
    }

    @Test("what the kernel made by itself needs no words", arguments: [Dump.pfifoFast, Dump.multiqueue])
    func kernels(text: String) throws { #expect(try #require(QueueTree(text)).restoring == []) }

    @Test("times that the kernel rounds are told so that they are shown again")
    func codel() throws {
        let words = try restoring(Dump.codel)
        #expect(
            words.joined(separator: " ") == "handle 8004: fq_codel limit 1000 flows 1024 quantum 1514 target 7000us"
                + " ce_threshold 3000us interval 100000us memory_limit 16777216 drop_batch 64 noecn")
    }

    @Test("every option of fq is told with its unit")
    func fair() throws {
        let words = try restoring(Dump.fair)
        #expect(
            words.joined(separator: " ").hasSuffix(
                "low_rate_threshold 68750bps refill_delay 40000us timer_slack 10000ns horizon 10000000us horizon_drop"))
    }

    @Test(
        "a root of another kind, with an option that is not known, or with children of somebody's is refused",
        arguments: [
            #"[{"kind":"htb","handle":"1:","root":true,"options":{"r2q":10}}]"#,
            #"[{"kind":"fq_codel","handle":"8001:","root":true,"options":{"limit":1,"new_option":5}}]"#,
            #"[{"kind":"fq_codel","handle":"8001:","root":true,"options":{"limit":"1; reboot"}}]"#,
            #"[{"kind":"fq_codel","handle":"8001: root; x","root":true,"options":{}}]"#,
            #"[{"kind":"prio","handle":"5eb0:","root":true,"options":{}}]"#,
            #"[{"kind":"fq","handle":"5eb0:","root":true,"options":{}}]"#,
            #"[{"kind":"mq","handle":"0:","root":true},{"kind":"fq","handle":"8003:","parent":":1","options":{}}]"#,
            #"[{"kind":"mq","handle":"8001:","root":true,"options":{}}]"#,
            "[]",
        ])
    func refused(text: String) throws { #expect(try #require(QueueTree(text)).restoring == nil) }

    @Test("what is no dump is none", arguments: ["", "{}", "[{}]", "Cannot find device"])
    func noDump(text: String) { #expect(QueueTree(text) == nil) }
}

@Suite("What tc is told")
struct NetworkCommandTests {
    private func spec(_ json: String) throws -> NetworkFaultSpec {
        let tree = try #require(JSONReader.read(json).documents.first)
        return try #require(NetworkFaultSpec(unchecked: tree))
    }

    private func lines(_ json: String, home: [String] = []) throws -> [String] {
        let spec = try spec(json)
        let road = RoadHome(addresses: home, aimedAt: spec.to.flatMap(\.ports), secureShellPorts: [22])
        return NetworkFault.commands(spec, interface: "eth0", road: road).map { $0.joined(separator: " ") }
    }

    @Test("every effect is one word list of netem")
    func effects() throws {
        let netem = try lines(
            #"{"delay":"120ms","jitter":"20ms","correlation":25,"distribution":"normal","loss":5,"#
                + #""duplicate":1,"corrupt":0.5,"reorder":3,"rateKilobitsPerSecond":1000}"#
        )[1]
        #expect(
            netem == "qdisc add dev eth0 parent 5eb0:2 handle 5eb2: netem limit 100000 delay 120000us 20000us 25.0% "
                + "distribution normal loss 5.0% duplicate 1.0% corrupt 0.5% reorder 3.0% rate 1000kbit")
    }

    @Test("the road home is laid before the first packet is harmed, for both families")
    func order() throws {
        let all = try lines(#"{"blackhole":true}"#, home: ["10.0.0.5", "2001:db8::5"])
        let firstHarm = try #require(all.firstIndex { $0.hasSuffix("5eb0:2") && $0.hasPrefix("filter") })
        #expect(firstHarm == all.count - 1)
        #expect(all[firstHarm].contains("protocol all flower classid"))
        for words in [
            "protocol arp flower", "icmpv6 type 135", "protocol ip flower ip_proto tcp src_port 22",
            "protocol ipv6 flower ip_proto tcp src_port 22", "dst_ip 169.254.169.254", "dst_port 67", "dst_port 547",
            "protocol ip flower dst_ip 10.0.0.5", "protocol ipv6 flower dst_ip 2001:db8::5",
            "protocol ipv6 flower ip_proto udp dst_port 53",
        ] {
            #expect(all.contains { $0.contains(words) && $0.hasSuffix("5eb0:1") }, "\(words)")
        }
    }

    @Test("names are left alone unless they are the target")
    func aimed() throws {
        let all = try lines(#"{"blackhole":true,"to":[{"ports":[53]}]}"#)
        #expect(!all.contains { $0.contains("dst_port 53") && $0.hasSuffix("5eb0:1") })
        #expect(all.filter { $0.contains("dst_port 53") && $0.hasSuffix("5eb0:2") }.count == 4)
    }

    @Test("a destination is a filter for each family, protocol and port range")
    func destinations() throws {
        let all = try lines(
            #"{"delay":"1ms","to":[{"cidr":"10.0.0.0/8","ports":[5432,"8000-8099"]},{"protocol":"icmp"}]}"#)
        #expect(
            all.filter { $0.hasSuffix("5eb0:2") && $0.hasPrefix("filter") }
                == [
                    "ip flower dst_ip 10.0.0.0/8 ip_proto tcp dst_port 5432",
                    "ip flower dst_ip 10.0.0.0/8 ip_proto tcp dst_port 8000-8099",
                    "ip flower dst_ip 10.0.0.0/8 ip_proto udp dst_port 5432",
                    "ip flower dst_ip 10.0.0.0/8 ip_proto udp dst_port 8000-8099",
                    "ip flower ip_proto icmp", "ipv6 flower ip_proto icmpv6",
                ].map { words in
                    let priority = words.hasPrefix("ipv6") ? 22 : 21
                    return "filter add dev eth0 parent 5eb0: prio \(priority) protocol \(words) classid 5eb0:2"
                })
    }

    @Test("the kernel's answer is compared with what was told")
    func readBack() throws {
        let spec = try spec(#"{"delay":"120ms","loss":5,"rateKilobitsPerSecond":1000}"#)
        func difference(_ json: String) -> String? {
            JSONReader.read(json).documents.first.flatMap { NetworkEffect(spec).difference(from: $0) }
        }
        let right = #"{"delay":{"delay":0.12,"jitter":0},"loss-random":{"loss":0.05},"rate":{"rate":125000}}"#
        #expect(difference(right) == nil)
        #expect(difference(right.replacing("0.12", with: "0.13")) != nil)
        #expect(difference(right.replacing("0.05", with: "0.06")) != nil)
        #expect(difference(right.replacing("125000", with: "25000")) != nil)
        #expect(difference(right.replacing("{\"delay\"", with: "{\"duplicate\":{\"duplicate\":0.1},\"delay\"")) != nil)
    }
}

@Suite("Records of network faults")
struct NetworkUndoTests {
    private static func record(interface: String = "eth0", before: String = Dump.codel, spec: String = #"{"loss":5.0}"#)
        -> String
    {
        #"{"interface":"\#(interface)","index":2,"before":"# + JSONText.quoted(before)
            + #","filters":3,"spec":\#(spec)}"#
    }

    private func fault(_ text: String) throws -> HostFault? {
        let tree = try #require(JSONReader.read(text).documents.first)
        return HostFault(kind: "network", undo: tree)
    }

    @Test("what is written is read back")
    func roundTrip() throws {
        let spec =
            #"{"interface":"eth0","delay":"120ms","to":[{"cidr":"10.0.0.0/8","ports":[5432,"#
            + #""8000-8099"],"protocol":"tcp"}]}"#
        let text = Self.record(spec: spec)
        let read = try #require(try fault(text))
        #expect(JSONText.compact(read.undo) == text)
    }

    @Test(
        "a word that tc must not get is refused",
        arguments: [
            record(interface: "eth0 root; reboot"), record(interface: "-batch"), record(interface: "../eth0"),
            record(before: #"[{"kind":"htb","handle":"1:","root":true}]"#),
            record(before: Dump.codel.replacing("8004:", with: "8004: & x")), record(before: "x"),
            record(spec: #"{"loss":500}"#), record(spec: #"{"exec":"reboot"}"#),
            record(spec: #"{"to":[{"cidr":"$(x)"}],"loss":5}"#),
        ])
    func hostile(text: String) throws { #expect(try fault(text) == nil) }

    @Test("a kind that is not known is refused")
    func unknownKind() throws {
        let tree = try #require(JSONReader.read(Self.record()).documents.first)
        #expect(HostFault(kind: "command", undo: tree) == nil)
    }
}
